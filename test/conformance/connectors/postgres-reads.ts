/** Reads of PostgreSQL for its tests: a page, all pages, a table of every type. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowSource, RowStream } from '../../../src/connectors/row-connector.js';
import {
  plainCsv,
  type CsvFormat,
  type Mark,
  type RowFormat,
  type RowKey,
  type RowQuery,
  type WindowRange,
} from '../../../src/core/plan/rows.js';
import { patient } from './opening.js';

export const collect = async (
  stream: RowStream,
): Promise<{ readonly bytes: Buffer; readonly rows: number }> => {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return { bytes: Buffer.concat(pieces), rows: stream.rows() };
};

export const whole = { after: null, upTo: null, header: false } as const;

export const tableQuery = (
  schema: string,
  name: string,
  facts: Partial<RowQuery> = {},
): RowQuery => ({
  table: { schema, name },
  sql: null,
  columns: null,
  key: null,
  cursor: null,
  ...facts,
});

export const sqlQuery = (sql: RowQuery['sql'], facts: Partial<RowQuery> = {}): RowQuery => ({
  table: null,
  sql,
  columns: null,
  key: null,
  cursor: null,
  ...facts,
});

export const readAll = async (
  source: RowSource,
  query: RowQuery,
  {
    format = plainCsv,
    window = null,
    header = false,
  }: {
    readonly format?: RowFormat;
    readonly window?: WindowRange | null;
    readonly header?: boolean;
  } = {},
) => {
  const shape = await source.inspect(query, patient());
  await using reader = await source.open({ query, shape, window, format }, patient());
  return await collect(reader.read({ ...whole, header }, patient()));
};

export const readPages = async (
  source: RowSource,
  query: RowQuery,
  pageRows: number,
  window: WindowRange | null = null,
): Promise<string> => {
  const shape = await source.inspect(query, patient());
  await using reader = await source.open({ query, shape, window, format: plainCsv }, patient());
  let text = '';
  let after: RowKey | null = null;
  for (;;) {
    const upTo: RowKey | null = await reader.pageEnd(after, null, pageRows, patient());
    const page = await collect(reader.read({ after, upTo, header: false }, patient()));
    text += page.bytes.toString();
    if (upTo === null) return text;
    after = upTo;
  }
};

export const rangeOf = (low: Mark | null, high: Mark): WindowRange => ({
  column: high.column,
  type: high.type,
  low: low?.value ?? null,
  seenAtLow: low?.seen ?? null,
  high: high.value,
  seenAtHigh: high.seen,
});

export const eventually = async (
  isTrue: () => Promise<boolean>,
  withinMs: number,
): Promise<boolean> => {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if (await isTrue()) return true;
    await sleep(50);
  }
  return isTrue();
};

/** A column of each type that COPY has to write as psql does; NULL and the empty text stay apart. */
export const everyType = (schema: string): string => `
  SET TimeZone = 'UTC';
  CREATE TYPE ${schema}.mood AS ENUM ('sad', 'o''k', 'very happy');
  CREATE DOMAIN ${schema}.positive AS integer CHECK (VALUE > 0);
  CREATE TYPE ${schema}.pair AS (a integer, b text);
  CREATE TABLE ${schema}.every_type (
    id bigint PRIMARY KEY, si smallint, n numeric, n2 numeric(12,2), r real, d double precision, b boolean,
    t text, vc varchar(20), c char(5), by bytea, da date, ti time, tiz timetz, ts timestamp, ts3 timestamp(3),
    tz timestamptz, iv interval, j json, jb jsonb, u uuid, ia integer[], ta text[], m ${schema}.mood,
    p ${schema}.positive, x xml, inet inet, mac macaddr, r4 int4range, pair ${schema}.pair, bits bit(3), mo money, tsv tsvector);
  INSERT INTO ${schema}.every_type VALUES
    (1, -32768, '12345678901234567890.12345678901234567890', 1.10, 0.1, 0.1, true, 'plain', 'v', 'ab', '\\x00ff0a22', '2024-02-29',
     '12:34:56.789012', '12:34:56.789012+05:30', '2024-01-01 00:00:00.123456', '2024-01-01 00:00:00.123', '2024-01-01 00:00:00.123456+02',
     '1 year 2 mons 3 days 04:05:06.789', E'{"b": 1,\\n "a" : [1,  2], "b": 2}', '{"b":1,"a":"ü \\" x"}', '00000000-0000-0000-0000-00000000000a',
     '{1,NULL,3}', ARRAY['a,b', 'c"d', NULL, '', 'e\\f'], 'o''k', 7, '<a>1</a>', '10.0.0.1/24', '08:00:2b:01:02:03', '[1,5)', ROW(1, 'x,"y"'), B'101', 1234.5, 'fat cat'),
    (2, 32767, 'NaN', -0.01, 'NaN', 'Infinity', false, '', '', '', '', 'infinity', '24:00:00', '00:00:00-08', 'infinity', '-infinity', '-infinity',
     '-1 days', 'null', '[]', NULL, '{}', '{}', 'sad', 1, NULL, '::1', NULL, 'empty', NULL, B'000', -1, ''),
    (3, 0, 'Infinity', 0, 1e-40, 5e-324, NULL, E'line\\nbreak\\r\\n"quoted", \\\\. tab\\t', E'\\\\.', NULL, NULL, '4713-01-01 BC', NULL, NULL, '294276-12-31 23:59:59.999999',
     NULL, '2024-10-27 00:30:00+00', '00:00:00', '1', '1e400', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 1, 1e-20, 9999999999.99, 3.4e38, 1.7976931348623157e308, true, '🌊 ünï ''q'' $$ ; --', 'NULL', 'é', '\\x5c2e', '0001-01-01', '00:00:00', '00:00:00+00',
     '0001-01-01 00:00:00', '1999-12-31 23:59:59.999', '1900-01-01 00:00:00+00', '178000000 years', '"a"', '{"k": null}', NULL, '{{1,2},{3,4}}', NULL, 'very happy', 2147483647, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`;

/** What every session of ours pins, for psql. */
export const pins = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; SET extra_float_digits = 3; SET bytea_output = hex;`;

export const csvFormats: readonly (readonly [string, Partial<CsvFormat>, string])[] = [
  ['plain', {}, 'FORMAT csv'],
  ['a header', { header: true }, 'FORMAT csv, HEADER'],
  [
    'other marks',
    { delimiter: ';', quote: "'", escape: '\\' },
    `FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\\'`,
  ],
  [
    'a tab and a text for NULL',
    { delimiter: '\t', nullText: 'NULL' },
    `FORMAT csv, DELIMITER E'\\t', NULL 'NULL'`,
  ],
  ['everything in quotes', { quoting: 'all' }, 'FORMAT csv, FORCE_QUOTE *'],
  [
    'no quotes',
    { quoting: 'none', escape: '\\', delimiter: '|', nullText: '\\N' },
    `FORMAT text, DELIMITER '|'`,
  ],
];
