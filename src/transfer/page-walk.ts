/**
 * Walks a lane page by page between keys: while one page flows, the end of the next is asked for, and its statement begins
 * as soon as that is known, so that the server works while this page is written. A page is a range of keys, so one that was
 * abandoned is read again with fewer rows.
 */
import type { PageRange, RowReader, RowStream } from '../connectors/row-connector.js';
import type { RowKey } from '../core/plan/rows.js';
import type { PageSizer } from './page-sizer.js';

export interface WalkedPage {
  readonly after: RowKey | null;
  /** Null: the page is the last one and ends where the lane ends. */
  readonly end: RowKey | null;
  /** Most rows that it was asked for. */
  readonly rows: number;
  /** Begun already: a page is read or dropped. */
  readonly stream: RowStream;
  /** Ends its question and its statement. */
  drop(): void;
}

interface Begun extends RowStream {
  /** Nobody reads it. */
  drop(): void;
}

/** Sends the statement now; what it gives first waits for its reader. */
const begin = (stream: RowStream): Begun => {
  const iterator = stream[Symbol.asyncIterator]();
  const first = iterator.next();
  // Who reads the page hears of a failure; a dropped one has nobody.
  first.catch(() => undefined);
  const drop = (): void => {
    iterator.return?.().catch(() => undefined);
  };
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (let next = await first; next.done !== true; next = await iterator.next()) {
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { [Symbol.asyncIterator]: pieces, rows: () => stream.rows(), drop };
};

export interface WalkOrder {
  readonly reader: RowReader;
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
  /** The first page begins with the header of a file. */
  readonly header: boolean;
  readonly sizer: PageSizer;
}

export class PageWalk {
  readonly #order: WalkOrder;
  readonly #signal: AbortSignal;
  #next: Promise<WalkedPage>;
  #drop: () => void = () => undefined;
  #current: WalkedPage | null = null;

  constructor(order: WalkOrder, signal: AbortSignal) {
    this.#order = order;
    this.#signal = signal;
    this.#next = this.#ask(order.after, order.header);
  }

  #ask(after: RowKey | null, header: boolean): Promise<WalkedPage> {
    const { reader, upTo, sizer } = this.#order;
    const stop = new AbortController();
    const { rows } = sizer;
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    const page = reader.pageEnd(after, upTo, rows, signal).then((end) => {
      signal.throwIfAborted();
      const range: PageRange = { after, upTo: end ?? upTo, header };
      const stream = begin(reader.read(range, signal));
      stop.signal.addEventListener('abort', stream.drop, { once: true });
      return { after, end, rows, stream, drop };
    });
    // Whoever awaits it hears of a failure; a dropped question has nobody.
    page.catch(() => undefined);
    const drop = (): void => {
      stop.abort();
    };
    this.#drop = drop;
    return page;
  }

  /** The next page; the question for the one behind it is under way when this returns. */
  async next(): Promise<WalkedPage> {
    const page = await this.#next;
    this.#current = page;
    if (page.end !== null) this.#next = this.#ask(page.end, false);
    return page;
  }

  /** The page is read again, as the sizer now says. */
  again(page: WalkedPage, header: boolean): void {
    this.stop();
    this.#next = this.#ask(page.after, header);
  }

  /** Ends what is under way: the page at hand, if it was not read to its end, the next question and its statement. */
  stop(): void {
    this.#current?.drop();
    this.#drop();
  }
}
