/**
 * `<kind>.watch`: polls a source at the sensor's interval until something new has settled, an hour has passed, or the
 * worker stops. No history per poll. A failed poll is tried again here with a growing pause, so that a server's short
 * absence looks like what it is; a refused login or a missing folder ends the watch at once.
 */
import { Context } from '@temporalio/activity';
import { TidemarkError } from '../src/core/errors/error.js';
import type { ListedFile, ListPage } from '../src/connectors/connector.js';
import type { SensorPlan } from '../src/core/plan/sensor-plan.js';
import type { TriggerItem } from '../src/core/plan/plan.js';
import {
  type Hit,
  isNew,
  type SensorMark,
  type WatchOutcome,
} from '../src/core/run/sensor-mark.js';
import type { JsonObject } from '../src/core/values/json.js';
import { failureOf } from './failures.js';
import { sensorRemembersTooMuch } from './errors.js';
import type { OpenSource, Ports } from './ports.js';

export interface WatchInput {
  readonly plan: SensorPlan;
  readonly mark: SensorMark;
}

/** A watch ends after this long even when nothing happened, so that a new release takes over. */
const watchMs = 3_600_000;
/** Hits of one result; more wait for the next one. Keeps the result below 64 KiB. */
const hitsMax = 100;
const pauseMaxMs = 60_000;

/** Names under which writers keep unfinished files. */
const unfinished = /(^|\/)(\.[^/]*|[^/]*\.(part|filepart|tmp))$/i;

/** A running watch, for `poke`. */
export interface RunningWatch {
  /** Polls now, without waiting for the interval. */
  poll(): void;
  /** Ends the watch without a hit: its sensor was paused or changed. */
  end(): void;
}

/** Running watches of this process by the workflow id of their sensor. */
export type Watches = Map<string, RunningWatch>;

interface Observation {
  readonly digest: string;
  readonly sinceMs: number;
}

class Watch {
  readonly #ports: Ports;
  readonly #input: WatchInput;
  readonly #signal: AbortSignal;
  #observed = new Map<string, Observation>();
  polls = 0;
  failures = 0;
  unsettled = 0;
  /** Wakes the pause between polls. */
  wake: () => void = () => undefined;

  constructor(ports: Ports, input: WatchInput, signal: AbortSignal) {
    this.#ports = ports;
    this.#input = input;
    this.#signal = signal;
  }

  outcome(hits: readonly Hit[]): WatchOutcome {
    const { polls, unsettled, failures } = this;
    return { hits, polls, unsettled, failures };
  }

  details(): JsonObject {
    const { polls, unsettled, failures } = this;
    return { v: 1, phase: 'watching', polls, unsettled, failures };
  }

  poll(): Promise<readonly Hit[]> {
    const { rows } = this.#input.plan;
    return rows === undefined ? this.#pollFiles() : this.#pollRows(rows);
  }

  /** A window of new rows is one hit: it ends where nothing can appear any more, so there is nothing to settle. */
  async #pollRows(rows: NonNullable<SensorPlan['rows']>): Promise<readonly Hit[]> {
    const { plan, mark } = this.#input;
    const { source } = await this.#ports.connections.rowSource(plan.source);
    const low = mark.rows ?? null;
    const found = await source.newRows(rows.query, { low, plan: rows.mark }, this.#signal);
    this.polls++;
    this.failures = 0;
    this.unsettled = 0;
    const high = found?.bound.high ?? null;
    if (found === null || high === null || found.rows === 0) return [];
    const last = low?.value ?? rows.mark.initial;
    const window = JSON.stringify([last, low?.seen ?? null, high.value, high.seen]);
    const fields = { cursor: high.value, last_cursor: last ?? '', record_count: found.rows };
    const identity = { path: high.value, size: found.rows, modified: '0' };
    const item = { identity, relative_path: high.value, fields };
    return [{ item, digest: this.#ports.planner.shortDigest(window), rows: high }];
  }

  async #pollFiles(): Promise<readonly Hit[]> {
    const open = await this.#ports.connections.source(this.#input.plan.source);
    const fresh = await this.#listNew(open);
    const now = this.#ports.nowMs();
    const observed = new Map<string, Observation>();
    const settled: Hit[] = [];
    for (const hit of fresh) {
      const { path } = hit.item.identity;
      const before = this.#observed.get(path);
      const sinceMs = before?.digest === hit.digest ? before.sinceMs : now;
      observed.set(path, { digest: hit.digest, sinceMs });
      if (now - sinceMs >= this.#input.plan.settleMs) settled.push(hit);
    }
    this.#observed = observed;
    this.polls++;
    this.failures = 0;
    this.unsettled = fresh.length - settled.length;
    return settled.sort(
      (a, b) => Number(a.item.identity.modified) - Number(b.item.identity.modified),
    );
  }

  async #listNew(open: OpenSource): Promise<readonly Hit[]> {
    const { plan, mark } = this.#input;
    const test = isNew(mark, plan.lookbackMs, plan.initialCursor);
    const takes = this.#ports.planner.sensorTakes(plan);
    const found: Hit[] = [];
    let after: string | null = null;
    do {
      const page: ListPage = await open.source.list(open.options, after, 1000, this.#signal);
      for (const file of page.files) {
        if (unfinished.test(file.identity.path) || !takes(file)) continue;
        const hit = this.#hitOf(file);
        if (test({ digest: hit.digest, timeS: Number(file.identity.modified) })) found.push(hit);
      }
      if (found.length > plan.seenMax) {
        throw new TidemarkError(
          sensorRemembersTooMuch,
          `sensor ${plan.name}: more than ${String(plan.seenMax)} new files within its lookback`,
        );
      }
      after = page.next;
    } while (after !== null);
    return found;
  }

  #hitOf(file: ListedFile): Hit {
    const item: TriggerItem = {
      identity: file.identity,
      relative_path: file.relativePath,
      fields: file.fields,
    };
    return { item, digest: this.#ports.planner.digestOf(file.identity) };
  }

  /** Until the next poll is due, somebody wakes it, or the signal aborts. */
  async pause(): Promise<void> {
    const { plan } = this.#input;
    const due = this.unsettled > 0 ? Math.min(plan.intervalMs, plan.settleMs) : plan.intervalMs;
    const backoff = Math.min(pauseMaxMs, plan.intervalMs * 2 ** Math.min(this.failures, 10));
    const waitMs = Math.max(50, this.failures > 0 ? backoff : due);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#signal.addEventListener('abort', this.wake, { once: true });
    });
    this.#signal.removeEventListener('abort', this.wake);
  }
}

const isFinal = (error: unknown): boolean =>
  error instanceof TidemarkError && error.kind.recovery !== 'retry';

const run = async (
  ports: Ports,
  watch: Watch,
  input: WatchInput,
  signal: AbortSignal,
): Promise<WatchOutcome> => {
  const context = Context.current();
  const endMs = ports.nowMs() + watchMs;
  while (!signal.aborted && ports.nowMs() < endMs) {
    try {
      const settled = await watch.poll();
      if (settled.length > 0) return watch.outcome(settled.slice(0, hitsMax));
    } catch (error) {
      if (signal.aborted || isFinal(error)) throw error;
      watch.failures++;
      const text =
        error instanceof TidemarkError ? `${error.code}: ${error.message}` : String(error);
      context.log.warn(`sensor ${input.plan.name}: poll failed: ${ports.redact(text)}`);
    }
    if (!signal.aborted) await watch.pause();
  }
  signal.throwIfAborted();
  return watch.outcome([]);
};

export const watchSource =
  (ports: Ports, watches: Watches) =>
  async (input: WatchInput): Promise<WatchOutcome> => {
    const context = Context.current();
    // A worker that drains does not wait for the end of its grace: nothing is under way here.
    const ended = new AbortController();
    const signal = AbortSignal.any([context.cancellationSignal, ports.draining, ended.signal]);
    const watch = new Watch(ports, input, signal);
    const id = context.info.workflowExecution?.workflowId ?? input.plan.name;
    const timer = setInterval(() => {
      context.heartbeat(watch.details());
    }, 1000);
    watches.set(id, {
      poll: () => {
        watch.wake();
      },
      end: () => {
        ended.abort();
      },
    });
    try {
      return await run(ports, watch, input, signal);
    } catch (error) {
      // A worker that stops, or a sensor that was paused, is not a failure: whoever comes next takes over at once.
      const isAsked = ended.signal.aborted || ports.draining.aborted;
      if (isAsked || context.cancellationDetails?.workerShutdown === true) return watch.outcome([]);
      throw failureOf(error, ports, {});
    } finally {
      clearInterval(timer);
      watches.delete(id);
    }
  };

export interface PokeInput {
  readonly workflowId: string;
  /** End the watch instead of polling now. */
  readonly end?: boolean;
}

/** `poke`: reaches the running watch of a sensor; false when it runs in another process. */
export const poke =
  (watches: Watches) =>
  (input: PokeInput): Promise<boolean> => {
    const watch = watches.get(input.workflowId);
    if (input.end === true) watch?.end();
    else watch?.poll();
    return Promise.resolve(watch !== undefined);
  };
