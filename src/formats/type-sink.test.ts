import { expect, it } from 'vitest';
import { plainCsv } from '../core/plan/rows.js';
import { conversions } from './all.js';
import { TypeSink } from './type-sink.js';

const typesOf = (values: readonly (string | null)[]): string | undefined => {
  const [csv] = conversions.codecs;
  if (csv === undefined) throw new Error('CSV is the first codec');
  const sink = new TypeSink(csv.writer(plainCsv));
  sink.begin(['x']);
  for (const value of values) {
    const bytes = Buffer.from(value ?? '');
    sink.cell(value === null ? 'null' : 'text', bytes, 0, bytes.length);
    sink.endRow();
  }
  return sink.types[0];
};

it.each([
  [['1', '-20', null, '0'], 'BIGINT'],
  [['1', '2.50', '-0.5'], 'DOUBLE'],
  [['true', 'false'], 'BOOLEAN'],
  [['007'], 'VARCHAR'],
  [['-0'], 'VARCHAR'],
  [['1', 'x'], 'VARCHAR'],
  [['1', ''], 'VARCHAR'],
  [['true', '1'], 'VARCHAR'],
  [['2026-01-01'], 'VARCHAR'],
  [['1.', '1'], 'VARCHAR'],
  [['999999999999999999'], 'BIGINT'],
  [['9999999999999999999'], 'VARCHAR'],
  [['0.12345678901234567'], 'VARCHAR'],
  [['1234567890123456', '0.5'], 'VARCHAR'],
  [['1e5'], 'VARCHAR'],
  [[null], 'VARCHAR'],
  [[], 'VARCHAR'],
] as const)('%j is %s: no value becomes another one (G15)', (values, type) => {
  expect(typesOf(values)).toBe(type);
});
