/** Checks of an asset (dialect §7.6): each type has its own keys; a check that cannot be read is reported and left out. */
import type { z } from 'zod';
import { objectFields } from '../../connectors/fields.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import type { CheckSpec } from '../../core/plan/plan.js';
import { isJsonObject } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import { unknownType } from './diagnostics.js';
import { withMeantKeys } from './meant-keys.js';
import { placedItems, type Placed } from './placed.js';
import { readShape, type Reading } from './reading.js';
import { checkShapes } from './check-shapes.js';

type CheckType = CheckSpec['type'];

/** Types whose question only a table can answer. */
export const tableChecks: readonly CheckType[] = ['unique', 'not_null', 'freshness', 'sql'];

const isCheckType = (type: string): type is CheckType => Object.hasOwn(checkShapes, type);

const typeOf = (placed: Placed): string => {
  const type = isJsonObject(placed.value) ? placed.value['type'] : undefined;
  return typeof type === 'string' ? type.toLowerCase() : 'observation_diff';
};

/** Before the type can be told, a slip of `type` is one of any check. */
const fieldsOfType = (placed: Placed): Readonly<Record<string, z.ZodType>> => {
  const type = typeOf(placed);
  const hasType = isJsonObject(placed.value) && Object.hasOwn(placed.value, 'type');
  if (hasType && isCheckType(type)) return objectFields(checkShapes[type]);
  const all = Object.values(checkShapes).map((shape) => objectFields(shape));
  return Object.assign({}, ...all) as Readonly<Record<string, z.ZodType>>;
};

const reportType = (type: string, placed: Placed, reading: Reading): void => {
  const known = Object.keys(checkShapes).sort();
  const near = suggest(type, known);
  const message = `${reading.what}: type ${JSON.stringify(type)} is not known`;
  reading.report(
    diagnose(unknownType, placed.span(['type'], 'value'), message, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      known,
    }),
  );
};

/** One reader for each type: what it says beside name and severity. */
const readers: {
  readonly [T in CheckType]: (placed: Placed, reading: Reading) => CheckSpec | undefined;
} = {
  observation_diff: (placed, reading) => {
    const shape = readShape(checkShapes.observation_diff, placed, 'check', reading);
    return (
      shape && {
        name: shape.name,
        severity: shape.severity,
        type: 'observation_diff',
        sourceKey: shape.source_key,
        targetKey: shape.target_key,
        threshold: shape.threshold,
      }
    );
  },
  row_count: (placed, reading) => {
    const shape = readShape(checkShapes.row_count, placed, 'check', reading);
    if (shape === undefined) return undefined;
    const { name, severity, min = null, max = null } = shape;
    return { name, severity, type: 'row_count', min, max };
  },
  unique: (placed, reading) => {
    const shape = readShape(checkShapes.unique, placed, 'check', reading);
    if (shape === undefined) return undefined;
    const { name, severity, columns } = shape;
    return { name, severity, type: 'unique', columns };
  },
  not_null: (placed, reading) => {
    const shape = readShape(checkShapes.not_null, placed, 'check', reading);
    if (shape === undefined) return undefined;
    const { name, severity, columns } = shape;
    return { name, severity, type: 'not_null', columns };
  },
  freshness: (placed, reading) => {
    const shape = readShape(checkShapes.freshness, placed, 'check', reading);
    if (shape === undefined) return undefined;
    const { name, severity, column, max_age: maxAgeMs } = shape;
    return { name, severity, type: 'freshness', column, maxAgeMs };
  },
  sql: (placed, reading) => {
    const shape = readShape(checkShapes.sql, placed, 'check', reading);
    if (shape === undefined) return undefined;
    const { name, severity, sql } = shape;
    return { name, severity, type: 'sql', sql };
  },
};

/** `placed` is the list of checks, or null. */
export const readChecks = (placed: Placed, { what, report }: Reading): readonly CheckSpec[] =>
  placedItems(placed).flatMap((written, index) => {
    const reading = { what: `${what}: checks[${index}]`, report };
    const entry = withMeantKeys(written, fieldsOfType(written), reading);
    const type = typeOf(entry);
    if (isCheckType(type)) return readers[type](entry, reading) ?? [];
    reportType(type, entry, reading);
    return [];
  });
