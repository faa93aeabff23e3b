/** What `explain` knows beside the plan, and what `--sample` and `--live` found. */
import type { Definition } from '../language/definition/definition.js';
import type { Terminal } from './command.js';

export interface ExplainFacts {
  readonly definition: Definition;
  readonly terminal: Terminal;
}

export interface SampleItem {
  readonly source: string;
  readonly bytes: number;
  /** Null: the asset has no target. */
  readonly target: string | null;
  /** What a run would do now. */
  readonly decision: 'copy' | 'replace' | 'skip: already copied' | 'list';
}

export interface Sample {
  readonly items: readonly SampleItem[];
  readonly filtered: number;
  readonly counts: { readonly files: number; readonly bytes: number } | null;
}
