/**
 * The JSON Schemas for editors and the linter judge alike (issue of design §10: `schema`). What "alike" covers is the
 * structure and the values of fields: keys, types, choices, bounds, required keys, what excludes what, older and refused
 * spellings, where a template may stand. It does not cover what several entries mean together (references, names,
 * routes, rules of `lint/`), texts with a syntax of their own (see `configurations.ts`), the two checks of a connector
 * over several of its fields, and the required keys of connections, which come from several layers, and the bounds
 * of numbers that are written in quotes.
 */
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connectors } from '../../src/connectors/all.js';
import { fieldFacts, objectFields } from '../../src/connectors/fields.js';
import { sideDeclaration } from '../../src/connectors/sides.js';
import { filesInMemory } from '../../src/language/lint/sample-connectors.fixture.js';
import { loadProject } from '../../src/language/lint/load-project.js';
import { fileSchemas } from '../../src/language/schema/file-schemas.js';
import { assetsAndConnections, everythingElse, type Configuration } from './configurations.js';

const files: Readonly<Record<Configuration['kind'], string>> = {
  connections: 'connections/common.yaml',
  pipelines: 'pipelines/orders.yaml',
  tidemark: 'tidemark.yaml',
  vars: 'vars/common.yaml',
};

const structural = [
  'missing-key',
  'no-known-section',
  'not-supported',
  'template-not-allowed',
  'unknown-key',
  'unknown-type',
  'wrong-side',
  'wrong-value',
].map((name) => `definition/${name}`);

/** Layers merge key by key, but a list is of one layer: what is missing in it is missing. */
const isOfOtherLayer = (finding: string): boolean =>
  finding.startsWith('definition/missing-key') && !finding.includes('[');

/** What the linter says about structure and values, as `code: message`. */
const findings = ({ kind, content }: Configuration): readonly string[] => {
  const texts = {
    'pipelines/other.yaml': 'assets: []',
    [files[kind]]: JSON.stringify(content),
  };
  const { diagnostics } = loadProject({
    root: '/projects/shop',
    env: {},
    files: filesInMemory(texts),
    connectors,
  });
  return diagnostics
    .filter(({ code }) => structural.includes(code))
    .map(({ code, message }) => `${code}: ${message}`);
};

const compile = (allErrors = false) => {
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors });
  ajv.addVocabulary(['errorMessage', 'doNotSuggest']);
  return new Map(
    fileSchemas.map(({ kind, build }) => [kind, ajv.compile(build(connectors))] as const),
  );
};

type Validators = ReturnType<typeof compile>;

type Verdict = 'both accept' | 'both refuse' | 'not to be judged' | { readonly said: string };

const verdictOf = (configuration: Configuration, validators: Validators): Verdict => {
  const all = findings(configuration);
  const isLayer = configuration.kind === 'connections';
  // Its keys cannot be judged: another layer says what kind of connection it is.
  if (isLayer && all.some((finding) => finding.endsWith(': type is missing')))
    return 'not to be judged';
  const said = isLayer ? all.filter((finding) => !isOfOtherLayer(finding)) : all;
  const validate = validators.get(configuration.kind);
  const accepted = validate?.(configuration.content) === true;
  if (accepted === (said.length === 0)) return accepted ? 'both accept' : 'both refuse';
  return {
    said: accepted
      ? `only the linter refuses: ${said.join('; ')}`
      : `only the schema refuses: ${JSON.stringify(validate?.errors?.slice(0, 3))}`,
  };
};

/** Throws what disagrees; answers how many both accepted and how many both refused. */
const compare = (configurations: fc.Arbitrary<Configuration>, numRuns: number) => {
  const validators = compile();
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(configurations, (configuration) => {
      const verdict = verdictOf(configuration, validators);
      if (typeof verdict === 'object') throw new Error(verdict.said);
      if (verdict === 'both accept') seen.accepted++;
      if (verdict === 'both refuse') seen.refused++;
    }),
    { numRuns },
  );
  return seen;
};

describe('linter and JSON Schema agree', () => {
  test('on 1,000 generated assets and connections, of which many are right and many are not', () => {
    const { accepted, refused } = compare(assetsAndConnections, 1000);
    expect(accepted).toBeGreaterThan(250);
    expect(refused).toBeGreaterThan(250);
  }, 120_000);

  test('on 500 generated jobs, schedules, sensors and settings of a project', () => {
    const { accepted, refused } = compare(everythingElse, 500);
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  }, 120_000);

  test('on every option that is refused by name, with its advice', () => {
    const validate = compile(true).get('pipelines');
    const refused = connectors.flatMap((connector) =>
      (['source', 'target'] as const).flatMap((side) =>
        Object.entries(objectFields(sideDeclaration(connector, side)?.options ?? z.unknown()))
          .filter(([, option]) => fieldFacts(option).refused !== undefined)
          .map(([name]) => ({ side, type: connector.type, name })),
      ),
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const { side, type, name } of refused) {
      const place = { type, connection: 'place', configs: { [name]: 'x' } };
      const content = { assets: [{ name: 'orders', source: place, [side]: place }] };
      const said = findings({ kind: 'pipelines', content });
      expect(said.some((one) => one.includes(`${side}: ${name} is not supported`))).toBe(true);
      validate?.(content);
      const places = (validate?.errors ?? []).map(({ instancePath }) => instancePath);
      expect(places).toContain(`/assets/0/${side}/configs/${name}`);
    }
  });
});
