import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fieldFacts } from '../connectors/fields.js';
import { plainCsv } from '../core/plan/rows.js';
import type { JsonObject } from '../core/values/json.js';
import { fileFormatFields, fileFormatOf, optionsWithoutEffect } from './options.js';

const csv = (options: JsonObject) => fileFormatOf(options, 'read');
const rows = (csvOptions: JsonObject) => {
  const format = csv({ csv_options: csvOptions });
  return 'rows' in format ? format.rows : format;
};

const standard = { ...plainCsv, header: true };

describe('what options ask for', () => {
  it('nothing asks for CSV with a header, without compression', () => {
    const plain = { rows: standard, compression: 'none' };
    expect(fileFormatOf({}, 'read')).toEqual(plain);
    expect(fileFormatOf({ bucket_name: 'lake', object_type: 'csv' }, 'write')).toEqual(plain);
    expect(csv({ csv_options: null, compress_options: {}, delimiter: null })).toEqual(plain);
    expect(rows({ escapechar: null, fields: [], indexes: [] })).toEqual(standard);
  });

  it.each([
    ['delimiter', { delimiter: ';' }, { delimiter: ';' }],
    ['a tab', { delimiter: '\t' }, { delimiter: '\t' }],
    ['a tab as two characters', { delimiter: '\\t' }, { delimiter: '\t' }],
    ['quoting', { quoting: 'nonnumeric' }, { quoting: 'nonnumeric' }],
    ['no quotes', { quoting: 'NONE' }, { quoting: 'none', escape: '\\' }],
    [
      'no quotes, another escape',
      { quoting: 'NONE', escapechar: '^' },
      { quoting: 'none', escape: '^' },
    ],
    ['the quote doubles itself', { quotechar: "'" }, { quote: "'", escape: "'" }],
    ['an escape of its own', { escapechar: '\\' }, { escape: '\\' }],
    ['no header', { has_headers: false }, { header: false }],
    ['a text for NULL', { null_string: 'NULL' }, { nullText: 'NULL' }],
    ['CRLF', { lineterminator: '\r\n' }, { lineTerminator: '\r\n' }],
    ['CRLF as four characters', { lineterminator: '\\r\\n' }, { lineTerminator: '\r\n' }],
  ])('%s', (_, options, differs) => {
    expect(rows(options)).toEqual({ ...standard, ...differs });
  });

  it('the outer delimiter counts where csv_options has none', () => {
    const both = { delimiter: '\\t', csv_options: { has_headers: false } };
    expect(csv(both)).toMatchObject({ rows: { delimiter: '\t', header: false } });
    const same = { delimiter: '\t', csv_options: { delimiter: '\\t' } };
    expect(csv(same)).toMatchObject({ rows: { delimiter: '\t' } });
  });

  it('JSONL, and gzip under each of its names', () => {
    expect(csv({ object_type: 'jsonl' })).toEqual({ rows: { kind: 'jsonl' }, compression: 'none' });
    for (const compress of [{ type: 'GZIP' }, { compress_type: 'gunzip', action: 'DECOMPRESS' }])
      expect(csv({ compress_options: compress })).toMatchObject({ compression: 'gzip' });
  });

  it('a key that ends in .gz compresses what is written, and leaves reading to the name of each file', () => {
    expect(fileFormatOf({ key: 'out/a.csv.gz' }, 'write')).toMatchObject({ compression: 'gzip' });
    expect(fileFormatOf({ key: '{{ metadata.window }}.csv.GZ' }, 'write')).toMatchObject({
      compression: 'gzip',
    });
    expect(fileFormatOf({ key: 'out/a.csv.gz' }, 'read')).toMatchObject({ compression: 'none' });
    expect(fileFormatOf({ key: 'out/a.gzip.csv' }, 'write')).toMatchObject({ compression: 'none' });
  });
});

describe('what rows cannot have is refused by name, at its place, with what to write instead', () => {
  it.each<[string, JsonObject, readonly string[], RegExp]>([
    ['JSON', { object_type: 'JSON' }, ['object_type'], /JSONL/],
    ['reading PARQUET', { object_type: 'parquet' }, ['object_type'], /CSV or JSONL/],
    ['json_options', { json_options: { orient: 'records' } }, ['json_options'], /JSONL/],
    ['parquet_options', { parquet_options: {} }, ['parquet_options'], /PARQUET at the target/],
    ['json_options of JSONL', { object_type: 'JSONL', json_options: {} }, ['json_options'], /./],
    ['csv_options of JSONL', { object_type: 'JSONL', csv_options: {} }, ['csv_options'], /CSV/],
    ['delimiter of JSONL', { object_type: 'JSONL', delimiter: ';' }, ['delimiter'], /CSV/],
    ['fields', { csv_options: { fields: ['a'] } }, ['csv_options', 'fields'], /columns/],
    ['indexes', { csv_options: { indexes: [1] } }, ['csv_options', 'indexes'], /columns/],
    ['two characters', { csv_options: { delimiter: '||' } }, ['csv_options', 'delimiter'], /one/],
    ['no character', { csv_options: { quotechar: '' } }, ['csv_options', 'quotechar'], /one/],
    ['not ASCII', { csv_options: { escapechar: 'é' } }, ['csv_options', 'escapechar'], /one/],
    ['a newline between values', { delimiter: '\n' }, ['delimiter'], /one/],
    [
      'delimiter = quote',
      { csv_options: { delimiter: '"' } },
      ['csv_options', 'delimiter'],
      /different/,
    ],
    [
      'delimiter = escape',
      { delimiter: '^', csv_options: { escapechar: '^' } },
      ['delimiter'],
      /different/,
    ],
    ['two delimiters', { delimiter: ';', csv_options: { delimiter: ',' } }, ['delimiter'], /out/],
    [
      'a terminator',
      { csv_options: { lineterminator: '\r' } },
      ['csv_options', 'lineterminator'],
      /r\\n/,
    ],
    [
      'a quote for nothing',
      { csv_options: { quoting: 'NONE', quotechar: '"' } },
      ['csv_options', 'quotechar'],
      /out/,
    ],
    [
      'a NULL that needs quotes',
      { csv_options: { null_string: 'a,b' } },
      ['csv_options', 'null_string'],
      /NULL/,
    ],
    [
      'an unquoted NULL, which YAML reads as null',
      { csv_options: { null_string: null } },
      ['csv_options', 'null_string'],
      /"NULL"/,
    ],
    ['ZIPFILE', { compress_options: { type: 'ZIPFILE' } }, ['compress_options', 'type'], /GZIP/],
    [
      'ZIPFILE, the other name',
      { compress_options: { compress_type: 'ZIPFILE' } },
      ['compress_options', 'compress_type'],
      /GZIP/,
    ],
    [
      'an action alone',
      { compress_options: { action: 'DECOMPRESS' } },
      ['compress_options', 'action'],
      /type/,
    ],
    [
      'compressing a source',
      { compress_options: { type: 'GZIP', action: 'COMPRESS' } },
      ['compress_options', 'action'],
      /DECOMPRESS/,
    ],
    ['a wrong type', { csv_options: { quoting: 'SOME' } }, ['csv_options', 'quoting'], /describe/],
    ['an unknown key', { csv_options: { delimeter: ';' } }, ['csv_options'], /describe/],
  ])('%s', (_, options, path, fix) => {
    const refused = csv(options);
    expect(refused).toMatchObject({ path });
    expect('fix' in refused && refused.fix).toMatch(fix);
  });

  it('decompressing a target', () => {
    const options = { compress_options: { type: 'GZIP', action: 'DECOMPRESS' } };
    expect(fileFormatOf(options, 'write')).toMatchObject({ path: ['compress_options', 'action'] });
    expect(fileFormatOf(options, 'read')).toMatchObject({ compression: 'gzip' });
  });
});

describe('rows are written as Parquet', () => {
  it('from CSV in which NULL has a spelling of its own, compressed inside', () => {
    const written = (options: JsonObject) =>
      fileFormatOf({ object_type: 'PARQUET', ...options }, 'write');
    expect(written({})).toEqual({
      rows: { ...plainCsv, nullText: '\\N' },
      compression: 'none',
      parquet: { compression: 'snappy' },
    });
    expect(written({ parquet_options: { compression: 'zstd' } })).toMatchObject({
      parquet: { compression: 'zstd' },
    });
  });

  it.each<[string, JsonObject, readonly string[], RegExp]>([
    ['csv_options', { csv_options: {} }, ['csv_options'], /CSV/],
    ['delimiter', { delimiter: ';' }, ['delimiter'], /CSV/],
    ['json_options', { json_options: {} }, ['json_options'], /out/],
    [
      'types',
      { parquet_options: { schema_overrides: { a: 'DATE' } } },
      ['parquet_options', 'schema_overrides'],
      /cast/,
    ],
    [
      'inference',
      { parquet_options: { infer_schema: true } },
      ['parquet_options', 'infer_schema'],
      /cast/,
    ],
    [
      'names',
      { parquet_options: { col_names: ['a'] } },
      ['parquet_options', 'col_names'],
      /rename/,
    ],
    ['gzip', { compress_options: { type: 'GZIP' } }, ['compress_options'], /parquet_options/],
    ['a key in gzip', { key: 'out/a.parquet.gz' }, ['key'], /\.parquet/],
    ['pieces', { mode: 'MULTI_FILE' }, ['mode'], /mode/],
  ])('without %s', (_, options, path, fix) => {
    const refused = fileFormatOf({ object_type: 'PARQUET', ...options }, 'write');
    expect(refused).toMatchObject({ path });
    expect('fix' in refused && refused.fix).toMatch(fix);
  });
});

describe('the fields', () => {
  it('have no default that would appear in plans', () => {
    expect(z.strictObject(fileFormatFields).parse({})).toEqual({});
    expect(
      z.strictObject(fileFormatFields).parse({ csv_options: {}, compress_options: {} }),
    ).toEqual({ csv_options: {}, compress_options: {} });
  });

  it('take templates of the run, also inside', () => {
    for (const schema of Object.values(fileFormatFields))
      expect(fieldFacts(schema).template).toBe('run');
  });

  it('those that a copy ignores are found where they are written', () => {
    const options = { delimiter: ';', object_type: 'CSV', csv_options: {}, compress_options: null };
    expect(optionsWithoutEffect(options)).toEqual(['csv_options']);
  });
});
