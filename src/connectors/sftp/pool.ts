/**
 * The connections of one worker to one server: few, shared by many files, opened when needed, replaced when broken.
 *
 * Keeps true: at most `max_connections` are open; a broken one is never handed out; refused credentials are reported
 * to everybody who waits and not tried again by this pool on its own.
 */
import type { OpenContext } from '../connector.js';
import { abortable, onAbort } from './abort.js';
import type { SftpClient } from './client.js';
import { connect } from './connect.js';
import type { SftpConnection } from './options.js';
import { Pace } from './pace.js';
import { ABORT_GRACE_MS, Pipeline } from './pipeline.js';

/** Bytes of WRITE requests that may be unanswered on one connection: bounds memory, and suits a 2 MB window. */
const WRITE_BYTES_OUTSTANDING = 8 * 1024 * 1024;
/** Files that share a connection before another is opened. One connection fills a line when its window can grow. */
const SHARED_FILES = 64;
/** The same where the window is fixed at 2 MB: there only more connections help on a long line. */
const SHARED_FILES_FIXED_WINDOW = 1;

export class SftpLink {
  readonly client: SftpClient;
  readonly pace: Pace;
  readonly reads: Pipeline;
  readonly writes: Pipeline;
  /** Open files and running operations. */
  users = 0;

  constructor(client: SftpClient) {
    this.client = client;
    this.pace = new Pace(client);
    const giveUp = (): void => client.destroy();
    this.reads = new Pipeline(
      {
        outstanding: () => this.pace.outstandingReads,
        requestBytes: () => this.pace.readBytes,
      },
      giveUp,
    );
    this.writes = new Pipeline(
      {
        outstanding: () => Math.ceil(WRITE_BYTES_OUTSTANDING / client.writeBytesMax),
        requestBytes: () => client.writeBytesMax,
      },
      giveUp,
    );
  }

  get full(): boolean {
    return this.users >= (this.client.widens ? SHARED_FILES : SHARED_FILES_FIXED_WINDOW);
  }
}

export class SftpPool implements AsyncDisposable {
  readonly connection: SftpConnection;
  readonly context: OpenContext;
  readonly #links = new Set<SftpLink>();
  #connecting: Promise<SftpLink> | undefined;
  #warned = false;
  readonly #disposed = new AbortController();

  constructor(connection: SftpConnection, context: OpenContext) {
    this.connection = connection;
    this.context = context;
  }

  /** A connection for one more file or operation; the caller counts itself in `users`. */
  async acquire(signal: AbortSignal): Promise<SftpLink> {
    signal.throwIfAborted();
    const least = this.#leastUsed();
    const room = this.#links.size < this.connection.max_connections;
    if (least === undefined) return abortable(this.#open(), signal);
    // A further connection is opened beside the work, not before it.
    if (least.full && room && this.#connecting === undefined) this.#open().catch(() => undefined);
    return least;
  }

  /**
   * Runs one operation. After an abort its late answer goes nowhere, and a connection that gives none is closed: it
   * may be a black hole, and the next call should not meet it again.
   */
  async use<T>(signal: AbortSignal, work: (link: SftpLink) => Promise<T>): Promise<T> {
    const link = await this.acquire(signal);
    link.users++;
    let grace: NodeJS.Timeout | undefined;
    const release = onAbort(signal, () => {
      grace = setTimeout(() => link.client.destroy(), ABORT_GRACE_MS);
    });
    const settled = work(link).finally(() => {
      link.users--;
      clearTimeout(grace);
      release();
    });
    return abortable(settled, signal);
  }

  #leastUsed(): SftpLink | undefined {
    let least: SftpLink | undefined;
    for (const link of this.#links) {
      if (link.client.closed) this.#links.delete(link);
      else if (least === undefined || link.users < least.users) least = link;
    }
    return least;
  }

  #open(): Promise<SftpLink> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<SftpLink> {
    const client = await connect(this.connection, {
      connectionName: this.context.connectionName,
      signal: this.#disposed.signal,
      unpinned: (message) => {
        if (!this.#warned) this.context.log('warn', message);
        this.#warned = true;
      },
    });
    const link = new SftpLink(client);
    if (this.#disposed.signal.aborted) client.destroy();
    else this.#links.add(link);
    return link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    for (const link of this.#links) link.client.destroy();
    this.#links.clear();
    await this.#connecting?.catch(() => undefined);
  }
}
