/** Rows of one connection as a source. */
import type { Column, MarkPlan, Mark, RowKey, RowQuery, RowShape } from '../../core/plan/rows.js';
import type { OpenContext } from '../connector.js';
import type { ReadOrder, RowReader, RowSource, WindowBound } from '../row-connector.js';
import { openClient, type PgClient } from './client.js';
import { fromClause } from './from-clause.js';
import { inspect } from './inspect.js';
import { nativeFormatOf } from './native-format.js';
import type { PostgresConnection } from './options.js';
import { inTimeZone, noMarks } from './quoting.js';
import { conditionsOf, whereOf } from './ranges.js';
import { keyAt, marksFor, openReader, pageSql } from './reader.js';
import { boundWindow, lowOf } from './window.js';

const countSql = (order: ReadOrder, marks = noMarks): string =>
  `SELECT count(*)::text FROM ${fromClause(order.query, marks)}${whereOf(conditionsOf(order.shape, order.window, { after: null, upTo: null }))}`;

class PostgresSource implements RowSource {
  readonly #client: PgClient;
  readonly #timeZone: string;
  readonly #throttle: OpenContext['throttle'];

  constructor(client: PgClient, timeZone: string, throttle: OpenContext['throttle']) {
    this.#client = client;
    this.#timeZone = timeZone;
    this.#throttle = throttle;
  }

  /** With its instants as the zone of the connection shows them. */
  #query(query: RowQuery): RowQuery {
    return query.sql === null ? query : { ...query, sql: inTimeZone(query.sql, this.#timeZone) };
  }

  #order(order: ReadOrder): ReadOrder {
    return { ...order, query: this.#query(order.query) };
  }

  async inspect(asked: RowQuery, signal: AbortSignal): Promise<RowShape> {
    const query = this.#query(asked);
    await using session = await this.#client.session(`looking at ${nameOf(query)}`, signal);
    return await inspect(session, query, signal);
  }

  async bound(
    asked: RowQuery,
    shape: RowShape,
    start: { readonly low: Mark | null; readonly plan: MarkPlan },
    signal: AbortSignal,
  ): Promise<WindowBound> {
    const query = this.#query(asked);
    await using session = await this.#client.session(
      `fixing the window of ${nameOf(query)}`,
      signal,
    );
    const read = { query, shape, timeZone: this.#timeZone };
    return await boundWindow(session, read, start, signal);
  }

  open(order: ReadOrder, signal: AbortSignal): Promise<RowReader> {
    return openReader(this.#client, this.#order(order), this.#throttle, signal);
  }

  async split(asked: ReadOrder, lanes: number, signal: AbortSignal): Promise<readonly RowKey[]> {
    const order = this.#order(asked);
    await using session = await this.#client.session(`cutting ${nameOf(order.query)}`, signal);
    const marks = await marksFor(session, order, signal);
    const counted = await session.query(countSql(order, marks), [], signal);
    const each = Math.ceil(Number(counted.rows[0]?.[0] ?? 0) / lanes);
    if (each === 0) return [];
    const keys: RowKey[] = [];
    for (let lane = 1; lane < lanes; lane++) {
      const after = keys.at(-1) ?? null;
      const key = await keyAt(session, { order, marks }, { after, upTo: null, rows: each }, signal);
      if (key === null) break;
      keys.push(key);
    }
    return keys;
  }

  explain(asked: ReadOrder): string {
    const order = this.#order(asked);
    const { shape, window } = order;
    const { low = null, high = null } = window ?? {};
    const marks = { type: shape.cursor?.type ?? null, low, high };
    return pageSql(order, marks, { after: null, upTo: null, header: false });
  }

  nativeFormat(columns: readonly Column[]): string | null {
    return nativeFormatOf(columns);
  }

  async count(asked: RowQuery, signal: AbortSignal): Promise<number> {
    const query = this.#query(asked);
    await using session = await this.#client.session(`counting ${nameOf(query)}`, signal);
    const cursor = query.cursor === null ? null : (await inspect(session, query, signal)).cursor;
    const marks = { type: cursor?.type ?? null, low: null, high: null };
    const sql = `SELECT count(*)::text FROM ${fromClause(query, marks)}`;
    return Number((await session.query(sql, [], signal)).rows[0]?.[0] ?? 0);
  }

  async newRows(
    asked: RowQuery,
    start: { readonly low: Mark | null; readonly plan: MarkPlan },
    signal: AbortSignal,
  ): Promise<{ readonly bound: WindowBound; readonly rows: number } | null> {
    const query = this.#query(asked);
    await using session = await this.#client.session(`watching ${nameOf(query)}`, signal);
    const shape = await inspect(session, query, signal);
    const read = { query, shape, timeZone: this.#timeZone };
    const bound = await boundWindow(session, read, start, signal);
    const { high } = bound;
    if (high === null || shape.cursor === null) return null;
    const low = lowOf(shape.cursor, start);
    const window = {
      column: high.column,
      type: high.type,
      low: low?.value ?? null,
      seenAtLow: low?.seen ?? null,
      high: high.value,
      seenAtHigh: high.seen,
    };
    const order: ReadOrder = { query, shape, window, format: { kind: 'jsonl' } };
    const marks = await marksFor(session, order, signal);
    const counted = await session.query(countSql(order, marks), [], signal);
    return { bound, rows: Number(counted.rows[0]?.[0] ?? 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

const nameOf = ({ table }: RowQuery): string => {
  if (table === null) return 'the query';
  return table.schema === null ? table.name : `${table.schema}.${table.name}`;
};

export const openSource = (connection: PostgresConnection, context: OpenContext): RowSource =>
  new PostgresSource(
    openClient(connection, context, { isReading: true }),
    connection.time_zone,
    (bytes, signal) => context.throttle(bytes, signal),
  );
