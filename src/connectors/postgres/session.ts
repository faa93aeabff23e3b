/** Sessions of one connection, as the rest of the connector sees them. */
import { invariant } from '../../core/errors/invariant.js';
import type { RowStream } from '../row-connector.js';

export interface PgResult {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly columns: readonly {
    readonly name: string;
    readonly typeOid: number;
    readonly typeModifier: number;
  }[];
  /** Rows that the statement touched. */
  readonly count: number;
}

/** One session. Calls follow each other; `signal` ends the call and, on the server, its statement. */
export interface PgSession extends AsyncDisposable {
  readonly pid: number;
  query(sql: string, values?: readonly (string | null)[], signal?: AbortSignal): Promise<PgResult>;
  copyOut(sql: string, signal: AbortSignal): RowStream;
  /** Rows that the server counted. */
  copyIn(sql: string, body: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number>;
  /** Not given back: ended, with whatever it was doing. */
  destroy(): void;
}

/** Name of the sessions that only read: they hold no window back. */
export const readingName = 'tidemark reading';

/** What a client is for; a source reads only. */
export interface ClientUse {
  readonly isReading: boolean;
}

export interface PgClient extends AsyncDisposable {
  /** A session that is idle or new; disposing gives it back. `doing` begins the sentences of errors. */
  session(doing: string, signal: AbortSignal, name?: string): Promise<PgSession>;
}

/**
 * A session as one holder has it. Keeps true: once given back it does nothing more for that holder, so that nobody's
 * statement comes into the transaction of the next one.
 */
export class Lease implements PgSession {
  readonly #session: PgSession;
  #isOver = false;

  constructor(session: PgSession) {
    this.#session = session;
  }

  get #held(): PgSession {
    invariant(!this.#isOver, 'a session that was given back is not used');
    return this.#session;
  }

  get pid(): number {
    return this.#session.pid;
  }

  async query(
    sql: string,
    values?: readonly (string | null)[],
    signal?: AbortSignal,
  ): Promise<PgResult> {
    return this.#held.query(sql, values, signal);
  }

  copyOut(sql: string, signal: AbortSignal): RowStream {
    return this.#held.copyOut(sql, signal);
  }

  async copyIn(sql: string, body: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
    return this.#held.copyIn(sql, body, signal);
  }

  destroy(): void {
    if (!this.#isOver) this.#session.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#session[Symbol.asyncDispose]();
  }
}
