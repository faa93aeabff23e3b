/** What can be wrong with the bytes of a file that is read as rows. All are `never`: the file stays as it is. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const badHeader = defineError({
  code: 'format/bad-header',
  recovery: 'never',
  summary: 'The header of a file names its columns not at all, twice, or without an end.',
  fix: 'Correct the first line of the file; or, where it has no header, write csv_options: { has_headers: false }.',
});

export const notUtf8 = defineError({
  code: 'format/not-utf8',
  recovery: 'never',
  summary: 'A file of records is not UTF-8.',
  fix: 'Write the file in UTF-8; other encodings are not converted.',
});

export const badGzip = defineError({
  code: 'format/bad-gzip',
  recovery: 'never',
  summary: 'A file that should be gzip is something else, is damaged or ends early.',
  fix: 'Check the file with gzip -t; a file that is still being written is read once it is whole.',
});

export const badRecord = defineError({
  code: 'format/bad-record',
  recovery: 'never',
  summary:
    'A record of a file is not what its format allows, or does not fit the columns of the file.',
  fix: 'Correct the record that the message counts, from 1 behind a header; nothing of the file was published.',
});

export const badZip = defineError({
  code: 'format/bad-zip',
  recovery: 'never',
  summary: 'An archive is damaged, encrypted, or holds names or methods that are not taken.',
  fix: 'Check the archive with unzip -t; names must stay below the archive, methods are stored and deflate.',
});

export const bomb = defineError({
  code: 'format/bomb',
  recovery: 'never',
  summary: 'A packed file has far more bytes unpacked than packed, as only a trap has.',
  fix: 'If it is no trap, unpack it where it was made; more than 100 MiB are taken only up to 200 times the packed size.',
});

export const badParquet = defineError({
  code: 'format/bad-parquet',
  recovery: 'never',
  summary: 'A Parquet file cannot be read, or values do not fit the types that it should have.',
  fix: "Check the types in parquet_options.schema_overrides against the values; the worker log has the engine's own words.",
});

export const noParquetType = defineError({
  code: 'format/no-parquet-type',
  recovery: 'never',
  summary:
    'The columns of a query cannot be those of a Parquet file: a type that no type of Parquet holds exactly, or names that are the same there.',
  fix: 'Cast the column in source.sql: to a numeric of at most 38 digits, as amount::numeric(18,4), or to text; or give it another name.',
});

export const noParquetEngine = defineError({
  code: 'format/no-parquet-engine',
  recovery: 'never',
  summary: 'Parquet is converted by DuckDB, which this installation leaves out.',
  fix: 'Install it beside Tidemark: npm install @duckdb/node-api, in the version that package.json names.',
});

export const severalEntries = defineError({
  code: 'format/several-entries',
  recovery: 'never',
  summary: 'An archive holds several files, or none, where the target names exactly one object.',
  fix: 'Write prefix instead of key: the files go into a folder with the name of the archive.',
});

export const formatErrors: readonly ErrorKind[] = [
  badHeader,
  notUtf8,
  badGzip,
  badRecord,
  badZip,
  bomb,
  badParquet,
  noParquetType,
  noParquetEngine,
  severalEntries,
];
