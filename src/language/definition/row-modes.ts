/** What `sync_mode` and its neighbours mean together (D9): the one place where lint and planner look it up. */

export type LoadMode = 'append' | 'upsert' | 'replace';

export interface RowWishes {
  /** `sync_mode` of either side. */
  readonly syncMode: string | undefined;
  /** The query uses `metadata.last_cursor`. */
  readonly readsMark: boolean;
  /** `primary_key` of the target, else of the source. */
  readonly hasKey: boolean;
  /** A statement of `sql_pre` empties the target. */
  readonly emptiesTarget: boolean;
  /** `partition_column` is written, and the run is for one partition. */
  readonly replacesPartition: boolean;
}

/** Only rows that are new since the mark. */
export const isIncremental = ({ syncMode, readsMark }: Pick<RowWishes, 'syncMode' | 'readsMark'>) =>
  syncMode === 'incremental' || readsMark;

/** How rows get into a table. */
export const loadModeOf = (wishes: RowWishes): LoadMode => {
  const { syncMode, hasKey, emptiesTarget, replacesPartition } = wishes;
  if (syncMode === 'full-refresh' || emptiesTarget) return 'replace';
  if (isIncremental(wishes)) return hasKey && syncMode !== 'append' ? 'upsert' : 'append';
  return replacesPartition ? 'replace' : 'append';
};
