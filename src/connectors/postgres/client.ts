/**
 * Sessions of one connection: the only file that knows the driver.
 *
 * Keeps true: values are the server's own text; every session writes and reads the same text, whatever its role's defaults
 * are; an aborted call ends its statement on the server too; a broken session is never used again.
 */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { TidemarkError } from '../../core/errors/error.js';
import { invariant } from '../../core/errors/invariant.js';
import type { OpenContext } from '../connector.js';
import type { RowStream } from '../row-connector.js';
import { CopyOut } from './copy-out.js';
import { declaredError, loginRefused, untrusted } from './errors.js';
import type { PostgresConnection } from './options.js';
import {
  type ClientUse,
  Lease,
  type PgClient,
  type PgResult,
  type PgSession,
  readingName,
} from './session.js';

export { readingName } from './session.js';
export type { ClientUse, PgClient, PgResult, PgSession } from './session.js';

/** What makes the text of values the same in every session. */
const pinned: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  lock_timeout: '0',
  statement_timeout: '14400000',
  // Between two statements nothing is waited for: a minute of silence is a process that stands still, with its locks.
  idle_in_transaction_session_timeout: '60000',
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
};

const idleMax = 8;
const connectTimeoutMs = 15_000;

const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

const sslOf = ({ sslmode, sslrootcert }: PostgresConnection): pg.ClientConfig['ssl'] => {
  if (sslmode === 'disable') return false;
  if (sslmode !== 'verify-full') return { rejectUnauthorized: false };
  if (sslrootcert === undefined) return { rejectUnauthorized: true };
  try {
    return { rejectUnauthorized: true, ca: readFileSync(sslrootcert, 'utf8') };
  } catch (error) {
    throw new TidemarkError(untrusted, `sslrootcert: the file ${sslrootcert} cannot be read`, {
      cause: error,
    });
  }
};

/** Reasons of the driver and of TLS that no second attempt changes. */
const isUntrusted = (error: unknown): boolean => {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (String(message).includes('does not support SSL')) return true;
  return /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_VERIFY/.test(String(code));
};

/** Ends with the signal, whatever `work` does; what comes too late goes to `late`. */
const orAborted = async <T>(
  work: Promise<T>,
  signal: AbortSignal,
  late: (value: T) => void,
): Promise<T> => {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      work.then(late, () => undefined);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

const configOf = (
  connection: PostgresConnection,
  ssl: pg.ClientConfig['ssl'],
): pg.ClientConfig => ({
  host: connection.host,
  port: connection.port,
  user: connection.user,
  database: connection.database,
  ...(connection.password === undefined ? {} : { password: connection.password }),
  ssl: ssl ?? false,
  connectionTimeoutMillis: connectTimeoutMs,
  keepAlive: true,
  application_name: 'tidemark',
});

class Session implements PgSession {
  readonly #client: pg.Client;
  readonly #doing: () => string;
  readonly #giveBack: (session: Session) => void;
  readonly #cancel: (pid: number) => Promise<void>;
  isBroken = false;
  /** As the server shows it. */
  applicationName = 'tidemark';
  /** A COPY was left in its middle. */
  isBusy = false;

  constructor(
    client: pg.Client,
    io: {
      readonly doing: () => string;
      readonly giveBack: (session: Session) => void;
      readonly cancel: (pid: number) => Promise<void>;
    },
  ) {
    this.#client = client;
    this.#doing = io.doing;
    this.#giveBack = io.giveBack;
    this.#cancel = io.cancel;
    client.on('error', () => {
      this.isBroken = true;
    });
    client.on('end', () => {
      this.isBroken = true;
    });
  }

  get client(): pg.Client {
    return this.#client;
  }

  get pid(): number {
    return (this.#client as unknown as { readonly processID: number }).processID;
  }

  /** Waits for `work`; an abort ends it here and on the server, and the session with it. */
  async #watched<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal === undefined) return work;
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        this.isBroken = true;
        reject(signal.reason as Error);
        void this.#cancel(this.pid).finally(() => {
          this.destroy();
        });
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    // Whichever loses the race has nobody who listens.
    work.catch(() => undefined);
    aborted.catch(() => undefined);
    try {
      return await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #declared(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason;
    const found = declaredError(error, this.#doing());
    if (found.code === 'postgres/unreachable') this.isBroken = true;
    return found;
  }

  async query(
    sql: string,
    values: readonly (string | null)[] = [],
    signal?: AbortSignal,
  ): Promise<PgResult> {
    signal?.throwIfAborted();
    const config = { text: sql, rowMode: 'array' as const, types: asText };
    const order = values.length === 0 ? config : { ...config, values: [...values] };
    try {
      const found = await this.#watched(this.#client.query(order), signal);
      // Several statements in one text answer with a list; the last one counts.
      const result = (Array.isArray(found) ? found.at(-1) : found) as pg.QueryArrayResult<
        (string | null)[]
      >;
      return {
        rows: result.rows,
        columns: result.fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
          name,
          typeOid: dataTypeID,
          typeModifier: dataTypeModifier,
        })),
        count: result.rowCount ?? 0,
      };
    } catch (error) {
      throw this.#declared(error, signal);
    }
  }

  copyOut(sql: string, signal: AbortSignal): RowStream {
    const copy = new CopyOut(sql);
    const session = this;
    async function* bytes(): AsyncGenerator<Buffer> {
      signal.throwIfAborted();
      session.isBusy = true;
      const onAbort = (): void => {
        session.isBroken = true;
        copy.fail(signal.reason);
        void session.#cancel(session.pid).finally(() => {
          session.destroy();
        });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        session.#client.query(copy as unknown as pg.Submittable);
        yield* copy;
        session.isBusy = false;
      } catch (error) {
        throw session.#declared(error, signal);
      } finally {
        signal.removeEventListener('abort', onAbort);
        // Left in its middle: what the server still sends would meet the next statement.
        if (session.isBusy) session.destroy();
      }
    }
    const iterator = bytes();
    return {
      [Symbol.asyncIterator]: () => iterator,
      rows: () => {
        const { rows } = copy;
        invariant(rows !== null, 'the rows of a read are counted when its bytes have ended');
        return rows;
      },
    };
  }

  async copyIn(sql: string, body: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    this.isBusy = true;
    const stream = this.#client.query(copyFrom(sql));
    stream.on('error', () => undefined);
    let bodyFailure: { readonly error: unknown } | null = null;
    async function* watched(): AsyncGenerator<Buffer> {
      try {
        yield* body;
      } catch (error) {
        bodyFailure = { error };
        throw error;
      }
    }
    try {
      await this.#watched(pipeline(Readable.from(watched(), { objectMode: true }), stream), signal);
      this.isBusy = false;
      return stream.rowCount;
    } catch (error) {
      const failure = bodyFailure as { readonly error: unknown } | null;
      // The source failed, not this side; the COPY is taken back with its session.
      if (failure !== null) {
        this.destroy();
        throw failure.error;
      }
      throw this.#declared(error, signal);
    }
  }

  destroy(): void {
    this.isBroken = true;
    const { connection } = this.#client as unknown as {
      readonly connection?: { readonly stream: { destroy(): void } };
    };
    connection?.stream.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#giveBack(this);
    return Promise.resolve();
  }
}

/** True where nothing is left open in the session. */
const isClean = (session: Session): boolean => {
  if (session.isBroken || session.isBusy) return false;
  // The driver keeps what the server said last (`I`: no transaction), and whether that is the answer to all it was sent.
  const { _txStatus: status, readyForQuery } = session.client as unknown as {
    readonly _txStatus: string | null;
    readonly readyForQuery: boolean;
  };
  return readyForQuery && status === 'I';
};

class Client implements PgClient {
  readonly #connection: PostgresConnection;
  readonly #context: OpenContext;
  readonly #use: ClientUse;
  readonly #idle: Session[] = [];
  readonly #all = new Set<Session>();
  #doing = new WeakMap<pg.Client, string>();
  /** Found out at the first connection with `prefer`. */
  #ssl: pg.ClientConfig['ssl'];
  #isClosed = false;

  constructor(connection: PostgresConnection, context: OpenContext, use: ClientUse) {
    this.#connection = connection;
    this.#context = context;
    this.#use = use;
    this.#ssl = sslOf(connection);
  }

  async #connect(doing: string): Promise<pg.Client> {
    const client = new pg.Client(configOf(this.#connection, this.#ssl));
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const isPlain = error instanceof Error && error.message.includes('does not support SSL');
      if (isPlain && this.#connection.sslmode === 'prefer') {
        this.#ssl = false;
        return this.#connect(doing);
      }
      if (error instanceof Error && error.message.includes('password must be a string')) {
        throw new TidemarkError(
          loginRefused,
          `${doing}: the server asks for a password, and connection "${this.#context.connectionName}" has none`,
        );
      }
      if (isUntrusted(error)) {
        throw new TidemarkError(
          untrusted,
          `${doing}: sslmode is ${this.#connection.sslmode}; the server has no encryption, or a certificate that is not trusted`,
          { cause: error },
        );
      }
      throw declaredError(error, doing);
    }
  }

  #pin = async (session: Session): Promise<void> => {
    const { time_zone, schema } = this.#connection;
    const { isReading } = this.#use;
    const settings = {
      ...pinned,
      // What is read has the same text whatever the zone is; what is loaded is meant in the zone.
      TimeZone: isReading ? 'UTC' : time_zone,
      ...(isReading ? { default_transaction_read_only: 'on' } : {}),
      ...(schema === undefined ? {} : { search_path: `"${schema.replaceAll('"', '""')}"` }),
    };
    const sql = Object.entries(settings)
      .map(
        ([name, value]) => `SELECT set_config('${name}', '${value.replaceAll("'", "''")}', false)`,
      )
      .join('; ');
    await session.query(sql);
  };

  async session(doing: string, signal: AbortSignal, name?: string): Promise<PgSession> {
    signal.throwIfAborted();
    invariant(!this.#isClosed, 'a closed connection is not used');
    let session = this.#idle.pop();
    while (session !== undefined && !isClean(session)) {
      session.destroy();
      session = this.#idle.pop();
    }
    session ??= await orAborted(this.#open(doing), signal, (late) => {
      late.destroy();
    });
    this.#doing.set(session.client, doing);
    await this.#name(session, name ?? (this.#use.isReading ? readingName : 'tidemark'), signal);
    return new Lease(session);
  }

  async #name(session: Session, name: string, signal: AbortSignal): Promise<void> {
    if (session.applicationName === name) return;
    await session.query(`SELECT set_config('application_name', $1, false)`, [name], signal);
    session.applicationName = name;
  }

  async #open(doing: string): Promise<Session> {
    const client = await this.#connect(doing);
    const session = new Session(client, {
      doing: () => this.#doing.get(client) ?? doing,
      giveBack: (used) => {
        this.#keep(used);
      },
      cancel: (pid) => this.#cancel(pid),
    });
    this.#all.add(session);
    client.once('end', () => {
      this.#all.delete(session);
    });
    try {
      await this.#pin(session);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  #keep(session: Session): void {
    if (this.#isClosed || !isClean(session) || this.#idle.length >= idleMax) {
      session.destroy();
      this.#all.delete(session);
    } else {
      this.#idle.push(session);
    }
  }

  /** Ends the statement of a session from another one; best effort, since the session is destroyed anyway. */
  async #cancel(pid: number): Promise<void> {
    try {
      const client = await this.#connect('cancelling');
      try {
        await client.query('SELECT pg_cancel_backend($1)', [pid]);
      } finally {
        await client.end();
      }
    } catch {
      this.#context.log('warn', `a statement of session ${String(pid)} could not be cancelled`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#all) session.destroy();
    this.#all.clear();
    return Promise.resolve();
  }
}

export const openClient = (
  connection: PostgresConnection,
  context: OpenContext,
  use: ClientUse = { isReading: false },
): PgClient => new Client(connection, context, use);
