/** `partitions_def` of an asset (dialect §7.1): each type has its own keys; what cannot be read is reported and left out. */
import type { z } from 'zod';
import { objectFields } from '../../connectors/fields.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import type {
  PartitionDimension,
  PartitionsSpec,
  TimePartitions,
} from '../../core/plan/partitions.js';
import { canonicalJson, isJsonObject } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import { dimensionSeparator } from '../partitions/partition-keys.js';
import { formatTokens } from '../partitions/strftime.js';
import { boundMs, repeatedKey, usualFormats } from '../partitions/time-pieces.js';
import { cronProblem } from './cron.js';
import { missingKey, unknownType, wrongValue } from './diagnostics.js';
import { oncePerText } from './once-per.js';
import { withMeantKeys } from './meant-keys.js';
import { placedAt, placedEntries, type Placed } from './placed.js';
import { readShape, type Reading } from './reading.js';
import { partitionShapes } from './partition-shapes.js';
import { isTimeZone } from './time-zone.js';

type PartitionType = keyof typeof partitionShapes;
type Fields = Readonly<Record<string, z.ZodType>>;
type TimeType = TimePartitions['type'];

interface TimeShape {
  readonly start_date?: string | undefined;
  readonly start?: string | undefined;
  readonly end_date?: string | undefined;
  readonly end?: string | undefined;
  readonly timezone: string;
  readonly fmt?: string | undefined;
  readonly hour_offset?: number | undefined;
  readonly minute_offset?: number | undefined;
  readonly day_offset?: number | undefined;
  readonly cron_schedule?: string | undefined;
}

interface Finding {
  readonly key: string;
  /** Below the key. */
  readonly path?: readonly string[];
  readonly message: string;
  readonly fix?: string;
}

/** Of two spellings of one key: the one that is written. */
const either = (
  shape: TimeShape,
  names: readonly ['start_date', 'start'] | readonly ['end_date', 'end'],
): readonly [string, string | undefined] => {
  const [long, short] = names;
  return shape[long] === undefined ? [short, shape[short]] : [long, shape[long]];
};

const dateFinding = (key: string, text: string, zone: string): readonly Finding[] =>
  boundMs(text, zone) === undefined
    ? [
        {
          key,
          message: `${key} is ${JSON.stringify(text)} and should be a date or time in ISO 8601`,
          fix: 'Write a date such as "2025-01-31", or a time such as "2025-01-31T19:30".',
        },
      ]
    : [];

const doubleFinding = (shape: TimeShape): readonly Finding[] =>
  (
    [
      ['start_date', 'start'],
      ['end_date', 'end'],
    ] as const
  )
    .filter(([long, short]) => shape[long] !== undefined && shape[short] !== undefined)
    .map(([long, short]) => ({ key: short, message: `${long} and ${short} are both given` }));

/** What is wrong with the values one by one; nothing: they can be reckoned with. */
const timeFindings = (shape: TimeShape): readonly Finding[] => {
  const zone = isTimeZone(shape.timezone) ? shape.timezone : 'UTC';
  const [startKey, start] = either(shape, ['start_date', 'start']);
  const [endKey, end] = either(shape, ['end_date', 'end']);
  const cron = shape.cron_schedule === undefined ? undefined : cronProblem(shape.cron_schedule);
  const tokens = shape.fmt === undefined ? null : formatTokens(shape.fmt);
  const found: Finding[] = [
    ...doubleFinding(shape),
    ...(start === undefined ? [] : dateFinding(startKey, start, zone)),
    ...(end === undefined ? [] : dateFinding(endKey, end, zone)),
  ];
  if (zone !== shape.timezone)
    found.push({
      key: 'timezone',
      message: `timezone ${JSON.stringify(shape.timezone)} is not a time zone`,
      fix: 'Write a name such as UTC or Europe/Berlin.',
    });
  if (cron !== undefined)
    found.push({ key: 'cron_schedule', message: `cron_schedule cannot be read: ${cron}` });
  if (tokens !== null && 'problem' in tokens)
    found.push({
      key: 'fmt',
      message: `fmt is ${JSON.stringify(shape.fmt)}: ${tokens.problem}`,
      fix: `Known: ${tokens.known.join(', ')}.`,
    });
  return found;
};

const repeatedKeyOf = oncePerText(
  (spec: TimePartitions) => canonicalJson({ ...spec }),
  repeatedKey,
);

/** What the values mean together. */
const togetherFindings = (spec: TimePartitions, shape: TimeShape): readonly Finding[] => {
  const { start, end, timeZone } = spec;
  if (end !== null && (boundMs(end, timeZone) ?? 0) <= (boundMs(start, timeZone) ?? 0)) {
    const [key] = either(shape, ['end_date', 'end']);
    return [{ key, message: `${key} is ${end} and lies before the start, ${start}` }];
  }
  const repeated = repeatedKeyOf(spec);
  if (repeated === undefined) return [];
  return [
    {
      key: 'fmt',
      message: `fmt is ${JSON.stringify(spec.format)}, and ${repeated} would not name one partition alone`,
      fix: 'Write a format in which each piece has a key of its own, with at least the parts of time by which they differ.',
    },
  ];
};

const reportAll = (found: readonly Finding[], placed: Placed, { what, report }: Reading): void => {
  for (const { key, path = [], message, fix } of found)
    report(
      diagnose(
        wrongValue,
        placed.span([key, ...path], 'value'),
        `${what}: ${message}`,
        fix === undefined ? {} : { fix },
      ),
    );
};

const readTime = (type: TimeType, placed: Placed, reading: Reading): TimePartitions | undefined => {
  const schema: z.ZodType<TimeShape> = partitionShapes[type];
  const shape = readShape(schema, placed, 'partitions', reading);
  if (shape === undefined) return undefined;
  const [, start] = either(shape, ['start_date', 'start']);
  const [, end = null] = either(shape, ['end_date', 'end']);
  const found = timeFindings(shape);
  reportAll(found, placed, reading);
  if (start === undefined) {
    const message = `${reading.what}: start_date is missing`;
    reading.report(
      diagnose(missingKey, placed.span([], 'key'), message, {
        fix: 'Write the date of the first partition: start_date: "2025-01-01".',
      }),
    );
  }
  if (start === undefined || found.length > 0) return undefined;
  const spec: TimePartitions = {
    type,
    start,
    end,
    minuteOffset: shape.minute_offset ?? 0,
    hourOffset: shape.hour_offset ?? 0,
    dayOffset: shape.day_offset ?? 0,
    timeZone: shape.timezone,
    format: shape.fmt ?? usualFormats[type],
    cron: shape.cron_schedule ?? null,
  };
  const together = togetherFindings(spec, shape);
  reportAll(together, placed, reading);
  return together.length === 0 ? spec : undefined;
};

const repeatedIn = (values: readonly string[]): string | undefined =>
  values.find((value, at) => values.indexOf(value) !== at);

const readStatic = (placed: Placed, reading: Reading): PartitionDimension | undefined => {
  const shape = readShape(partitionShapes.static, placed, 'partitions', reading);
  if (shape === undefined) return undefined;
  const { values } = shape;
  const twice = repeatedIn(values);
  const long = values.find((value) => value.length > 200);
  const found = [
    ...(twice === undefined
      ? []
      : [{ key: 'values', message: `${JSON.stringify(twice)} stands twice in values` }]),
    ...(long === undefined
      ? []
      : [
          { key: 'values', message: `a value has ${long.length} characters, and 200 are possible` },
        ]),
  ];
  reportAll(found, placed, reading);
  return found.length === 0 ? { type: 'static', values } : undefined;
};

const typeOf = (placed: Placed): unknown =>
  isJsonObject(placed.value) ? placed.value['type'] : undefined;

const reportType = (type: unknown, placed: Placed, reading: Reading): void => {
  const known = Object.keys(partitionShapes).sort();
  if (type === undefined) {
    const message = `${reading.what}: type is missing`;
    reading.report(diagnose(missingKey, placed.span([], 'key'), message, { known }));
    return;
  }
  const near = suggest(String(type), known);
  const message = `${reading.what}: type ${JSON.stringify(type)} is not known`;
  reading.report(
    diagnose(unknownType, placed.span(['type'], 'value'), message, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      known,
    }),
  );
};

const partitionType = (placed: Placed, reading: Reading): PartitionType | undefined => {
  const type = typeOf(placed);
  const lower = typeof type === 'string' ? type.toLowerCase() : '';
  if (Object.hasOwn(partitionShapes, lower)) return lower as PartitionType;
  reportType(type, placed, reading);
  return undefined;
};

const spelt = (placed: Placed, reading: Reading): Placed => {
  const type = String(typeOf(placed)).toLowerCase();
  const shapes = Object.hasOwn(partitionShapes, type)
    ? [partitionShapes[type as PartitionType]]
    : Object.values(partitionShapes);
  const fields = shapes.map((shape) => objectFields(shape));
  return withMeantKeys(placed, Object.assign({}, ...fields) as Fields, reading);
};

const readDimension = (written: Placed, reading: Reading): PartitionDimension | undefined => {
  const placed = spelt(written, reading);
  const type = partitionType(placed, reading);
  if (type === undefined) return undefined;
  if (type === 'static') return readStatic(placed, reading);
  if (type === 'dynamic') {
    const shape = readShape(partitionShapes.dynamic, placed, 'partitions', reading);
    return shape && { type: 'dynamic', name: shape.name };
  }
  if (type !== 'multi') return readTime(type, placed, reading);
  const message = `${reading.what}: a dimension has no dimensions of its own`;
  reading.report(diagnose(wrongValue, placed.span(['type'], 'value'), message));
  return undefined;
};

const multiFindings = (
  dimensions: readonly (readonly [string, PartitionDimension])[],
): readonly Finding[] => {
  const times = dimensions.filter(([, { type }]) => type !== 'static' && type !== 'dynamic');
  const seconds = times.slice(1).map(([name]) => ({
    key: 'dimensions',
    path: [name],
    message: `${name} is a second dimension of time; one is possible`,
  }));
  const joined = dimensions.flatMap(([name, dimension]) => {
    const values = dimension.type === 'static' ? dimension.values : [];
    return values
      .filter((value) => value.includes(dimensionSeparator))
      .map((value) => ({
        key: 'dimensions',
        path: [name, 'values'],
        message: `${name} has the value ${JSON.stringify(value)}; "|" joins the values of a key and cannot be part of one`,
      }));
  });
  return [...seconds, ...joined];
};

const readMulti = (placed: Placed, reading: Reading): PartitionsSpec | undefined => {
  const shape = readShape(partitionShapes.multi, placed, 'partitions', reading);
  if (shape === undefined) return undefined;
  const entries = placedEntries(placedAt(placed, 'dimensions'));
  const read = entries.map(([name, entry]) => {
    const inner = { what: `${reading.what}: dimensions.${name}`, report: reading.report };
    return [name, readDimension(entry, inner)] as const;
  });
  const dimensions = read.flatMap(([name, dimension]) =>
    dimension === undefined ? [] : [[name, dimension] as const],
  );
  const found = [
    ...(entries.length < 2
      ? [{ key: 'dimensions', message: 'two dimensions or more are needed' }]
      : []),
    ...multiFindings(dimensions),
  ];
  reportAll(found, placed, reading);
  if (found.length > 0 || dimensions.length < entries.length) return undefined;
  return { type: 'multi', dimensions: Object.fromEntries(dimensions) };
};

/** `placed` is the mapping, or null: the asset has no partitions. */
export const readPartitions = (
  written: Placed,
  { what, report }: Reading,
): PartitionsSpec | null => {
  if (written.value === null) return null;
  const reading = { what: `${what}: partitions_def`, report };
  const placed = spelt(written, reading);
  const isMulti = String(typeOf(placed)).toLowerCase() === 'multi';
  return (isMulti ? readMulti(placed, reading) : readDimension(placed, reading)) ?? null;
};
