/** What `explain` knows beside the plan, and what `--sample` and `--live` found. */
import type { WindowBound } from '../connectors/row-connector.js';
import type { Diagnostic } from '../core/errors/diagnostic.js';
import type { RowShape } from '../core/plan/rows.js';
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

/** Of a query. */
export interface RowSample {
  readonly shape: RowShape;
  /** Null without `--live`. `bound` is null where there is no mark. */
  readonly live: { readonly rows: number; readonly bound: WindowBound | null } | null;
  /** The first rows, as JSON objects or as CSV with a header. */
  readonly lines: readonly string[];
}

/** What `--live` and `--sample` found of one asset. */
export interface Found {
  readonly files: Sample | null;
  readonly rows: RowSample | null;
  readonly findings: readonly Diagnostic[];
}

export interface Sample {
  readonly items: readonly SampleItem[];
  readonly filtered: number;
  readonly counts: { readonly files: number; readonly bytes: number } | null;
}
