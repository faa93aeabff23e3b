/**
 * A sensor: holds the mark, runs one `watch` at a time, hands over what it found, remembers.
 *
 * States: *paused* (nothing runs, waits for `resume`), *watching* (one activity polls), *handing over* (runs are started
 * for the hits; only then the mark moves). Pause, pollNow and reload cancel a running watch; a hit that came in the same
 * moment is used. A watch that cannot go on (refused login, missing folder) waits an interval and tries again, with the
 * error in the state, the memo and the current details, so that a broken sensor is seen.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  scheduleActivity,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  upsertMemo,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import type { SensorPlan } from '../src/core/plan/sensor-plan.js';
import type { Trigger } from '../src/core/plan/plan.js';
import {
  firstMark,
  type Hit,
  setMarkTo,
  setRowMarkTo,
  type SensorMark,
  type WatchOutcome,
} from '../src/core/run/sensor-mark.js';
import { markBehind, markValue, rowCursors } from '../src/core/run/sensor-hits.js';
import { applicationFailureOf, callLight, shortly } from './call.js';
import {
  pauseSignal,
  pollNowSignal,
  reloadSignal,
  resumeSignal,
  retryQuarantinedSignal,
  sensorStateQuery,
  type SensorView,
  setMarkUpdate,
} from './messages.js';

/** What continue-as-new carries; the plan is made anew, so that an edited sensor takes effect. */
export interface SensorResume {
  readonly mark: SensorMark;
  readonly paused: boolean;
  readonly runsStarted: number;
  readonly quarantined: readonly Hit[];
  /** Items whose runs failed and that somebody wants to run once more. */
  readonly again?: readonly Hit[];
  /** What `tidemark apply` told last; absent when it told nothing since the start. */
  readonly appliedHash?: string;
}

const eventsMax = 1500;
const quarantineMax = 100;

const markText = (mark: SensorMark): string => markValue(mark) ?? 'the beginning';

class Sensor {
  readonly #plan: SensorPlan;
  #mark: SensorMark;
  #paused: boolean;
  #quarantined: readonly Hit[];
  #again: readonly Hit[];
  #runsStarted: number;
  #polls = 0;
  #failures = 0;
  #unsettled = 0;
  #lastRun: string | null = null;
  #lastError: string | null = null;
  /** Rises with everything that must end a running watch. */
  #interrupts = 0;
  #isReload = false;
  #appliedHash: string | undefined;

  constructor(plan: SensorPlan, resume: SensorResume | null) {
    this.#plan = plan;
    this.#mark = resume?.mark ?? firstMark;
    this.#paused = resume?.paused ?? !plan.startsRunning;
    this.#quarantined = resume?.quarantined ?? [];
    this.#again = resume?.again ?? [];
    this.#runsStarted = resume?.runsStarted ?? 0;
    this.#appliedHash = resume?.appliedHash;
  }

  listen(): void {
    setHandler(
      pauseSignal,
      () => {
        this.#paused = true;
        this.#remember();
        this.#interrupt();
      },
      { description: 'Stop polling; the mark stays' },
    );
    setHandler(
      resumeSignal,
      () => {
        this.#paused = false;
        this.#interrupt();
      },
      { description: 'Poll again from the mark' },
    );
    setHandler(pollNowSignal, () => this.#pollNow(), { description: 'Poll now, without waiting' });
    setHandler(
      reloadSignal,
      (appliedHash) => {
        this.#isReload = true;
        this.#appliedHash = appliedHash ?? this.#appliedHash;
        this.#interrupt();
      },
      { description: 'Read the sensor from the project again' },
    );
    setHandler(
      retryQuarantinedSignal,
      () => {
        this.#retryQuarantined();
      },
      { description: 'Start runs again for the items whose runs failed' },
    );
    this.#listenToMark();
    setHandler(sensorStateQuery, () => this.view(), {
      description: 'Mark, pause, runs started, failures',
    });
  }

  #listenToMark(): void {
    setHandler(
      setMarkUpdate,
      ({ time }) => {
        const { rows } = this.#plan;
        this.#mark =
          rows === undefined
            ? setMarkTo(this.#mark, time === null ? null : Date.parse(time) / 1000)
            : setRowMarkTo(this.#mark, rows.mark.column, time);
        this.#remember();
        this.#interrupt();
        return this.#mark;
      },
      {
        description:
          'Set the mark: what is newer than `time` is taken (again); raises the generation',
        validator: ({ time }) => {
          // Of rows it is text of the cursor's own type, which the database judges.
          if (this.#plan.rows === undefined && time !== null && Number.isNaN(Date.parse(time))) {
            throw new Error(
              `time ${JSON.stringify(time)} is not ISO 8601, such as 2026-01-31T00:00:00Z`,
            );
          }
        },
      },
    );
  }

  view(): SensorView {
    const { seen, generation } = this.#mark;
    return {
      paused: this.#paused,
      mark: {
        time: markValue(this.#mark),
        remembered: this.#mark.rows?.seen?.length ?? seen.length,
        generation,
      },
      runsStarted: this.#runsStarted,
      polls: this.#polls,
      failures: this.#failures,
      unsettled: this.#unsettled,
      quarantined: this.#quarantined.map(({ item }) => item.identity.path),
      lastRun: this.#lastRun,
      lastError: this.#lastError,
    };
  }

  /** The mark has seen these items and would not take them again: they are handed over by name. */
  #retryQuarantined(): void {
    this.#mark = { ...this.#mark, generation: this.#mark.generation + 1 };
    this.#again = [...this.#again, ...this.#quarantined];
    this.#quarantined = [];
    this.#interrupt();
  }

  #interrupt(): void {
    this.#interrupts++;
  }

  async #pollNow(): Promise<void> {
    const { workflowId } = workflowInfo();
    const isPoked = await callLight<boolean>('poke', { workflowId }, { summary: 'poll now' });
    // The watch runs in another worker process: end it, the next one polls at once.
    if (!isPoked) this.#interrupt();
  }

  /** Mirrors the mark to the memo: the UI shows it, and a sensor that is started anew can be given it. */
  #remember(): void {
    const { mark, paused, failures } = this.view();
    // The key is `memoKeys.hash` of the client.
    const applied = this.#appliedHash === undefined ? {} : { tidemark_hash: this.#appliedHash };
    upsertMemo({
      mark: mark.time ?? 'none',
      remembered: mark.remembered,
      paused,
      failures,
      ...applied,
    });
    setCurrentDetails(this.#describe());
  }

  #describe(): string {
    const view = this.view();
    const lines = [
      `**${this.#plan.name}** ${view.paused ? 'is **paused**' : 'watches'} ${this.#plan.source.kind} \`${this.#plan.source.connection}\` every ${String(this.#plan.intervalMs / 1000)} s and starts \`${this.#plan.job}\`.`,
      '',
      `* mark: ${markText(this.#mark)}, ${String(view.mark.remembered)} items remembered, generation ${String(view.mark.generation)}`,
      `* runs started: ${String(view.runsStarted)}${view.lastRun === null ? '' : `, last [${view.lastRun}](/namespaces/${workflowInfo().namespace}/workflows/${encodeURIComponent(view.lastRun)})`}`,
    ];
    if (view.lastError !== null) lines.push(`* last error: ${view.lastError}`);
    if (view.quarantined.length > 0) {
      lines.push(`* quarantined: ${view.quarantined.slice(0, 20).join(', ')}`);
    }
    return lines.join('\n');
  }

  async run(): Promise<never> {
    this.#remember();
    while (!this.#isReload && workflowInfo().historyLength < eventsMax) {
      if (this.#paused) {
        await condition(() => !this.#paused || this.#isReload);
        this.#remember();
        continue;
      }
      await this.#watchOnce();
    }
    await condition(allHandlersFinished);
    const resume: SensorResume = {
      mark: this.#mark,
      paused: this.#paused,
      runsStarted: this.#runsStarted,
      quarantined: this.#quarantined,
      again: this.#again,
      ...(this.#appliedHash === undefined ? {} : { appliedHash: this.#appliedHash }),
    };
    return continueAsNew({}, resume);
  }

  async #watchOnce(): Promise<void> {
    try {
      await this.#handAgain();
      const outcome = await this.#watch();
      if (outcome === null) return;
      this.#polls += outcome.polls;
      this.#failures = outcome.failures;
      this.#unsettled = outcome.unsettled;
      if (outcome.failures === 0) this.#lastError = null;
      for (const hits of this.#groups(outcome.hits)) await this.#handOver(hits);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = applicationFailureOf(error);
      this.#lastError = failure?.message ?? String(error);
      this.#failures++;
      this.#remember();
      const seen = this.#interrupts;
      await condition(() => this.#interrupts !== seen, Math.max(5_000, this.#plan.intervalMs));
    }
  }

  /** One watch; null when it was interrupted without a hit. */
  async #watch(): Promise<WatchOutcome | null> {
    const seen = this.#interrupts;
    const scope = new CancellationScope();
    let outcome: WatchOutcome | null = null;
    let failure: unknown = null;
    const running = scope
      .run(() =>
        scheduleActivity<WatchOutcome>(
          `${this.#plan.source.kind}.watch`,
          [{ plan: this.#plan, mark: this.#mark }],
          {
            startToCloseTimeout: '70m',
            heartbeatTimeout: '30s',
            summary: shortly(`${this.#plan.name}: since ${markText(this.#mark)}`),
            retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
          },
        ),
      )
      .then(
        (result) => {
          outcome = result;
        },
        (error: unknown) => {
          if (!isCancellation(error) || !scope.consideredCancelled) failure = error;
        },
      );
    await Promise.race([running, condition(() => this.#interrupts !== seen)]);
    if (this.#interrupts !== seen) {
      // A cancel arrives with the answer to a heartbeat, which a watch sends twice a minute: a poke ends it at once.
      const { workflowId } = workflowInfo();
      const isEnded = await callLight<boolean>(
        'poke',
        { workflowId, end: true },
        { summary: 'end the watch' },
      );
      if (!isEnded) scope.cancel();
      await running;
    }
    if (failure !== null) throw failure as Error;
    return outcome;
  }

  async #handAgain(): Promise<void> {
    for (let hit = this.#again[0]; hit !== undefined; hit = this.#again[0]) {
      await this.#handOver([hit]);
      this.#again = this.#again.slice(1);
    }
  }

  #groups(hits: readonly Hit[]): readonly (readonly Hit[])[] {
    if (hits.length === 0) return [];
    return this.#plan.triggerMode === 'batch' ? [hits] : hits.map((hit) => [hit]);
  }

  async #handOver(hits: readonly Hit[]): Promise<void> {
    const [first] = hits;
    if (first === undefined) return;
    const workflowId = this.#runId(hits, first);
    const child = await this.#start(workflowId, hits);
    if (child !== null && this.#plan.advance === 'on_success') {
      try {
        await child.result();
      } catch (error) {
        if (!(error instanceof ChildWorkflowFailure)) throw error;
        this.#quarantine(hits, workflowId);
      }
    }
    // Only now: the run has been started (or has succeeded), and its id makes a second start impossible.
    this.#mark = markBehind(this.#plan, this.#mark, hits);
    this.#refuseTooMany();
    this.#lastRun = workflowId;
    this.#remember();
  }

  #runId(hits: readonly Hit[], first: Hit): string {
    const { project, job, name } = this.#plan;
    const last = hits.at(-1) ?? first;
    const digest =
      hits.length === 1 ? first.digest : `${first.digest}-${last.digest}-${String(hits.length)}`;
    return `${project}/${job}/${name}/${String(this.#mark.generation)}/${digest}`;
  }

  /** Null when a run of that id exists already: it was started by this sensor before. */
  async #start(workflowId: string, hits: readonly Hit[]) {
    const trigger: Trigger = {
      sensor: this.#plan.name,
      connection: this.#plan.source.connection,
      container: this.#plan.container,
      items: hits.map(({ item }) => item),
      ...rowCursors(hits),
    };
    try {
      const child = await startChild(this.#plan.job, {
        workflowId,
        args: [{ trigger, params: this.#plan.params }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: shortly(
          `${this.#plan.name}: ${hits.map(({ item }) => item.relative_path).join(', ')}`,
        ),
      });
      this.#runsStarted++;
      return child;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
      throw error;
    }
  }

  #quarantine(hits: readonly Hit[], workflowId: string): void {
    this.#quarantined = [...this.#quarantined, ...hits].slice(-quarantineMax);
    this.#lastError = `run ${workflowId} failed; its items are quarantined`;
  }

  #refuseTooMany(): void {
    if (this.#mark.seen.length <= this.#plan.seenMax) return;
    throw ApplicationFailure.nonRetryable(
      `sensor ${this.#plan.name}: more than ${String(this.#plan.seenMax)} files within its lookback. Fix: set delete_source or rename on the job, narrow the prefix or pattern, or shorten lookback`,
      'sensor/too-many-files',
    );
  }
}

export const runSensor = async (plan: SensorPlan, resume: SensorResume | null): Promise<never> => {
  const sensor = new Sensor(plan, resume);
  sensor.listen();
  // Sensors that start together do not poll together.
  await sleep(Math.floor(Math.random() * Math.min(1000, plan.intervalMs)), { summary: 'spread' });
  return sensor.run();
};
