import { describe, expect, it } from 'vitest';
import { fileFormatFields } from '../formats/options.js';
import { connectors } from './all.js';
import { fieldFacts, objectFields } from './fields.js';

const sides = connectors.flatMap(({ type, source, target }) => [
  ...(source === undefined ? [] : [[`${type} source`, source.options] as const]),
  ...(target === undefined ? [] : [[`${type} target`, target.options] as const]),
]);

describe.each(sides)('%s', (_, options) => {
  const fields = objectFields(options);

  it('takes the options of formats, so that any database can read and write its files', () => {
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(fileFormatFields)));
    const supported = Object.entries(fields).filter(
      ([name, schema]) =>
        Object.hasOwn(fileFormatFields, name) && fieldFacts(schema).refused === undefined,
    );
    expect(supported.map(([name]) => name).sort()).toEqual([
      'compress_options',
      'csv_options',
      'delimiter',
      'json_options',
      'object_type',
      'parquet_options',
    ]);
    for (const [, schema] of supported) expect(fieldFacts(schema).template).toBe('run');
  });

  it('has no default that says how files are written or compressed: plans of copies stay as they are', () => {
    for (const name of Object.keys(fileFormatFields).filter((known) => known !== 'object_type'))
      expect(fields[name]?.parse(undefined), name).toBeUndefined();
  });
});
