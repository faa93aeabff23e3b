/** What connectors of every kind are given, and what they find in their options. */

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
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}
