/** PostgreSQL's types as generic code needs to know them. */
import type { ColumnFamily } from '../../core/plan/rows.js';

const families: Readonly<Record<string, ColumnFamily>> = {
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  numeric: 'decimal',
  real: 'float',
  'double precision': 'float',
  boolean: 'boolean',
  text: 'text',
  'character varying': 'text',
  character: 'text',
  name: 'text',
  citext: 'text',
  uuid: 'other',
  bytea: 'binary',
  date: 'date',
  'time without time zone': 'time',
  'time with time zone': 'time',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  json: 'json',
  jsonb: 'json',
};

/** `type` as `format_type` gives it: `numeric(12,2)`, `timestamp(3) with time zone`. */
export const familyOf = (type: string): ColumnFamily =>
  families[type.replace(/\s*\([^)]*\)/, '')] ?? 'other';

/** Families and types by which rows can be told in an exact order; the text of their values is exact. */
export const isOrderable = (type: string): boolean => {
  const family = familyOf(type);
  if (['integer', 'decimal', 'text', 'date', 'timestamp', 'timestamptz'].includes(family)) {
    return true;
  }
  return ['uuid', 'bytea', 'boolean', 'inet', 'macaddr'].includes(type);
};

export const isTime = (type: string): boolean =>
  ['date', 'timestamp', 'timestamptz'].includes(familyOf(type));

/** Types that COPY quotes nowhere with `quoting: NONNUMERIC`. */
export const isNumeric = (type: string): boolean =>
  ['integer', 'decimal', 'float'].includes(familyOf(type));
