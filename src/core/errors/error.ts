/**
 * Errors are events at run time: declared once with `defineError`, thrown as `TidemarkError`.
 *
 * From `recovery` follow Temporal's retry behaviour and the exit code. Messages say what was being done, what is
 * wrong with which value and what would be right. Details are plain JSON without secrets: they cross to Temporal.
 */
import type { JsonObject } from '../values/json.js';

/**
 * What the reader should do next. `never`: trying again cannot help, change something first. `retry`: the same
 * attempt may succeed later. `bug`: a rule of our own was broken; report it.
 */
export type Recovery = 'never' | 'retry' | 'bug';

export interface ErrorKind {
  /** `area/kebab-case`; the area is a folder or a connector's kind. Never changes once released. */
  readonly code: string;
  readonly recovery: Recovery;
  /** One sentence for the reference: what happened. */
  readonly summary: string;
  /** One sentence for the reference: what to do about it. */
  readonly fix: string;
}

export interface ErrorFacts {
  /** What this event's reader should do, when it is more exact than the kind's own `fix`. */
  readonly fix?: string;
  readonly details?: JsonObject;
  /** Chained inside the process only; never crosses to Temporal. */
  readonly cause?: unknown;
}

export const defineError = (kind: ErrorKind): ErrorKind => {
  if (!/^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/.test(kind.code)) {
    throw new Error(`error code ${JSON.stringify(kind.code)} is not area/kebab-case`);
  }
  return Object.freeze(kind);
};

export class TidemarkError extends Error {
  override readonly name = 'TidemarkError';
  readonly kind: ErrorKind;
  readonly fix: string;
  readonly details: JsonObject;

  constructor(kind: ErrorKind, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.fix = facts.fix ?? kind.fix;
    this.details = facts.details ?? {};
  }

  get code(): string {
    return this.kind.code;
  }
}

/** True for an error of that kind, also across realms: codes are compared, never classes. */
export const isErrorOf = (error: unknown, kind: ErrorKind): error is TidemarkError =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === kind.code;
