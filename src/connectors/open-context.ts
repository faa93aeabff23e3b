/** What connectors of every kind are given, and what they find in their options. */
import type { DiagnosticKind } from '../core/errors/diagnostic.js';

/** What every open source or target is given. */
export interface OpenContext {
  /** Name of the connection in the project, for messages. */
  readonly connectionName: string;
  /** Waits until `bytes` more may cross the wire: the connection's `bytes_per_second`. Shared by the process. */
  throttle(bytes: number, signal: AbortSignal): Promise<void>;
  /** A line for the worker's log; never contains secrets or row values. */
  log(level: 'info' | 'warn', message: string): void;
}

/** A finding of a connector's own about its options, at a field. */
export interface OptionFinding {
  readonly path: readonly (string | number)[];
  /** One of the connector's `findings`. */
  readonly kind: DiagnosticKind;
  readonly message: string;
  /** What to write here, where more can be said than the kind's own fix. */
  readonly fix?: string;
}
