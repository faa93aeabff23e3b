import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMemoryTableConnector } from '../../../src/connectors/memorytable/index.js';
import { TableStore } from '../../../src/connectors/memorytable/store.js';
import { codeOf, patient } from './opening.js';
import {
  describeRowSource,
  openRowSource,
  queryOf,
  type RowPlace,
  type PlaceRow,
} from './row-source-suite.js';
import { describeRowTarget } from './row-target-suite.js';

const store = new TableStore();
const memorytable = createMemoryTableConnector(store);

/** A database of the store that the suites look into directly. */
const start = (connection: unknown = {}): Promise<RowPlace> => {
  const connectionName = `place-${randomBytes(4).toString('hex')}`;
  const database = store.database(connectionName);
  const byFirst = (a: PlaceRow, b: PlaceRow): number => Number(a[0]) - Number(b[0]);
  return Promise.resolve({
    connection,
    connectionName,
    schema: null,
    create: async (table, types, key) => void database.create(table, types, key),
    insert: async (table, rows) => {
      database.insert(table, rows);
    },
    rows: async (table) => [...(database.tables.get(table)?.rows ?? [])].sort(byFirst),
    now: async () => database.now(),
    late: async (table, rows) => {
      const transaction = database.begin();
      transaction.insert(table, rows(transaction.beganAt));
      return {
        commit: async () => {
          transaction.commit();
        },
      };
    },
    leftovers: async () => [...database.stagings.keys()],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

const harness = { name: 'this process', start: () => start() };
describeRowSource(memorytable, harness);
describeRowTarget(memorytable, harness);

describe('what one declares of tables in memory', () => {
  const tables = {
    orders: {
      columns: { id: 'bigint', note: 'text' },
      primary_key: ['id'],
      rows: [
        [1, 'a'],
        [2, null],
      ],
    },
  };

  it('is there at the start, and does not come back once it was changed', async () => {
    const place = await start({ tables });
    await using source = await openRowSource(memorytable, place);
    expect(await source.count(queryOf(place, 'orders'), patient())).toBe(2);
    await place.insert('orders', [['3', 'c']]);
    await using again = await openRowSource(memorytable, place);
    expect(await again.count(queryOf(place, 'orders'), patient())).toBe(3);
  });

  it('breaks the operation that a fault names, and no other', async () => {
    const place = await start({ tables, faults: [{ on: 'probe', do: 'fail', at: 1 }] });
    await using source = await openRowSource(memorytable, place);
    const query = queryOf(place, 'orders');
    const shape = await source.inspect(query, patient());
    const format = { kind: 'jsonl' } as const;
    await using reader = await source.open({ query, shape, window: null, format }, patient());
    const probe = () => reader.pageEnd(null, null, 1, patient());
    expect(await probe()).toEqual(['1']);
    expect(await codeOf(probe())).toBe('connection/refused');
    expect(await probe()).toEqual(['1']);
  });

  it('refuses statements by name', async () => {
    const place = await start();
    await using source = await openRowSource(memorytable, place);
    const query = queryOf(place, 'orders', { table: null, sql: ['select 1'] });
    expect(await codeOf(source.inspect(query, patient()))).toBe('memorytable/tables-only');
    // Lint asks these, and gives the answer its place: lint/refused-statement.
    expect(memorytable.rowSource?.checkSql?.(['select 1'])).toContain('take no statements');
    const table = { schema: null, name: 'orders' };
    expect(memorytable.rowTarget?.classifySql(['truncate orders'], table)).toEqual({
      refused: expect.stringContaining('take no statements') as string,
    });
  });
});
