/** No connector without its suites: what a connector declares is tested, or the gap is named here with a reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { connectors } from '../../../src/connectors/all.js';
import { fieldFacts, objectFields } from '../../../src/connectors/fields.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const testText = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'coverage.test.ts')
  .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
  .join('\n');

/** `<kind> source` or `<kind> target` → why it has no suite. */
const gaps: Readonly<Record<string, string>> = {};

const sides = connectors.flatMap((connector) => [
  ...(connector.source === undefined ? [] : [{ kind: connector.kind, side: 'source' as const }]),
  ...(connector.target === undefined ? [] : [{ kind: connector.kind, side: 'target' as const }]),
]);

const isCalled = (kind: string, side: 'source' | 'target'): boolean => {
  const suite = side === 'source' ? 'describeFileSource' : 'describeFileTarget';
  return new RegExp(`\\b${suite}\\(\\s*${kind}\\b`).test(testText);
};

describe('the list of connectors', () => {
  it('is in the order of their kinds, each once', () => {
    const kinds = connectors.map((connector) => connector.kind);
    expect(kinds).toEqual([...new Set(kinds)].sort());
  });

  it('gives no type name and no resource type twice', () => {
    const types = connectors.flatMap(({ type, connection }) => [type, ...connection.types]);
    expect(new Set(types).size).toBe(types.length);
  });
});

describe('every side of every connector', () => {
  it.each(sides)(
    '$kind has a suite call for its $side, or a gap with a reason',
    ({ kind, side }) => {
      const reason = gaps[`${kind} ${side}`];
      if (reason !== undefined) expect(reason.length).toBeGreaterThan(20);
      expect(isCalled(kind, side)).toBe(reason === undefined);
    },
  );

  it('has no gap that does not exist', () => {
    const known = sides.map(({ kind, side }) => `${kind} ${side}`);
    for (const gap of Object.keys(gaps)) expect(known).toContain(gap);
  });
});

describe('every field of every connector', () => {
  const schemas = connectors.flatMap(({ kind, connection, source, target }) => [
    { name: `${kind} connection`, schema: connection.options },
    ...(source === undefined ? [] : [{ name: `${kind} source`, schema: source.options }]),
    ...(target === undefined ? [] : [{ name: `${kind} target`, schema: target.options }]),
  ]);

  it.each(schemas)('of $name has a description', ({ schema }) => {
    const fields = Object.entries(objectFields(schema));
    expect(fields.length).toBeGreaterThan(0);
    for (const [name, field] of fields) {
      expect(fieldFacts(field).description, name).toMatch(/\S/);
    }
  });
});
