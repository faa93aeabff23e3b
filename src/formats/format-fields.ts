/** What one may write about the format of files: the fields, and how an option is refused. */
import { z } from 'zod';
import { choice, field, type MoreFacts } from '../connectors/fields.js';

const text = (description: string, more: MoreFacts = {}) =>
  field(z.string(), { description, template: 'run', ...more });

const names = (description: string) =>
  field(z.array(z.union([z.string(), z.number()])), { description, template: 'run' });

const csvOptions = z.strictObject({
  delimiter: text('One ASCII character between values; `\\t` is a tab. Default: a comma').nullish(),
  quoting: choice(['NONE', 'ALL', 'MINIMAL', 'NONNUMERIC'], {
    description:
      'Which values are written in quotes; NONE also reads quotes as ordinary characters',
    template: 'run',
  }).nullish(),
  lineterminator: text('End of a record when writing: `\\n` (default) or `\\r\\n`').nullish(),
  escapechar: text(
    'One ASCII character before a quote inside quotes; default: the quote itself, `\\` with quoting NONE',
  ).nullish(),
  quotechar: text('One ASCII character around values; default: a double quote').nullish(),
  has_headers: field(z.boolean(), {
    description: 'The first record names the columns; default: true',
    template: 'run',
  }).nullish(),
  null_string: text('What stands for NULL, without quotes; default: nothing', {
    ours: true,
  }).nullish(),
  fields: names('Not supported: the columns of the source decide').nullish(),
  indexes: names('Not supported: the columns of the source decide').nullish(),
});
export type CsvOptions = z.output<typeof csvOptions>;

const jsonOptions = z.strictObject({
  orient: choice(['records', 'values', 'index', 'columns', 'table'], {
    description: 'Shape of JSON: records, an array of objects; the others are not supported',
    template: 'run',
  }).nullish(),
  fields: field(z.array(z.string().min(1)).min(1), {
    description: 'Keys that are read or written, in this order; default: all of them',
    template: 'run',
  }).nullish(),
});
export type JsonOptions = z.output<typeof jsonOptions>;

const parquetOptions = z.strictObject({
  compression: choice(['snappy', 'gzip', 'zstd', 'brotli', 'none'], {
    description: 'Compression inside the file; default: snappy',
    template: 'run',
  }).nullish(),
  schema_overrides: field(z.record(z.string(), z.string().min(1)), {
    description:
      'Types by column, as DuckDB names them: `DECIMAL(12,2)`; a value that such a type would round or cut ends the file. The others follow from the values. Not for rows of a table: they have types',
    template: 'run',
  }).nullish(),
  infer_schema: field(z.boolean(), {
    description:
      'Choose types from all values of the file; false: columns without a type are text; default: true',
    template: 'run',
  }).nullish(),
  col_names: field(z.array(z.string()), {
    description: 'Not supported: the columns of the source decide',
    template: 'run',
  }).nullish(),
  cast_decimal_to_float: field(z.boolean(), {
    description: 'Not supported: write schema_overrides',
    template: 'run',
  }).nullish(),
});
export type ParquetOptions = z.output<typeof parquetOptions>;

const compressionTypes = ['GZIP', 'GUNZIP', 'ZIPFILE'] as const;

const compressOptions = z.strictObject({
  type: choice(compressionTypes, {
    description: 'GZIP; GUNZIP means the same. ZIPFILE: an archive, only between files',
    template: 'run',
  }).nullish(),
  compress_type: choice(compressionTypes, {
    description: 'The same as type',
    template: 'run',
  }).nullish(),
  action: choice(['COMPRESS', 'DECOMPRESS'], {
    description: 'Targets compress and sources decompress, also without it',
    template: 'run',
  }).nullish(),
});

/** Spread into the options of both sides of every connector of files. */
export const fileFormatFields = {
  object_type: choice(['CSV', 'JSONL', 'JSON', 'PARQUET'], {
    description:
      'Format of the files, CSV without it; rows are read as CSV or JSONL, and written also as PARQUET; between files another one at the target asks for a conversion',
    template: 'run',
  }).optional(),
  delimiter: text(
    'Delimiter of CSV files where csv_options has none; has no effect on a plain copy',
  ).optional(),
  csv_options: field(csvOptions, {
    description: 'How CSV files are read and written',
    template: 'run',
  }).optional(),
  json_options: field(jsonOptions, {
    description: 'How JSON and JSONL files are converted; not for rows of a table',
    template: 'run',
  }).optional(),
  parquet_options: field(parquetOptions, {
    description: 'How Parquet files are written',
    template: 'run',
  }).optional(),
  compress_options: field(compressOptions, {
    description:
      'Packing of all files; without it files are copied as they are, and where records are read, names that end in .gz or .zip say it',
    template: 'run',
  }).optional(),
};

export const fileFormatShape = z.object(fileFormatFields);
export type FileFormatOptions = z.output<typeof fileFormatShape>;

/** An option that rows cannot have, where it stands, and what to write instead. */
export interface RefusedFormat {
  readonly refused: string;
  readonly path: readonly (string | number)[];
  readonly fix: string;
}

export const refuse = (
  path: RefusedFormat['path'],
  refused: string,
  fix: string,
): RefusedFormat => ({ refused, path, fix });

/** A mapping without what is null: that is the same as absent (dialect §2.4). */
export type Given<T> = { readonly [K in keyof T]?: NonNullable<T[K]> };

export const given = <T extends object>(options: T | undefined): Given<T> =>
  Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== null && value !== undefined),
  ) as Given<T>;
