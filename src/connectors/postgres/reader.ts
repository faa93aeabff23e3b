/** A read of one lane: pages between keys, each one COPY; the end of the next page is asked on a session of its own. */
import { invariant } from '../../core/errors/invariant.js';
import type { Column, RowKey } from '../../core/plan/rows.js';
import type { OpenContext } from '../connector.js';
import type { PageRange, ReadOrder, RowReader, RowStream } from '../row-connector.js';
import type { PgClient, PgSession } from './client.js';
import { copyOutSql } from './copy-text.js';
import { columnOf, fromClause, orderOf } from './from-clause.js';
import { jsonError, jsonValue } from './json-values.js';
import { withCarriageReturns } from './line-ends.js';
import { type MarkValues, noMarks, quoteIdent } from './quoting.js';
import { conditionsOf, type KeyRange, whereOf } from './ranges.js';
import { belowMark } from './window.js';

/** What the marks inside the query are, for this read. */
export const marksFor = async (
  session: PgSession,
  { shape, window }: ReadOrder,
  signal: AbortSignal,
): Promise<MarkValues> => {
  if (shape.cursor === null) return noMarks;
  if (window === null) return { type: shape.cursor.type, low: null, high: null };
  const low = await belowMark(session, shape.cursor, window.low, signal);
  return { type: shape.cursor.type, low, high: window.high };
};

const orderBy = (order: ReadOrder): string => {
  const columns = orderOf(order.shape, order.window !== null);
  return columns.length === 0 ? '' : ` ORDER BY ${columns.map(columnOf).join(', ')}`;
};

const valueOf = (column: Column, { format }: ReadOrder): string => {
  if (format.kind === 'jsonl') return jsonValue(column);
  // A native format is of certain types: should the table's have changed meanwhile, the server casts.
  return `${columnOf(column.name)}${format.kind === 'native' ? `::${column.type}` : ''}`;
};

const selectList = (order: ReadOrder): string =>
  order.shape.columns
    .map((column) => `${valueOf(column, order)} AS ${quoteIdent(column.name)}`)
    .join(', ');

export const pageSql = (order: ReadOrder, marks: MarkValues, page: PageRange): string => {
  const { query, shape, window, format } = order;
  const where = whereOf(conditionsOf(shape, window, page));
  const select = `SELECT ${selectList(order)} FROM ${fromClause(query, marks)}${where}${orderBy(order)}`;
  return copyOutSql(select, format, { columns: shape.columns, header: page.header });
};

const nullsSql = (order: ReadOrder, marks: MarkValues): string => {
  const { query, shape, format } = order;
  invariant(shape.cursor !== null, 'rows without a cursor value are of a cursor');
  const where = ` WHERE ${columnOf(shape.cursor.column)} IS NULL`;
  const select = `SELECT ${selectList(order)} FROM ${fromClause(query, marks)}${where}`;
  return copyOutSql(select, format, { columns: shape.columns, header: false });
};

/** Key of the row `rows` further on; null where fewer remain. */
export const keyAt = async (
  session: PgSession,
  { order, marks }: { readonly order: ReadOrder; readonly marks: MarkValues },
  where: KeyRange & { readonly rows: number },
  signal: AbortSignal,
): Promise<RowKey | null> => {
  const columns = orderOf(order.shape, order.window !== null).map(columnOf);
  const conditions = whereOf(conditionsOf(order.shape, order.window, where));
  const sql = `SELECT ${columns.map((column) => `${column}::text`).join(', ')} FROM ${fromClause(order.query, marks)}${conditions}${orderBy(order)} OFFSET ${String(where.rows - 1)} LIMIT 1`;
  const [row] = (await session.query(sql, [], signal)).rows;
  if (row === undefined) return null;
  return row.map((value) => {
    invariant(value !== null, 'a key is never NULL');
    return value;
  });
};

const doing = 'reading rows';

class Reader implements RowReader {
  readonly #client: PgClient;
  readonly #order: ReadOrder;
  readonly #marks: MarkValues;
  readonly #throttle: OpenContext['throttle'];

  constructor(
    client: PgClient,
    read: { readonly order: ReadOrder; readonly marks: MarkValues },
    throttle: OpenContext['throttle'],
  ) {
    this.#client = client;
    this.#order = read.order;
    this.#marks = read.marks;
    this.#throttle = throttle;
  }

  async pageEnd(
    after: RowKey | null,
    upTo: RowKey | null,
    rows: number,
    signal: AbortSignal,
  ): Promise<RowKey | null> {
    await using session = await this.#client.session(doing, signal);
    return await keyAt(
      session,
      { order: this.#order, marks: this.#marks },
      { after, upTo, rows },
      signal,
    );
  }

  read(page: PageRange, signal: AbortSignal): RowStream {
    return this.#stream(pageSql(this.#order, this.#marks, page), signal);
  }

  readNulls(signal: AbortSignal): RowStream {
    return this.#stream(nullsSql(this.#order, this.#marks), signal);
  }

  #stream(sql: string, signal: AbortSignal): RowStream {
    const { format } = this.#order;
    const stream = this.#copy(sql, signal);
    return format.kind === 'csv' && format.lineTerminator === '\r\n'
      ? withCarriageReturns(stream, format)
      : stream;
  }

  /** A session for as long as its bytes flow. */
  #copy(sql: string, signal: AbortSignal): RowStream {
    const client = this.#client;
    const throttle = this.#throttle;
    const { columns } = this.#order.shape;
    let copied: RowStream | null = null;
    return {
      async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
        await using session = await client.session(doing, signal);
        copied = session.copyOut(sql, signal);
        try {
          for await (const chunk of copied) {
            await throttle(chunk.length, signal);
            yield chunk;
          }
        } catch (error) {
          throw jsonError(error, columns);
        }
      },
      rows: () => {
        invariant(copied !== null, 'the rows of a read are counted when its bytes have ended');
        return copied.rows();
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export const openReader = async (
  client: PgClient,
  order: ReadOrder,
  throttle: OpenContext['throttle'],
  signal: AbortSignal,
): Promise<RowReader> => {
  await using session = await client.session(doing, signal);
  const marks = await marksFor(session, order, signal);
  return new Reader(client, { order, marks }, throttle);
};
