/**
 * Diagnostics are findings about what the user wrote: returned in a list, located, never thrown.
 * All findings of a project come in one pass (promise G11).
 */

/** A stretch of a file. Lines and columns count from 1, columns in UTF-16 units; the end is exclusive. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export type Severity = 'error' | 'warning';

export interface RelatedPlace {
  readonly message: string;
  readonly span: Span;
}

export interface Diagnostic {
  /** `area/kebab-case`, documented in docs/reference/errors.md. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong with which value, in words; without position and without the fix. */
  readonly message: string;
  readonly span: Span;
  /** Short text beside the caret: "did you mean SFTP?". */
  readonly hint?: string;
  /** What to write instead. */
  readonly fix?: string;
  /** The valid choices, when there is a list of them. */
  readonly known?: readonly string[];
  readonly related?: readonly RelatedPlace[];
}

/** What is declared about a diagnostic's code; the list is the source of docs/reference/errors.md. */
export interface DiagnosticKind {
  readonly code: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly fix: string;
}

export const defineDiagnostic = (kind: DiagnosticKind): DiagnosticKind => {
  if (!/^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/.test(kind.code)) {
    throw new Error(`diagnostic code ${JSON.stringify(kind.code)} is not area/kebab-case`);
  }
  return Object.freeze(kind);
};

/** A finding of that kind at that place. */
export const diagnose = (
  kind: DiagnosticKind,
  span: Span,
  message: string,
  facts: Pick<Diagnostic, 'hint' | 'fix' | 'known' | 'related'> = {},
): Diagnostic => ({ code: kind.code, severity: kind.severity, message, span, ...facts });

/** By file, then position, then code: the order in which findings are shown. */
export const byPosition = (a: Diagnostic, b: Diagnostic): number => {
  if (a.span.file !== b.span.file) return a.span.file < b.span.file ? -1 : 1;
  if (a.span.line !== b.span.line) return a.span.line - b.span.line;
  if (a.span.column !== b.span.column) return a.span.column - b.span.column;
  return a.code < b.code ? -1 : a.code > b.code ? 1 : 0;
};
