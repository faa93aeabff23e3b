import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import type { ParquetFormat, RecordFormat } from '../core/plan/recoding.js';
import { plainCsv, spoolCsv } from '../core/plan/rows.js';
import { conversions } from '../formats/all.js';
import type { ParquetEngine } from '../formats/conversions.js';
import { manyTypes, wideDecimal } from './parquet-files.fixture.js';
import { fromParquet, toParquet } from './recode-parquet.js';
import { TransferProgress } from './transfer-progress.js';

const signal = new AbortController().signal;
const csv = { ...plainCsv, header: true };
const parquet: ParquetFormat = {
  kind: 'parquet',
  compression: 'snappy',
  types: {},
  infersTypes: true,
};

const codecOf = (kind: RecordFormat['kind']) => {
  const codec = conversions.codecs.find((known) => known.kind === kind);
  if (codec === undefined) throw new Error(kind);
  return codec;
};

const pieces = async function* (bytes: Buffer, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size));
};

const all = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const found: Buffer[] = [];
  for await (const piece of source) found.push(piece);
  return Buffer.concat(found);
};

const steps = () => {
  const rows = { read: 0, written: 0 };
  return {
    rows,
    engine: conversions.parquet,
    signal,
    progress: new TransferProgress(() => 0),
    counted: (counted: typeof rows) => void Object.assign(rows, counted),
  };
};

const toFile = (text: string, changed: Partial<ParquetFormat> = {}, known = steps()) =>
  all(
    toParquet(
      pieces(Buffer.from(text)),
      { reader: codecOf('csv').reader(csv, null), csv: codecOf('csv').writer(spoolCsv) },
      { ...parquet, ...changed },
      known,
    ),
  );

const back = async (bytes: Buffer, to: RecordFormat, wanted: readonly string[] | null = null) => {
  const known = steps();
  const text = await all(fromParquet(pieces(bytes), wanted, codecOf(to.kind).writer(to), known));
  expect(known.rows.read).toBe(known.rows.written);
  return text.toString();
};

/** What DuckDB itself says of the file. */
const asked = async (bytes: Buffer, sql: string): Promise<readonly unknown[][]> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-parquet-test-'));
  const path = join(folder, 'x.parquet');
  await writeFile(path, bytes);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const found = await connection.runAndReadAll(sql.replaceAll('FILE', `'${path}'`));
    return found.getRows();
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
};

const text =
  '\ufeffid,code,price,note,day\r\n1,007,1.50,,2026-01-01\r\n2,010,2,"",2026-01-02\r\n3,,,"a ""b"",\r\nc",\r\n';

describe('CSV becomes Parquet', () => {
  it('with types from the whole file, and NULL and an empty text apart (G15)', async () => {
    const known = steps();
    const bytes = await toFile(text, {}, known);
    const types = await asked(
      bytes,
      'SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM FILE)',
    );
    expect(types).toEqual([
      ['id', 'BIGINT'],
      ['code', 'VARCHAR'],
      ['price', 'DOUBLE'],
      ['note', 'VARCHAR'],
      ['day', 'VARCHAR'],
    ]);
    const rows = await asked(bytes, 'SELECT id::INT, code, price, note, day FROM FILE');
    expect(rows).toEqual([
      [1, '007', 1.5, null, '2026-01-01'],
      [2, '010', 2, '', '2026-01-02'],
      [3, null, null, 'a "b",\r\nc', null],
    ]);
    expect(known.rows).toEqual({ read: 3, written: 3 });
  });

  it('with the types that the options give, exact to the last digit', async () => {
    const types = { price: 'DECIMAL(38,2)', at: 'TIMESTAMPTZ', day: 'DATE' };
    const source =
      'price,at,day\n123456789012345678901234567890.12,2026-01-01 00:00:00.123456+02,2026-02-28\n';
    const bytes = await toFile(source, { types });
    expect(await back(bytes, csv)).toBe(
      'price,at,day\n123456789012345678901234567890.12,2025-12-31 22:00:00.123456+00,2026-02-28\n',
    );
  });

  it('as text where types are not to be chosen, and a column of NULL only keeps its rows', async () => {
    const bytes = await toFile('x\n1\n\n2\n', { infersTypes: false });
    expect(await asked(bytes, 'SELECT x FROM FILE')).toEqual([['1'], [null], ['2']]);
  });

  it.each(['snappy', 'gzip', 'zstd', 'brotli', 'none'] as const)(
    'compressed by %s',
    async (compression) => {
      const bytes = await toFile(text, { compression });
      const [codec] =
        (await asked(bytes, 'SELECT compression FROM parquet_metadata(FILE)'))[0] ?? [];
      expect(String(codec).toLowerCase()).toBe(
        compression === 'none' ? 'uncompressed' : compression,
      );
    },
  );

  it('or not at all: values that a type does not hold are refused, and never shown', async () => {
    const failure = toFile('x\nsecret\n', { types: { x: 'BIGINT' } });
    await expect(failure).rejects.toMatchObject({ code: 'format/bad-parquet' });
    await expect(failure).rejects.not.toThrow(/secret/);
    await expect(toFile('x\n1\n', { types: { x: "INT'}) --" } })).rejects.toThrow(/is no type/);
    await expect(toFile('x\n1\n', { types: { y: 'INT' } })).rejects.toThrow(/no such column/);
    await expect(toFile('')).rejects.toMatchObject({ code: 'format/bad-header' });
  });

  it('or not at all: a type that was asked for rounds, cuts and forgets nothing (G15)', async () => {
    const one = (value: string, type: string) => toFile(`x\n${value}\n`, { types: { x: type } });
    await expect(one('1.5', 'BIGINT')).rejects.toThrow(/"x" does not fit BIGINT; a whole number/);
    await expect(one('1.005', 'DECIMAL(10,2)')).rejects.toThrow(/at most 2 places/);
    await expect(one('2026-01-01 10:00+02', 'TIMESTAMP')).rejects.toThrow(/without an offset/);
    await expect(one('2026-01-01 10:00', 'DATE')).rejects.toThrow(/without a time/);
  });

  it('leaves no file behind, whether it works or not', async () => {
    await toFile(text);
    await toFile('x\ny\n', { types: { x: 'BIGINT' } }).catch(() => undefined);
    const own = (await readdir(tmpdir())).filter((name) =>
      name.startsWith(`tidemark-spool-${String(process.pid)}-`),
    );
    expect(own).toEqual([]);
  });
});

describe('Parquet becomes records', () => {
  it('JSON with numbers as numbers, exact, and everything else as text', async () => {
    const types = { n: 'DECIMAL(38,2)', b: 'BOOLEAN', d: 'DOUBLE' };
    const bytes = await toFile('n,b,d,t\n12345678901234567890.10,true,inf,x\n,,,\n', { types });
    expect(await back(bytes, { kind: 'jsonl' })).toBe(
      '{"n":12345678901234567890.10,"b":true,"d":"inf","t":"x"}\n{"n":null,"b":null,"d":null,"t":null}\n',
    );
    expect(await back(bytes, { kind: 'jsonl' }, ['t', 'b'])).toBe(
      '{"t":"x","b":true}\n{"t":null,"b":null}\n',
    );
    await expect(back(bytes, csv, ['missing'])).rejects.toThrow(/no column "missing"/);
  });

  it('as many as there are, in their order, however slow the reader', async () => {
    const source = `id,note\n${Array.from({ length: 60_000 }, (_, at) => `${String(at)},note ${String(at)}`).join('\n')}\n`;
    const bytes = await toFile(source);
    expect(await back(bytes, csv)).toBe(source);
  });

  it('as another program wrote them: every type exactly, or the file is refused (G15)', async () => {
    const [first, second] = (await back(manyTypes, { kind: 'jsonl' })).split('\n');
    expect(first).toBe(
      '{"ts_ns":"2025-01-31 10:00:00.123456789","ts_us":"2025-01-31 10:00:00.123456","ts_ms":"2025-01-31 10:00:00.123",' +
        '"ts_tz":"2025-01-31 10:00:00.123456+00","d32":"2025-01-31","t_ns":"10:00:00.123456789","t_us":"10:00:00.123456",' +
        '"dec":12345678901234567890123456.789,"u64":18446744073709551615,"i64":-9223372036854775808,"f16":1.5,"f32":0.1,"f64":0.1,' +
        '"bin":"\\\\x00ff","str":"a,\\"b\\"\\n","dict":"x","lst":[1,null],"st":{"a":1,"b":"x"},"mp":{"k":1},"bool":true}',
    );
    expect(second).toContain('"d32":"0001-01-01"');
    expect(second).toContain('"f32":"nan","f64":"inf","bin":null,"str":"","dict":"y"');
    await expect(back(wideDecimal, { kind: 'jsonl' })).rejects.toThrow(
      'column "sum" is a decimal of 60 digits, and only 38 can be read exactly',
    );
    expect(await back(wideDecimal, { kind: 'jsonl' }, ['id'])).toBe('{"id":1}\n');
  });

  it('after a wait for the engine that is not taken for a stall; what waits for its reader has one', async () => {
    const bytes = await toFile(text);
    let nowMs = 0;
    const clock = setInterval(() => (nowMs += 100), 100);
    const progress = new TransferProgress(() => nowMs);
    const engine: ParquetEngine = {
      ...conversions.parquet,
      read: async (order, until) => {
        await delay(2500);
        return conversions.parquet.read(order, until);
      },
    };
    const writer = codecOf('csv').writer(csv);
    const found = fromParquet(pieces(bytes), null, writer, { ...steps(), engine, progress });
    const first = found.next();
    await delay(2000);
    expect(progress.lastByteMs).toBeGreaterThan(0);
    expect((await first).done).toBe(false);
    await delay(100);
    const atRest = progress.lastByteMs;
    await delay(1500);
    expect(progress.lastByteMs).toBe(atRest);
    await all(found);
    clearInterval(clock);
  });

  it('or not at all: a damaged file is refused', async () => {
    const bytes = await toFile(text);
    const failure = back(bytes.subarray(0, bytes.length - 20), csv);
    await expect(failure).rejects.toMatchObject({ code: 'format/bad-parquet' });
  });
});
