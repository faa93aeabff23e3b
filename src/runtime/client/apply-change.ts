/** What `apply` finds out about one schedule or sensor, and how it would be put right. */
export interface Change {
  readonly kind: 'schedule' | 'sensor';
  readonly id: string;
  /**
   * `orphan`: ours, and no longer declared. `foreign`: the id is taken by something that Tidemark did not make; it is
   * never touched.
   */
  readonly action: 'create' | 'update' | 'unchanged' | 'orphan' | 'foreign';
  readonly detail: string;
  /** Paused now, or, of what is created, afterwards. */
  readonly paused: boolean;
  /** Does it; absent where there is nothing to do. Of an orphan it removes it: only with --prune. */
  readonly perform?: () => Promise<void>;
}
