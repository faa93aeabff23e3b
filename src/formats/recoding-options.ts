/**
 * What the options of two sides of files ask to be done to the bytes on their way (dialect §4.9, §4.10).
 *
 * Keeps true: without a wish nothing is done, so a plain copy stays one; of every option that is written it has its
 * effect, or it is refused by name (D20).
 */
import type {
  Packing,
  ParquetFormat,
  Pieces,
  RecordFormat,
  Recoding,
} from '../core/plan/recoding.js';
import type { JsonObject } from '../core/values/json.js';
import { parseByteSize } from '../connectors/fields.js';
import { csvFormatOf, refuseNullText } from './csv-options.js';
import { given, refuse, type ParquetOptions, type RefusedFormat } from './format-fields.js';
import { isParquetType } from './parquet-types.js';
import { formatOptionsOf, refuseAction, refuseCsvOptions, type Options } from './options.js';

export type EndName = 'source' | 'target';

/** A wish that cannot be fulfilled, and at which side it stands. */
export interface RefusedRecoding extends RefusedFormat {
  readonly side: EndName;
}

type Refusal = RefusedFormat | null;
type OrRefused<T> = T | RefusedFormat;

const isRefused = <T extends object>(value: OrRefused<T>): value is RefusedFormat =>
  'refused' in value;

/** Bytes of a piece where nothing says it: `min_size` in the dialect. */
const pieceBytesDefault = 5 * 1024 * 1024;
/** A piece is held in memory whole, so that it appears in one step. */
export const pieceBytesMax = 256 * 1024 * 1024;

const typeOf = (options: Options): NonNullable<Options['object_type']> =>
  options.object_type ?? 'CSV';

const formatOptions = ['csv_options', 'json_options', 'parquet_options'] as const;

const belongsTo: Readonly<Record<(typeof formatOptions)[number], readonly string[]>> = {
  csv_options: ['CSV'],
  json_options: ['JSON', 'JSONL'],
  parquet_options: ['PARQUET'],
};

/** Options of a format that the side does not have. */
const refuseForeign = (options: Options): Refusal => {
  const type = typeOf(options);
  const name = formatOptions.find(
    (key) => options[key] !== undefined && !belongsTo[key].includes(type),
  );
  if (name !== undefined)
    return refuse(
      [name],
      `${name} has no effect with object_type ${type}`,
      `Leave ${name} out, or write object_type: ${belongsTo[name].join(' or ')}.`,
    );
  return type === 'CSV' ? null : refuseCsvOptions(options);
};

const refuseOrient = (options: Options): Refusal => {
  const { orient = 'records' } = given(options.json_options);
  return orient === 'records'
    ? null
    : refuse(
        ['json_options', 'orient'],
        `json_options.orient ${orient} is not supported`,
        'Write orient: records (an array of objects), or object_type: JSONL.',
      );
};

const refuseParquet = (options: Options, side: EndName): Refusal => {
  const { parquet_options: parquet } = options;
  if (parquet === undefined) return null;
  if (side === 'source')
    return refuse(
      ['parquet_options'],
      'parquet_options at a source has no effect: a Parquet file says itself what it holds',
      'Leave it out.',
    );
  const written = given<ParquetOptions>(parquet);
  if (written.col_names !== undefined && written.col_names.length > 0)
    return refuse(
      ['parquet_options', 'col_names'],
      'parquet_options.col_names is not supported: columns keep their names',
      'Leave it out.',
    );
  const wrong = Object.entries(written.schema_overrides ?? {}).find(
    ([, type]) => !isParquetType(type),
  );
  if (wrong !== undefined)
    return refuse(
      ['parquet_options', 'schema_overrides', wrong[0]],
      `${JSON.stringify(wrong[1])} is no type that a column of a Parquet file can be given`,
      'Write one of VARCHAR, BOOLEAN, SMALLINT, INTEGER, BIGINT, DECIMAL(digits, places), DOUBLE, DATE, TIMESTAMP, TIMESTAMP WITH TIME ZONE, TIME, BLOB; for longer integers DECIMAL(38, 0).',
    );
  return written.cast_decimal_to_float === true
    ? refuse(
        ['parquet_options', 'cast_decimal_to_float'],
        'parquet_options.cast_decimal_to_float is not supported',
        'Write schema_overrides: { COLUMN: DOUBLE } for the columns that are meant.',
      )
    : null;
};

const parquetOf = (options: Options): ParquetFormat => {
  const { compression, schema_overrides, infer_schema } = given<ParquetOptions>(
    options.parquet_options,
  );
  return {
    kind: 'parquet',
    compression: compression ?? 'snappy',
    types: schema_overrides ?? {},
    infersTypes: infer_schema ?? true,
  };
};

const recordsOf = (options: Options): OrRefused<RecordFormat> => {
  switch (typeOf(options)) {
    case 'CSV':
      return (
        refuseNullText(options.csv_options) ??
        csvFormatOf(given(options.csv_options), options.delimiter)
      );
    case 'JSONL':
      return { kind: 'jsonl' };
    case 'JSON':
      return { kind: 'json' };
    case 'PARQUET':
      return parquetOf(options);
  }
};

/** What `compress_options` say; null: nothing. */
const askedPacking = (options: Options, side: EndName): OrRefused<{ is: Packing | null }> => {
  const { type, compress_type: older, action } = given(options.compress_options);
  const written = type ?? older;
  if (action !== undefined) {
    const wrong = refuseAction(action, side === 'source' ? 'read' : 'write', written !== undefined);
    if (wrong !== null) return wrong;
  }
  if (written === undefined) return { is: null };
  return { is: written === 'ZIPFILE' ? 'zip' : 'gzip' };
};

interface Ends {
  readonly source: Options;
  readonly target: Options;
  /** The target's other options: `key`, `mode` and sizes, by their names. */
  readonly place: JsonObject;
}

const converts = ({ source, target }: Ends): boolean =>
  (target.object_type !== undefined && target.object_type !== typeOf(source)) ||
  formatOptions.some((name) => target[name] !== undefined);

const splits = ({ place }: Ends): boolean =>
  typeof place['mode'] === 'string' && place['mode'].toUpperCase() === 'MULTI_FILE';

const columnsOf = ({ source, target }: Ends): readonly string[] | null =>
  given(target.json_options).fields ?? given(source.json_options).fields ?? null;

const needsNames = (from: RecordFormat, to: RecordFormat): Refusal =>
  from.kind === 'csv' && !from.header && (to.kind !== 'csv' || to.header)
    ? refuse(
        ['csv_options', 'has_headers'],
        'files without a header do not name their columns, and the target needs names',
        'Let the files have a header; CSV without one can only become CSV without one.',
      )
    : null;

type Records = NonNullable<Recoding['records']>;

const conversion = (ends: Ends): Records | RefusedRecoding => {
  const { source, target } = ends;
  // A target that says only how it is written keeps the source's type.
  const written = { ...target, object_type: target.object_type ?? typeOf(source) };
  for (const [side, options] of [
    ['source', source],
    ['target', written],
  ] as const) {
    const refused = refuseForeign(options) ?? refuseOrient(options) ?? refuseParquet(options, side);
    if (refused !== null) return { ...refused, side };
  }
  const from = recordsOf(source);
  if (isRefused(from)) return { ...from, side: 'source' };
  const to = recordsOf(written);
  if (isRefused(to)) return { ...to, side: 'target' };
  if (from.kind === 'parquet' && to.kind === 'parquet')
    return {
      side: 'target',
      ...refuse(
        ['parquet_options'],
        'Parquet files are not written anew as Parquet',
        'Leave parquet_options out: the files are copied as they are.',
      ),
    };
  const nameless = needsNames(from, to);
  return nameless === null
    ? { from, to, columns: columnsOf(ends) }
    : { ...nameless, side: 'source' };
};

const bytesOf = (place: JsonObject): number => {
  const { part_size: bytes, min_size: mebibytes } = place;
  const asked = typeof bytes === 'string' ? parseByteSize(bytes) : bytes;
  if (typeof asked === 'number') return asked;
  return typeof mebibytes === 'number' ? mebibytes * 1024 * 1024 : pieceBytesDefault;
};

const piecesOf = (ends: Ends, records: Records | null): Pieces | null | RefusedRecoding => {
  if (!splits(ends)) return null;
  const format = records?.to ?? recordsOf(ends.source);
  if (isRefused(format)) return { ...format, side: 'source' };
  if (format.kind === 'json' || format.kind === 'parquet')
    return {
      side: 'target',
      ...refuse(
        ['mode'],
        `mode MULTI_FILE cuts files at the ends of lines or records; ${format.kind.toUpperCase()} has one end`,
        'Leave mode out, or write object_type: JSONL.',
      ),
    };
  const bytes = bytesOf(ends.place);
  return bytes <= pieceBytesMax
    ? { bytes, format }
    : {
        side: 'target',
        ...refuse(
          [ends.place['part_size'] === undefined ? 'min_size' : 'part_size'],
          `with mode MULTI_FILE a piece has at most ${String(pieceBytesMax / 1024 / 1024)} MiB`,
          'Write a smaller size.',
        ),
      };
};

const packedName = (place: JsonObject): Packing => {
  const { key } = place;
  if (typeof key !== 'string') return 'none';
  if (/[^/]\.gz$/i.test(key)) return 'gzip';
  return /[^/]\.zip$/i.test(key) ? 'zip' : 'none';
};

interface Packings {
  readonly unpack: Recoding['unpack'];
  readonly pack: Packing;
}

/** Null: nothing is packed or unpacked, and nothing else is done that would need it. */
const packingsOf = (ends: Ends, isRead: boolean): Packings | null | RefusedRecoding => {
  const unpack = askedPacking(ends.source, 'source');
  if (isRefused(unpack)) return { ...unpack, side: 'source' };
  const pack = askedPacking(ends.target, 'target');
  if (isRefused(pack)) return { ...pack, side: 'target' };
  if (!isRead && unpack.is === null && pack.is === null) return null;
  return { unpack: unpack.is ?? 'by-name', pack: pack.is ?? packedName(ends.place) };
};

/** Source options of a format that nothing reads. */
const refuseIdle = ({ source }: Ends, isRead: boolean): RefusedRecoding | null => {
  const name = formatOptions.find((key) => source[key] !== undefined);
  return isRead || name === undefined
    ? null
    : {
        side: 'source',
        ...refuse(
          [name],
          `${name} has no effect where files are only packed or unpacked`,
          'Leave it out, or write another object_type at the target.',
        ),
      };
};

const assemble = (ends: Ends): Recoding | null | RefusedRecoding => {
  const records = converts(ends) ? conversion(ends) : null;
  if (records !== null && 'refused' in records) return records;
  const pieces = piecesOf(ends, records);
  if (pieces !== null && 'refused' in pieces) return pieces;
  const isRead = records !== null || pieces !== null;
  const packings = packingsOf(ends, isRead);
  if (packings === null || 'refused' in packings) return packings;
  return (
    refuseIdle(ends, isRead) ?? {
      ...packings,
      records,
      pieces,
      isNamed: typeof ends.place['key'] === 'string',
    }
  );
};

/**
 * Null: the bytes are copied as they are. Options as written or parsed, templates resolved; sizes of the target are in
 * bytes (`part_size`) or MiB (`min_size`). Pure.
 */
export const recodingOf = (
  source: JsonObject,
  target: JsonObject,
): Recoding | null | RefusedRecoding => {
  const from = formatOptionsOf(source);
  if ('refused' in from) return { ...from, side: 'source' };
  const to = formatOptionsOf(target);
  if ('refused' in to) return { ...to, side: 'target' };
  return assemble({ source: from, target: to, place: target });
};

const named: Readonly<Record<RecordFormat['kind'], string>> = {
  csv: 'CSV',
  jsonl: 'JSONL',
  json: 'JSON',
  parquet: 'Parquet',
};

/** What is done to each file, in words: `CSV becomes JSONL, packed as gzip`. */
export const recodingText = ({ unpack, records, pieces, pack }: Recoding): string =>
  [
    ...(unpack === 'gzip' || unpack === 'zip' ? [`unpacked from ${unpack}`] : []),
    ...(records === null ? [] : [`${named[records.from.kind]} becomes ${named[records.to.kind]}`]),
    ...(pieces === null ? [] : [`cut into pieces of at most ${String(pieces.bytes)} bytes`]),
    ...(pack === 'none' ? [] : [`packed as ${pack}`]),
  ].join(', ');
