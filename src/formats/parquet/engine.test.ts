import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CellKind } from '../codec.js';
import { parquet } from './engine.js';

afterEach(() => {
  vi.doUnmock('@duckdb/node-api');
});

const reading = () =>
  parquet.read(
    {
      path: '/nowhere/rows.parquet',
      wanted: null,
      begin: () => undefined,
      take: () => Promise.resolve(),
    },
    new AbortController().signal,
  );

it('an installation without the engine says what to install, and one with it goes on to the file', async () => {
  vi.doMock('@duckdb/node-api', () => {
    throw new Error("Cannot find package '@duckdb/node-api'");
  });
  await expect(reading()).rejects.toMatchObject({
    code: 'format/no-parquet-engine',
    message: expect.stringContaining('@duckdb/node-api is not installed') as string,
    fix: expect.stringContaining('npm install @duckdb/node-api') as string,
  });
  vi.doUnmock('@duckdb/node-api');
  await expect(reading()).rejects.toMatchObject({ code: 'format/bad-parquet' });
});

describe('what is written', () => {
  const signal = new AbortController().signal;
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-engine-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const prepared = async (name: string, csv: string, type: string, isAsked = false) => {
    const csvPath = join(folder, `${name}.csv`);
    await writeFile(csvPath, csv);
    const rows = csv.split('\n').length - 1;
    const columns = [{ name: 'odd "name"', type, isAsked }];
    const bounds = { nullText: '\\N', lineBytesMax: 1024, compression: 'snappy' } as const;
    const path = join(folder, `${name}.parquet`);
    return (until: AbortSignal) =>
      parquet.write({ csvPath, path, columns, rows, ...bounds }, until);
  };

  const write = async (name: string, csv: string, type: string, isAsked = false) =>
    (await prepared(name, csv, type, isAsked))(signal);

  const back = async (name: string) => {
    const found: (string | null)[] = [];
    const kinds: CellKind[] = [];
    await parquet.read(
      {
        path: join(folder, `${name}.parquet`),
        wanted: null,
        begin: (columns) => void kinds.push(...columns.map(({ kind }) => kind)),
        take: (rows) => Promise.resolve(void found.push(...rows.map(([value]) => value ?? null))),
      },
      signal,
    );
    return found;
  };

  it.each([
    ['BLOB', ['\\x00ff0a22', '\\x', null]],
    ['DATE', ['0001-01-01', '2024-02-29', '10000-01-01', null]],
    ['TIMESTAMP', ['2024-02-29 23:59:59.123456', null]],
    ['TIMESTAMP WITH TIME ZONE', ['2024-02-29 23:59:59.123456+00', null]],
  ])('%s comes back as the text that it was', async (type, values) => {
    const csv = values.map((value) => `${value ?? '\\N'}\n`).join('');
    expect(await write('same', csv, type)).toBe(values.length);
    expect(await back('same')).toEqual(values);
  });

  it.each([
    ['DATE', 'infinity'],
    ['DATE', '0044-03-15 BC'],
    ['TIMESTAMPTZ', '0044-03-15 00:00:00+00 BC'],
    ['TIMESTAMPTZ', '294276-12-31 23:59:59+00'],
    ['BLOB', 'text'],
    ['BLOB', '\\x0'],
    ['DECIMAL(5,2)', 'NaN'],
  ])('%s refuses %s with the column and without the value', async (type, value) => {
    const message = `writing Parquet: a value of column "odd \\"name\\"" does not fit ${type}`;
    const refusal = {
      code: 'format/bad-parquet',
      message: expect.stringContaining(message) as string,
    };
    const refused = write('unfit', `\\N\n${value}\n`, type);
    await expect(refused).rejects.toMatchObject(refusal);
    await expect(refused).rejects.not.toThrow(value);
  });

  it.each([
    ['BIGINT', '1.5', 'whole number'],
    ['bigint', '1e2', 'whole number'],
    ['TINYINT', '128', 'whole number'],
    ['UINTEGER', '-1', 'whole number'],
    ['INT8', '', 'whole number'],
    ['DECIMAL(10, 2)', '1.005', 'at most 2 places'],
    ['DECIMAL(3)', '1.5', 'at most 0 places'],
    ['NUMERIC', '1.0005', 'at most 3 places'],
    ['DECIMAL(4,2)', '100.00', 'at most 2 places'],
    ['DATE', '2025-01-31 10:00:00', 'a day without a time'],
    ['TIMESTAMP', '2025-01-31 10:00:00+02', 'write TIMESTAMP WITH TIME ZONE'],
    ['TIMESTAMP', '2025-01-31T10:00:00Z', 'write TIMESTAMP WITH TIME ZONE'],
    ['TIMESTAMP', '2025-01-31 10:00:00.1234567', 'at most 6 digits'],
    ['TIMESTAMP_S', '2025-01-31 10:00:00.5', 'at most 0 digits'],
    ['TIMESTAMPTZ', '2025-01-31 10:00:00.1234567+01', 'at most 6 digits'],
    ['TIME', '10:00:00.1234567', 'at most 6 digits'],
  ])('%s, asked for, refuses %s instead of another value', async (type, value, hint) => {
    await expect(write('asked', `\\N\n"${value}"\n`, type, true)).rejects.toMatchObject({
      code: 'format/bad-parquet',
      message: expect.stringMatching(
        new RegExp(`of column "odd .*" does not fit ${type.replace(/[()]/g, '\\$&')}; .*${hint}`),
      ) as string,
    });
  });

  it.each([
    ['BIGINT', ['-9223372036854775808', '+7', '5.0'], ['-9223372036854775808', '7', '5']],
    ['DECIMAL(38)', ['99999999999999999999999999999999999999'], null],
    ['DECIMAL(38,10)', ['1234567890123456789012345678.0123456789'], null],
    ['DECIMAL(10,2)', ['-1.5', '.25', '7', '2.5000'], ['-1.50', '0.25', '7.00', '2.50']],
    ['DATE', ['2025-01-31', '2025-01-31 00:00:00'], ['2025-01-31', '2025-01-31']],
    [
      'TIMESTAMP',
      ['2025-01-31 10:00:00.123456', '2025-01-31'],
      ['2025-01-31 10:00:00.123456', '2025-01-31 00:00:00'],
    ],
    [
      'TIMESTAMP WITH TIME ZONE',
      ['2025-01-31T10:00:00+02:00', '2025-01-31 10:00:00Z'],
      ['2025-01-31 08:00:00+00', '2025-01-31 10:00:00+00'],
    ],
    ['TIME', ['10:00:00.123456'], null],
    ['VARCHAR', ['1.5'], null],
  ])('%s, asked for, keeps what it holds', async (type, values, kept) => {
    await write('kept', values.map((value) => `${value}\n`).join(''), type, true);
    expect(await back('kept')).toEqual(kept ?? values);
  });

  it.each(['HUGEINT', 'INTERVAL', 'TIMETZ', 'DECIMAL(39)', 'DECIMAL(3,4)', "VARCHAR}, x := '"])(
    'a column is not given the type %s, which Parquet does not keep',
    async (type) => {
      await expect(write('refused', '1\n', type, true)).rejects.toThrow(
        `${JSON.stringify(type)} is no type for column`,
      );
    },
  );

  it('a record over the bound is told by its size', async () => {
    await expect(write('long', `${'x'.repeat(5000)}\n`, 'VARCHAR')).rejects.toThrow(
      'a record has more than 1024 bytes',
    );
  });

  it('who waits for the engine and is cancelled waits no longer, and who comes behind has a turn', async () => {
    const order: string[] = [];
    const stop = new AbortController();
    const large = await prepared('large', 'some text\n'.repeat(400_000), 'VARCHAR');
    const small = await prepared('small', 'a\n', 'VARCHAR');
    const all = [
      large(signal).then(() => order.push('large')),
      small(stop.signal).catch(() => order.push('cancelled')),
      small(signal).then(() => order.push('behind')),
    ];
    stop.abort(new Error('cancelled'));
    await Promise.all(all);
    expect(order).toEqual(['cancelled', 'large', 'behind']);
  });
});
