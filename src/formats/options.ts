/**
 * The format that the options of a side of files ask for (dialect §4.10).
 *
 * Keeps true: of every option that is written, rows that are read or written either have its effect, or it is refused
 * by name with what to write instead (D20). Of copies `recodingOf` reads them.
 */
import { type FileFormat, spoolCsv } from '../core/plan/rows.js';
import type { JsonObject } from '../core/values/json.js';
import { isGzipPath } from './compression.js';
import { csvFormatOf, refuseNullText } from './csv-options.js';
import {
  fileFormatFields,
  fileFormatShape,
  given,
  refuse,
  type FileFormatOptions,
  type Given,
  type ParquetOptions,
  type RefusedFormat,
} from './format-fields.js';

export { fileFormatFields, type RefusedFormat } from './format-fields.js';

const withoutEffect = [
  'csv_options',
  'json_options',
  'parquet_options',
  'compress_options',
] as const;

/** Options that a plain copy does not look at: refused there, so that nobody waits for their effect. */
export const optionsWithoutEffect = (options: JsonObject): readonly string[] => {
  const written = given(options);
  return withoutEffect.filter((name) => Object.hasOwn(written, name));
};

/** What to write where `optionsWithoutEffect` finds something. */
export const copiesOnly =
  'files are copied byte by byte: leave it out, or write another object_type at the target to convert them';

export type Options = Given<FileFormatOptions>;

const refusedKinds: Readonly<Record<string, RefusedFormat>> = {
  JSON: refuse(
    ['object_type'],
    'object_type JSON is not read or written as rows: an array has no end before its last row',
    'Write object_type: JSONL, one object for each line.',
  ),
  PARQUET: refuse(
    ['object_type'],
    'object_type PARQUET is not read as rows in this release',
    'Write object_type: CSV or JSONL; an asset before this one may convert the files.',
  ),
};

const refuseJson = ({ json_options: json }: Options): RefusedFormat | null =>
  json === undefined
    ? null
    : refuse(
        ['json_options'],
        'json_options is not supported',
        'Leave it out; object_type: JSONL has one object for each line, with all columns.',
      );

const refuseOther = (options: Options): RefusedFormat | null =>
  refuseJson(options) ??
  (options.parquet_options === undefined
    ? null
    : refuse(
        ['parquet_options'],
        'parquet_options has no effect: it says how Parquet files are written',
        'Leave it out, or write object_type: PARQUET at the target.',
      ));

const refusePieces = ({ mode }: JsonObject): RefusedFormat | null =>
  mode === 'MULTI_FILE' || mode === 'multi_file'
    ? refuse(
        ['mode'],
        'mode MULTI_FILE cuts files into several; rows of a table are written as one object',
        'Leave mode out.',
      )
    : null;

/** Other formats have one spelling; options of CSV would change nothing. */
export const refuseCsvOptions = (
  options: Options,
  type: 'JSONL' | 'PARQUET' = 'JSONL',
): RefusedFormat | null => {
  const name = (['csv_options', 'delimiter'] as const).find((key) => options[key] !== undefined);
  return name === undefined
    ? null
    : refuse(
        [name],
        `${name} has no effect with object_type ${type}`,
        `Leave ${name} out, or write object_type: CSV.`,
      );
};

export type Side = 'read' | 'write';
type Compression = FileFormat['compression'];

export const refuseAction = (
  action: 'COMPRESS' | 'DECOMPRESS',
  side: Side,
  isTyped: boolean,
): RefusedFormat | null => {
  const path = ['compress_options', 'action'];
  const right = side === 'read' ? 'DECOMPRESS' : 'COMPRESS';
  if (action !== right)
    return refuse(
      path,
      side === 'read' ? 'a source is never compressed' : 'a target is never decompressed',
      `Leave action out, or write ${right}.`,
    );
  return isTyped
    ? null
    : refuse(path, 'compress_options has an action and no type', 'Write type: GZIP beside it.');
};

const compressionOf = (options: Options, side: Side): Compression | RefusedFormat => {
  const { type, compress_type: older, action } = given(options.compress_options);
  if (type === 'ZIPFILE' || older === 'ZIPFILE')
    return refuse(
      ['compress_options', type === 'ZIPFILE' ? 'type' : 'compress_type'],
      'compression ZIPFILE is for copies of files; rows are not read or written so',
      'Write type: GZIP.',
    );
  const isTyped = type !== undefined || older !== undefined;
  const wrong = action === undefined ? null : refuseAction(action, side, isTyped);
  return wrong ?? (isTyped ? 'gzip' : 'none');
};

/** The options of formats among others, checked; what is null is left out. */
export const formatOptionsOf = (options: JsonObject): Options | RefusedFormat => {
  const written = Object.entries(given(options)).filter(([name]) =>
    Object.hasOwn(fileFormatFields, name),
  );
  const parsed = fileFormatShape.safeParse(Object.fromEntries(written));
  if (parsed.success) return given(parsed.data);
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((step) => (typeof step === 'number' ? step : String(step)));
  const where = path.join('.');
  return refuse(
    path,
    `${where} is not valid: ${issue?.message ?? ''}`,
    `Correct ${where}; tidemark describe shows what it may be.`,
  );
};

const rowsOf = (options: Options): FileFormat['rows'] | RefusedFormat =>
  options.object_type === 'JSONL'
    ? (refuseCsvOptions(options) ?? { kind: 'jsonl' })
    : (refuseNullText(options.csv_options) ??
      csvFormatOf(given(options.csv_options), options.delimiter));

/** What only values could say, where the source's own types are there. */
const typeOptions = [
  'schema_overrides',
  'infer_schema',
  'col_names',
  'cast_decimal_to_float',
] as const;

const refuseTypes = (options: Options): RefusedFormat | null => {
  const written = given<ParquetOptions>(options.parquet_options);
  const name = typeOptions.find((key) => written[key] !== undefined);
  return name === undefined
    ? null
    : refuse(
        ['parquet_options', name],
        `parquet_options.${name} is for conversions between files: columns of a query have the names and types of the source`,
        'Leave it out, and cast or rename in source.sql, as in select amount::numeric(18,4) as total.',
      );
};

const refuseOutside = (options: Options, place: JsonObject): RefusedFormat | null => {
  const fix = 'Leave it out; parquet_options: { compression: zstd } chooses what is inside.';
  if (options.compress_options !== undefined)
    return refuse(
      ['compress_options'],
      'compress_options is not for object_type PARQUET: it is compressed inside',
      fix,
    );
  return isNamedGzip(place)
    ? refuse(
        ['key'],
        'key ends in .gz, and a Parquet file is compressed inside',
        'Let it end in .parquet.',
      )
    : null;
};

/** Rows as Parquet, written only. */
const parquetOf = (options: Options, place: JsonObject): FileFormat | RefusedFormat => {
  const refused =
    refuseJson(options) ??
    refuseCsvOptions(options, 'PARQUET') ??
    refuseTypes(options) ??
    refuseOutside(options, place) ??
    refusePieces(place);
  const { compression = 'snappy' } = given<ParquetOptions>(options.parquet_options);
  return refused ?? { rows: spoolCsv, compression: 'none', parquet: { compression } };
};

const isNamedGzip = ({ key }: JsonObject): boolean => typeof key === 'string' && isGzipPath(key);

/**
 * The format that the options of a side of files ask for, parsed or as written (templates resolved); or what they ask
 * for in vain. `read`: of files whose own name does not say more (`isGzipPath`). `write`: a `key` that ends in `.gz`
 * asks for gzip, too. Pure.
 */
export const fileFormatOf = (options: JsonObject, side: Side): FileFormat | RefusedFormat => {
  const parsed = formatOptionsOf(options);
  if ('refused' in parsed) return parsed;
  if (side === 'write' && parsed.object_type === 'PARQUET') return parquetOf(parsed, options);
  const refused =
    refusedKinds[parsed.object_type ?? 'CSV'] ?? refuseOther(parsed) ?? refusePieces(options);
  if (refused !== null) return refused;
  const asked = compressionOf(parsed, side);
  if (typeof asked !== 'string') return asked;
  const rows = rowsOf(parsed);
  if ('refused' in rows) return rows;
  return { rows, compression: side === 'write' && isNamedGzip(options) ? 'gzip' : asked };
};
