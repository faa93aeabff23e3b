/** Chooses rounds from a seed and plays them; a stage on which something went wrong is not used again. */
import { diceOf } from './dice.js';
import type { Calm, Fault } from './fault.js';
import { faults as allFaults } from './faults/all.js';
import type { Movement, Version } from './movement.js';
import { type Judgement, judge, type RoundOutcome, runOnce } from './round.js';
import { startStage, type Stage, type StageOptions } from './stage.js';

export interface RoundReport extends Judgement {
  readonly movement: string;
  readonly fault: string;
  /** Repeats the round: `--movement M --seed S --round N`. */
  readonly number: number;
  readonly seed: string;
  readonly text: string;
  readonly outcome: RoundOutcome;
  readonly calmSeconds: number;
  readonly bytesReadTwice: number;
}

export const isGood = ({ differences, left, outcome }: RoundReport): boolean =>
  differences.length === 0 && left.length === 0 && outcome.ending.kind === 'done';

/** The source side's line, or where there is none, what the receipt says. */
const readTwice = (
  { lines }: RoundOutcome['traffic'],
  calm: Calm,
  { ending }: RoundOutcome,
): number => {
  const { source } = calm.traffic.lines;
  if (source.toClient > 0) return Math.max(0, lines.source.toClient - source.toClient);
  if (ending.kind !== 'done') return 0;
  return ending.receipt.assets.reduce((sum, { bytes }) => sum + bytes.read_twice, 0);
};

/** A movement on a stage: its sources are there, and what undisturbed runs of it do is known. */
class Prepared {
  readonly stage: Stage;
  readonly movement: Movement;
  readonly #expected = new Map<Version, string>();
  calm: Calm | null = null;

  constructor(stage: Stage, movement: Movement) {
    this.stage = stage;
    this.movement = movement;
  }

  /** An undisturbed run from that version of the source. */
  async #runCalm(version: Version): Promise<void> {
    const { stage, movement } = this;
    const round = `calm_${version}`;
    const run = { stage, movement, round };
    await movement.begin(stage, round);
    if (version !== 'first') await movement.change(stage, version);
    const { ending, seconds, traffic } = await runOnce(run, null);
    if (version === 'first') this.calm = { seconds, traffic };
    const wanted = await movement.expected(stage, version);
    const found = await movement.result(stage, round);
    const doubts =
      wanted === null ? ((await movement.doubts?.(stage, { round, version })) ?? '') : '';
    const expected = wanted ?? found;
    this.#expected.set(version, expected);
    const { differences, left } = await judge(run, ending, new Map([[version, expected]]));
    const wrong = [...differences, ...left, ...(doubts === '' ? [] : [doubts])];
    await movement.end(stage, round);
    if (ending.kind !== 'done' || wrong.length > 0)
      throw new Error(
        `an undisturbed run of ${movement.name} (${version}) is wrong: ${ending.kind}, ${wrong.join('; ')}`,
      );
  }

  async begin(): Promise<Calm> {
    if (this.calm === null) {
      await this.movement.prepare(this.stage);
      await this.#runCalm('first');
    }
    if (this.calm === null) throw new Error('an undisturbed run was made');
    return this.calm;
  }

  async expected(version: Version): Promise<string> {
    const told = this.#expected.get(version) ?? (await this.movement.expected(this.stage, version));
    if (told !== null) {
      this.#expected.set(version, told);
      return told;
    }
    await this.#runCalm(version);
    return this.#expected.get(version) ?? '';
  }
}

export interface SuiteOptions extends StageOptions {
  readonly seed: string;
  /** Default: every fault. */
  readonly faults?: readonly Fault[];
  readonly onStage?: (stage: Stage) => void;
}

export class Suite implements AsyncDisposable {
  readonly #options: SuiteOptions;
  #stage: Stage | null = null;
  readonly #prepared = new Map<string, Prepared>();

  constructor(options: SuiteOptions) {
    this.#options = options;
  }

  async #prepare(movement: Movement): Promise<Prepared> {
    if (this.#stage === null) {
      this.#stage = await startStage(this.#options);
      this.#options.onStage?.(this.#stage);
    }
    const known = this.#prepared.get(movement.name) ?? new Prepared(this.#stage, movement);
    this.#prepared.set(movement.name, known);
    await known.begin();
    return known;
  }

  hasFaults(movement: Movement): boolean {
    return this.#chosen().some((each) => each.fits(movement));
  }

  #chosen(): readonly Fault[] {
    return this.#options.faults ?? allFaults;
  }

  /** Every fault that fits comes before one comes again. */
  #faultOf(stage: Stage, movement: Movement, number: number): Fault {
    const fitting = this.#chosen().filter(
      (each) => each.fits(movement) && each.isPossible?.(stage) !== false,
    );
    if (fitting.length === 0) throw new Error(`no chosen fault fits ${movement.name} here`);
    const turn = Math.floor((number - 1) / fitting.length);
    const order = diceOf(`${this.#options.seed}/${movement.name}/turn ${String(turn)}`);
    const fault = order.shuffled(fitting)[(number - 1) % fitting.length];
    if (fault === undefined) throw new Error('a place in a list');
    return fault;
  }

  /** @param number from 1; with movement and seed it says everything that the round does */
  async round(movement: Movement, number: number): Promise<RoundReport> {
    const { seed } = this.#options;
    const prepared = await this.#prepare(movement);
    const { stage } = prepared;
    const calm = await prepared.begin();
    const fault = this.#faultOf(stage, movement, number);
    const strike = fault.draw(diceOf(`${seed}/${movement.name}/${String(number)}`), movement, calm);
    const allowed = new Map([['first', await prepared.expected('first')]] as [Version, string][]);
    const { version } = strike;
    if (version !== undefined) allowed.set(version, await prepared.expected(version));
    const run = { stage, movement, round: `round_${String(number)}` };
    await movement.begin(stage, run.round);
    const outcome = await runOnce(run, { strike, calm });
    if (outcome.mustHold !== null) allowed.delete('first');
    const judgement = await judge(run, outcome.ending, allowed);
    await movement.end(stage, run.round);
    const report: RoundReport = {
      ...{ movement: movement.name, fault: fault.name, number, seed, text: strike.text, outcome },
      ...judgement,
      calmSeconds: calm.seconds,
      bytesReadTwice: readTwice(outcome.traffic, calm, outcome),
    };
    if (!isGood(report)) await this.abandonStage();
    return report;
  }

  /** Ends all servers; the next round starts new ones. */
  async abandonStage(): Promise<void> {
    const stage = this.#stage;
    this.#stage = null;
    this.#prepared.clear();
    await stage?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abandonStage();
  }
}
