/** One run of a movement, disturbed or not, and what independent readers say about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { RunReceipt } from '../../../src/core/run/receipt.js';
import type { Arena, Calm, Moment, Strike } from './fault.js';
import { leftovers } from './leftovers.js';
import type { Movement, Version } from './movement.js';
import type { Stage } from './stage.js';
import { since, type Traffic } from './traffic.js';

/** A run that takes longer hangs. */
const hangMs = 180_000;
const tickMs = 5;
/** What was on its way in the moment of a fault arrives within this. */
const onItsWayMs = 200;

export type Ending =
  | { readonly kind: 'done'; readonly receipt: RunReceipt }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'hung' };

export interface RoundOutcome {
  readonly ending: Ending;
  readonly seconds: number;
  readonly traffic: Traffic;
  /** The version that no other may stand for, if the fault made one. */
  readonly mustHold: Version | null;
  /** False: the run had ended before its fault came. */
  readonly isStruck: boolean;
  /** From the fault until more of the source was asked for, or the run was over. */
  readonly recoverySeconds: number;
}

interface Run {
  readonly stage: Stage;
  readonly movement: Movement;
  readonly round: string;
}

const causeOf = (error: WorkflowFailedError): string => {
  const texts: string[] = [];
  for (let at: unknown = error.cause; at instanceof Error; at = at.cause) texts.push(at.message);
  return texts.at(-1) ?? error.message;
};

/** The end of a workflow; goes on asking while Temporal is away. */
const endingOf = async (stage: Stage, workflowId: string): Promise<Ending> => {
  const untilMs = performance.now() + hangMs;
  while (performance.now() < untilMs) {
    try {
      const asked = stage.world.result(workflowId) as Promise<RunReceipt>;
      const receipt = await Promise.race([
        asked,
        sleep(untilMs - performance.now(), null, { ref: false }),
      ]);
      if (receipt !== null) return { kind: 'done', receipt };
    } catch (error) {
      if (error instanceof WorkflowFailedError) return { kind: 'failed', message: causeOf(error) };
      await sleep(200);
    }
  }
  return { kind: 'hung' };
};

/** Counts from the run's start, and the first movement after a fault. */
class Watch {
  readonly #run: Run;
  readonly #before: Traffic;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #struckMs: number | null = null;
  #quiet: number | null = null;
  #movedMs: number | null = null;
  mustHold: Version | null = null;

  constructor(run: Run) {
    this.#run = run;
    this.#before = run.stage.traffic(run.movement);
    this.#timer = setInterval(() => {
      this.#look();
    }, 20);
  }

  #look(): void {
    const nowMs = performance.now();
    if (this.#struckMs === null || this.#movedMs !== null) return;
    if (nowMs - this.#struckMs < onItsWayMs) return;
    const asked = this.#asked();
    this.#quiet ??= asked;
    if (asked > this.#quiet) this.#movedMs = nowMs;
  }

  /** Bytes of requests for more of the source: what a proxy holds back for a dead process is none of them. */
  #asked(): number {
    const { lines, bytes } = this.traffic();
    return this.#run.movement.from === 'local' ? bytes : lines.source.toTarget;
  }

  traffic(): Traffic {
    return since(this.#before, this.#run.stage.traffic(this.#run.movement));
  }

  elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  strike(): void {
    this.#struckMs ??= performance.now();
  }

  end(): { readonly isStruck: boolean; readonly recoverySeconds: number } {
    clearInterval(this.#timer);
    const nowMs = performance.now();
    const struckMs = this.#struckMs;
    return {
      isStruck: struckMs !== null,
      recoverySeconds: struckMs === null ? 0 : ((this.#movedMs ?? nowMs) - struckMs) / 1000,
    };
  }
}

const arenaOf = (run: Run, calm: Calm, watch: Watch, ended: Promise<void>): Arena => {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const isReached = ({ by, share }: Moment): boolean =>
    by === 'bytes'
      ? watch.traffic().bytes >= share * calm.traffic.bytes
      : watch.elapsedMs() >= share * calm.seconds * 1000;
  return {
    ...{ stage: run.stage, movement: run.movement, calm, ended },
    isOver: () => isOver,
    reach: async (moment) => {
      while (!isReached(moment)) {
        if (isOver) return false;
        await sleep(tickMs);
      }
      return !isOver;
    },
    struck: () => {
      watch.strike();
    },
    traffic: () => watch.traffic(),
    mustHold: (version) => {
      watch.mustHold = version;
    },
  };
};

/** Runs it once; `disturbance` strikes it. */
export const runOnce = async (
  run: Run,
  disturbance: { readonly strike: Strike; readonly calm: Calm } | null,
): Promise<RoundOutcome> => {
  const { stage, movement, round } = run;
  await stage.world.yaml('pipelines/faults.yaml', `assets:\n${movement.asset(round)}`);
  const watch = new Watch(run);
  const workflowId = await stage.world.start(round, {});
  let seconds = 0;
  let moved: Traffic | null = null;
  let noted = { isStruck: false, recoverySeconds: 0 };
  const running = endingOf(stage, workflowId).then((ending) => {
    seconds = watch.elapsedMs() / 1000;
    moved = watch.traffic();
    noted = watch.end();
    return ending;
  });
  const ended = running.then(() => undefined);
  if (disturbance !== null)
    await disturbance.strike.play(arenaOf(run, disturbance.calm, watch, ended));
  const ending = await running;
  return { ending, seconds, traffic: moved ?? watch.traffic(), mustHold: watch.mustHold, ...noted };
};

export interface Judgement {
  /** What is wrong with the target, or nothing. */
  readonly differences: readonly string[];
  readonly left: readonly string[];
}

const shown = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)} …` : text);

/** What the target holds is one version of the source, whole; which of them it may be says `allowed`. */
export const judge = async (
  { stage, movement, round }: Run,
  ending: Ending,
  allowed: ReadonlyMap<Version, string>,
): Promise<Judgement> => {
  const left = await leftovers(stage, round);
  if (ending.kind === 'hung') return { differences: [], left };
  if (ending.kind === 'failed')
    return { differences: [`the run failed: ${shown(ending.message)}`], left };
  const found = await movement.result(stage, round);
  const held = [...allowed].find(([, expected]) => expected === found)?.[0];
  if (held === undefined) {
    const wanted = [...allowed].map(([version, text]) => `${version}: ${shown(text)}`).join(' | ');
    return { differences: [`found ${shown(found)}, expected ${wanted}`], left };
  }
  const last = [...allowed.keys()].at(-1) ?? 'first';
  const aside = (await movement.aside?.(stage, { held, last })) ?? '';
  const { reconciled } = ending.receipt;
  return {
    differences: [
      ...(aside === '' ? [] : [aside]),
      ...(reconciled ? [] : ['the receipt does not reconcile']),
    ],
    left,
  };
};
