/**
 * Liveness and progress, kept apart (promise G13).
 *
 * A timer on the main thread heartbeats each second with the progress, so a wedged process is noticed and a cancel
 * arrives. Stalling is judged by bytes: an attempt that moves none within the deadline ends itself. An attempt whose
 * timer slipped by two thirds of the heartbeat timeout ends itself too: another one may have taken over.
 */
import { Context } from '@temporalio/activity';
import { TidemarkError } from '../src/core/errors/error.js';
import type { Timing } from '../src/core/plan/plan.js';
import type { JsonObject } from '../src/core/values/json.js';
import { noProgress, stalled, wokeUpLate } from '../src/transfer/errors.js';
import { TransferProgress } from '../src/transfer/transfer-progress.js';
import { failureOf } from './failures.js';
import type { Ports } from './ports.js';

const tickMs = 1000;
/** The supervisor of the same machine is told more often: what a killed process had read is known to this precision. */
const tellMs = 100;

/** Heartbeat details: versioned, flat, readable by people. A hint for the next attempt, never a truth (G6). */
export interface Details {
  readonly v: 1;
  readonly phase: string;
  readonly object: string;
  readonly bytes: number;
  readonly of: number;
  readonly percent: number;
  readonly rate: string;
  readonly eta: string;
  /** Bytes that all attempts together read from the source. */
  readonly read: number;
  /** Attempts in a row that confirmed nothing, before this one. */
  readonly idle: number;
  /** What had been confirmed when this attempt began. */
  readonly base: number;
  /** Parts that are durable, `number:crc32`; only where the target cannot list them. */
  readonly done?: readonly string[];
  /** Rows that all attempts together read; only where rows move. */
  readonly rows?: number;
  /** Where a lane of rows may go on; only where rows move. */
  readonly lane?: JsonObject;
}

export interface Attempt {
  /** Aborts on cancel, shutdown, stall and slip. Every stream and call gets it. */
  readonly signal: AbortSignal;
  readonly progress: TransferProgress;
  /** Details of the attempt before; null on the first. */
  readonly previous: Details | null;
  /** Attempts before this one. */
  readonly retries: number;
  /** Bytes that earlier attempts read. */
  readonly readBefore: number;
  /** Parts to remember in the details. */
  readonly done: string[];
  /** Rows read by this attempt and its newest checkpoint, to remember in the details. */
  readonly lane: { rows: number; checkpoint: JsonObject | null };
  /** Rows that earlier attempts read. */
  readonly rowsBefore: number;
}

export interface Watched {
  readonly timing: Timing;
  readonly attemptsWithoutProgress: number;
  readonly totalBytes: number;
  readonly object: string;
  /** Off for activities that move no bytes. */
  readonly movesBytes: boolean;
}

const isDetails = (value: unknown): value is Details =>
  typeof value === 'object' && value !== null && 'v' in value && value.v === 1;

const previousDetails = (): Details | null => {
  const details: unknown = Context.current().info.heartbeatDetails;
  return isDetails(details) ? details : null;
};

/** How many attempts in a row confirmed nothing. Counted by the attempt after, so that a killed one counts too. */
export const idleAttempts = (previous: Details | null, attempt: number): number => {
  if (attempt === 1) return 0;
  if (previous === null) return attempt - 1;
  return previous.bytes > previous.base ? 0 : previous.idle + 1;
};

const refuseIdle = (idle: number, watched: Watched): void => {
  if (idle < watched.attemptsWithoutProgress) return;
  throw new TidemarkError(
    noProgress,
    `${watched.object}: ${String(idle)} attempts in a row moved nothing`,
  );
};

const megabytes = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;

class Pulse {
  readonly #stop = new AbortController();
  readonly #progress: TransferProgress;
  readonly #watched: Watched;
  readonly #ports: Ports;
  readonly #startedMs: number;
  readonly #base: { readonly idle: number; readonly read: number; readonly rows: number };
  readonly #done: readonly string[];
  readonly #lane: Attempt['lane'];
  #tickedMs: number;

  constructor(
    ports: Ports,
    watched: Watched,
    attempt: Pick<Attempt, 'progress' | 'readBefore' | 'rowsBefore' | 'done' | 'lane'> & {
      readonly idle: number;
    },
  ) {
    this.#ports = ports;
    this.#watched = watched;
    this.#progress = attempt.progress;
    this.#done = attempt.done;
    this.#lane = attempt.lane;
    this.#base = { idle: attempt.idle, read: attempt.readBefore, rows: attempt.rowsBefore };
    this.#startedMs = ports.nowMs();
    this.#tickedMs = this.#startedMs;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  tick = (): void => {
    const now = this.#ports.nowMs();
    const slipMs = now - this.#tickedMs - tickMs;
    this.#tickedMs = now;
    const { heartbeatTimeoutMs } = this.#watched.timing;
    if (slipMs > (heartbeatTimeoutMs * 2) / 3) {
      const text = `${this.#watched.object}: the process stood still for ${String(Math.round(slipMs / 1000))} s`;
      this.#stop.abort(new TidemarkError(wokeUpLate, text));
      return;
    }
    this.#judgeStall(now);
    this.beat();
  };

  #judgeStall(now: number): void {
    if (!this.#watched.movesBytes || this.#progress.phase !== 'copying') return;
    const { stallMs, firstByteMs } = this.#watched.timing;
    const last = this.#progress.lastByteMs;
    const quietMs = now - (last ?? this.#startedMs);
    if (quietMs <= (last === null ? firstByteMs : stallMs)) return;
    const text = `${this.#watched.object}: no byte moved for ${String(Math.round(quietMs / 1000))} s`;
    this.#stop.abort(new TidemarkError(stalled, text));
  }

  beat(): void {
    Context.current().heartbeat(this.details());
    this.tell();
  }

  tell = (): void => {
    const { taskToken } = Context.current().info;
    this.#ports.supervisor.beat(taskToken, this.details() as unknown as JsonObject);
  };

  #rowDetails(): Pick<Details, 'rows' | 'lane'> {
    const rows = this.#base.rows + this.#lane.rows;
    const { checkpoint } = this.#lane;
    return {
      ...(rows === 0 ? {} : { rows }),
      ...(checkpoint === null ? {} : { lane: checkpoint }),
    };
  }

  details(): Details {
    const { confirmedBytes, readBytes, phase, object } = this.#progress;
    const total = this.#watched.totalBytes;
    const seconds = Math.max(0.001, (this.#ports.nowMs() - this.#startedMs) / 1000);
    const rate = readBytes / seconds;
    return {
      v: 1,
      phase,
      object: object === '' ? this.#watched.object : object,
      bytes: confirmedBytes,
      of: total,
      percent: total === 0 ? 100 : Math.floor((confirmedBytes * 100) / total),
      rate: megabytes(rate),
      eta: rate === 0 ? 'unknown' : `${String(Math.ceil((total - confirmedBytes) / rate))} s`,
      read: this.#base.read + readBytes,
      idle: this.#base.idle,
      base: this.#progress.baseBytes,
      ...(this.#done.length === 0 ? {} : { done: this.#done }),
      ...this.#rowDetails(),
    };
  }
}

/**
 * Runs one attempt: heartbeats, deadlines, cancellation, and the mapping of whatever it throws. The body must honour
 * `attempt.signal` everywhere it waits.
 */
/** What the attempts before this one told. */
const earlierAttempts = (attempt: number) => {
  const previous = previousDetails();
  return {
    previous,
    idle: idleAttempts(previous, attempt),
    bytes: previous?.bytes ?? 0,
    readBefore: previous?.read ?? 0,
    rowsBefore: previous?.rows ?? 0,
    checkpoint: previous?.lane ?? null,
  };
};

export const runAttempt = async <T>(
  ports: Ports,
  watched: Watched,
  body: (attempt: Attempt) => Promise<T>,
): Promise<T> => {
  const context = Context.current();
  const { info } = context;
  const earlier = earlierAttempts(info.attempt);
  const { previous, idle, readBefore, rowsBefore } = earlier;
  const progress = new TransferProgress(ports.nowMs);
  progress.resumeFrom(earlier.bytes);
  const done: string[] = [];
  const lane: Attempt['lane'] = { rows: 0, checkpoint: earlier.checkpoint };
  ports.supervisor.opened(info.taskToken, {
    id: info.workflowExecution?.workflowId ?? '',
    runId: info.workflowExecution?.runId ?? '',
  });
  const pulse = new Pulse(ports, watched, { progress, idle, readBefore, rowsBefore, done, lane });
  const signal = AbortSignal.any([context.cancellationSignal, pulse.signal]);
  const timer = setInterval(pulse.tick, tickMs);
  const telling = setInterval(pulse.tell, tellMs);
  const retries = info.attempt - 1;
  try {
    refuseIdle(idle, watched);
    const before = { previous, readBefore, rowsBefore };
    return await body({ signal, progress, ...before, retries, done, lane });
  } catch (error) {
    pulse.beat();
    const cause = pulse.signal.aborted ? pulse.signal.reason : error;
    const bytesRead = readBefore + progress.readBytes;
    throw failureOf(cause, ports, { bytesRead, rowsRead: rowsBefore + lane.rows });
  } finally {
    clearInterval(timer);
    clearInterval(telling);
    ports.supervisor.closed(info.taskToken);
  }
};
