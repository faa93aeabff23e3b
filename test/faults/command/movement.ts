/** What moves from where to where: one declaration each, listed in `movements/all.ts`. */
import type { Ends } from './places.js';
import type { Stage } from './stage.js';

/** Of a source that changes under a run: the one that it began with, or another. */
export type Version = 'first' | 'replaced' | 'shorter' | 'longer';

export interface Movement extends Ends {
  /** As given to `--movement`. */
  readonly name: string;
  readonly title: string;
  /** Whether bytes pass a proxy, so that moments can be told by them; else by time. */
  readonly paced: 'bytes' | 'time';
  /** Whether the source is one file, so that a change before its last byte must be seen. */
  readonly isOneFile: boolean;
  /** Versions that the source can become; none where it cannot change under a run. */
  readonly versions: readonly Version[];
  /** Once for each stage: writes sources, and what results are compared with. */
  prepare(stage: Stage): Promise<void>;
  /** Before each run: the source in that version, an empty target. */
  begin(stage: Stage, round: string): Promise<void>;
  /** The entry below `assets:`, of that name. */
  asset(round: string): string;
  change(stage: Stage, version: Version): Promise<void>;
  /** What an independent reader finds at the target; two results are equal when their texts are. */
  result(stage: Stage, round: string): Promise<string>;
  /** What it would find after an undisturbed run; null: only such a run tells. */
  expected(stage: Stage, version: Version): Promise<string | null>;
  /** Of an undisturbed run whose result only it tells: what an independent reader finds wrong with it, or nothing. */
  doubts?(
    stage: Stage,
    run: { readonly round: string; readonly version: Version },
  ): Promise<string>;
  /** What is wrong beside the result, or nothing; `held` is what the target holds, `last` the source's last version. */
  aside?(
    stage: Stage,
    versions: { readonly held: Version; readonly last: Version },
  ): Promise<string>;
  /** Takes the target of a round away. */
  end(stage: Stage, round: string): Promise<void>;
}
