import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TidemarkError } from '../core/errors/error.js';
import type { AssetOrder, AssetPlan, AssetResult, RunPlan } from '../core/plan/plan.js';
import { standInResults } from '../core/run/stand-in-result.js';
import type { JsonObject } from '../core/values/json.js';
import type { AssetDefinition } from '../language/definition/definition.js';
import { addressDigest, identityDigest, unitOf } from './digests.js';
import { holdsVersion } from './holds-version.js';
import { planAsset, type AssetFacts } from './plan-asset.js';
import { planItems, type ItemFacts } from './plan-items.js';
import { planRun } from './plan-run.js';
import { planSensor } from './plan-sensor.js';
import {
  asset,
  connectors,
  cratePartBytesMin,
  endpoint,
  facts,
  file,
  plannedAt,
  project,
  sensor,
  trigger,
} from './planner.fixture.js';
import { chooseSizes, partBytesFor } from './sizes.js';

const owner = 'shop/asset/orders/first-run';

const orderOf = (
  run: RunPlan,
  upstreams: Readonly<Record<string, AssetResult>> = {},
): AssetOrder => {
  const [first] = run.assets;
  if (first === undefined) throw new Error('the run has no asset');
  const { context, connections, searchAttributes } = run;
  return { context, asset: first, connections, upstreams, runId: 'run', searchAttributes };
};

interface Given {
  readonly definition?: Partial<AssetDefinition>;
  readonly input?: JsonObject;
  readonly upstreams?: Readonly<Record<string, AssetResult>>;
  readonly vary?: AssetFacts['vary'];
  readonly env?: Readonly<Record<string, string>>;
}

const planned = ({
  definition = {},
  input = {},
  upstreams = {},
  vary = null,
  env = {},
}: Given): AssetPlan => {
  const run = planRun(
    project({ assets: [asset('orders', definition)] }),
    input,
    facts('orders', { env: { PARTNER_HOST: 'h', ...env } }),
  );
  return planAsset(orderOf(run, upstreams), { connectors, owner, ownerStartedMs: 1, vary });
};

const source = (configs: JsonObject) => endpoint('shelf', 'partner', { path: '/out', ...configs });
const target = (configs: JsonObject) =>
  endpoint('crate', 'lake', { bucket_name: 'raw', ...configs });

const failure = (run: () => unknown): { code: string; message: string } => {
  try {
    run();
  } catch (error) {
    if (error instanceof TidemarkError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
};

const known: ItemFacts = {
  connectors,
  serverNowMs: null,
  targetConnection: { endpoint: 'x', bucket_name: 'usual' },
};
const keys = (plan: AssetPlan, ...paths: readonly string[]) =>
  planItems(
    plan,
    paths.map((path) => file(path)),
    known,
  ).items.map(({ address }) => `${address?.container}/${address?.key}`);

describe('options of an asset', () => {
  it('templates of the run are resolved, templates of the item are kept with what they need and no more', () => {
    const plan = planned({
      definition: {
        source: source({ path: '/out/{{ params.zone }}' }),
        target: target({
          key: '{{ params.zone }}/{{ source.path }}/{{ source.item.file_name }}',
          prefix: '{{ params.day }}',
        }),
      },
      input: { params: { zone: 'eu', day: 'd1' } },
    });
    expect(plan.source.options['path']).toBe('/out/eu');
    expect(plan.target?.options).toEqual({
      bucket_name: 'raw',
      key: '{{ params.zone }}/{{ source.path }}/{{ source.item.file_name }}',
      prefix: 'd1',
    });
    expect(plan.scope).toEqual({
      now: plannedAt,
      params: { zone: 'eu' },
      source: { path: '/out/eu' },
    });
    expect(keys(plan, 'a.csv')).toEqual(['raw/eu//out/eu/a.csv']);
  });

  it('results of upstreams are seen under their alias', () => {
    const result: AssetResult = {
      bucket_name: 'b',
      prefix: 'p/q',
      keys: [],
      files: 1,
      rows: 0,
      bytes: 1,
      table_name: null,
    };
    const definition = { source: source({ path: '/{{ landed.result.prefix }}' }) };
    expect(planned({ definition, upstreams: { landed: result } }).source.options['path']).toBe(
      '/p/q',
    );
    const { code, message } = failure(() => planned({ definition }));
    expect(code).toBe('template/unknown-name');
    expect(message).toContain('asset "orders", source.path');
  });

  it('before an upstream has run, its result has a name for everything', () => {
    const upstreams = standInResults({ upstreams: [{ asset: 'land', alias: 'landed' }] });
    const path = '/{{ landed.result.keys[0] }} {{ landed.result.prefix }}';
    const plan = planned({ definition: { source: source({ path }) }, upstreams });
    expect(plan.source.options['path']).toBe('/<key of landed> <prefix of landed>');
  });

  it('a list of keys that is not whole is refused, its prefix is not (D4)', () => {
    const landed: AssetResult = {
      bucket_name: 'b',
      prefix: 'p/q',
      keys: ['p/q/1'],
      keys_cut: true,
      files: 1001,
      rows: 0,
      bytes: 1,
      table_name: null,
    };
    const planOf = (path: string) => () =>
      planned({ definition: { source: source({ path }) }, upstreams: { landed } });
    const { code, message } = failure(planOf('/{{ landed.result.keys[0] }}'));
    expect(code).toBe('plan/bad-template');
    expect(message).toContain('landed.result.keys, which holds the first 1000 keys and not all');
    expect(planOf('/{{ landed.result.prefix }}')().source.options['path']).toBe('/p/q');
  });

  it('a number that a template gives becomes text where the field takes text', () => {
    const plan = planned({
      definition: { target: target({ prefix: '{{ params.day }}' }) },
      input: { params: { day: 20260131 } },
    });
    expect(plan.target?.options['prefix']).toBe('20260131');
  });

  it('what the connector refuses is an error with asset, field and value', () => {
    const { code, message } = failure(() =>
      planned({
        definition: { source: source({ pattern: '{{ params.p }}' }) },
        input: { params: { p: '(' } },
      }),
    );
    expect(code).toBe('plan/bad-options');
    expect(message).toMatch(/asset "orders", source\.pattern: .*it is "\("/);
  });

  it('a field that the connector does not support is refused by name', () => {
    expect(
      failure(() => planned({ definition: { target: target({ split: 'x' }) } })).message,
    ).toContain('target.split is not supported');
  });

  it.each([
    ['a source', { source: source({ path: '{{ source.item.file_name }}' }) }],
    [
      'a field that is the same for every item',
      { target: target({ bucket_name: '{{ source.item.file_name }}' }) },
    ],
  ])('source.item in %s is refused', (_, definition) => {
    expect(failure(() => planned({ definition })).code).toBe('plan/bad-template');
  });

  it('a launch value with braces never becomes a template of the item', () => {
    const definition = { target: target({ key: '{{ params.key }}' }) };
    const input = { params: { key: "{{ source.item.file_name }}{{ fn.secrets.get('X') }}" } };
    expect(failure(() => planned({ definition, input })).message).toContain(
      'braces are not allowed',
    );
  });

  it('delete_source needs a source that can delete', () => {
    expect(
      failure(() => planned({ definition: { source: source({ delete_source: true }) } })).message,
    ).toContain('SHELF cannot delete');
  });

  it('G10: no secret is in the plan of an asset or of a sensor', () => {
    const canary = randomBytes(12).toString('hex');
    const env = { PARTNER_HOST: 'h', TOKEN: canary, PARTNER_PASSWORD: canary, LAKE_KEY: canary };
    const secret = source({ token: '{{ env.TOKEN }}' });
    const watching = project({ sensors: [sensor({ source: secret })] });
    const texts = [
      planned({ definition: { source: secret }, env }),
      planSensor(watching, 'arrivals', { connectors, env, plannedAt }),
    ];
    expect(JSON.stringify(texts)).not.toContain(canary);
    expect(JSON.stringify(texts[0])).toContain('{{ env.TOKEN }}');
  });
});

describe('route and narrowing', () => {
  it('an asset without a target only lists', () => {
    const plan = planned({ definition: { target: null } });
    expect([plan.route, plan.target]).toEqual(['list-only', null]);
    expect(planItems(plan, [file('a')], known).items).toEqual([{ file: file('a'), address: null }]);
  });

  it('a pair without a way says which side cannot', () => {
    const { code, message } = failure(() =>
      planned({ definition: { source: target({}), target: target({}) } }),
    );
    expect([code, message]).toEqual([
      'plan/no-route',
      'asset "orders": CRATE can only be a target',
    ]);
  });

  const input = (...paths: readonly string[]) => ({
    trigger: trigger(...paths) as unknown as JsonObject,
  });
  const narrowed = (definition: Partial<AssetDefinition>, ...paths: readonly string[]) =>
    planned({ definition, input: input(...paths) }).narrowedTo?.map((item) => item.relative_path) ??
    null;

  it('a source that covers items of the trigger reads only these', () => {
    expect(narrowed({ source: source({ pattern: 'a' }) }, 'a.csv', 'b.csv')).toEqual(['a.csv']);
  });

  it.each([
    ['on_trigger is all', { onTrigger: 'all' as const }],
    ['a template uses the trigger', { target: target({ prefix: '{{ trigger.data.file_name }}' }) }],
    ['the source covers no item', { source: source({ pattern: 'z' }) }],
  ])('the whole source is read when %s', (_, definition) => {
    expect(narrowed(definition, 'a.csv')).toBeNull();
  });

  it('the whole source is read when the sensor watches another connection', () => {
    const other = { ...trigger('a.csv'), connection: 'elsewhere' } as unknown as JsonObject;
    expect(planned({ input: { trigger: other } }).narrowedTo).toBeNull();
  });
});

describe('items', () => {
  it('without a key the path below the folder is kept, under the prefix', () => {
    expect(keys(planned({}), 'x/a.csv', 'b.csv')).toEqual([
      'raw/orders/x/a.csv',
      'raw/orders/b.csv',
    ]);
  });

  it('D16: two files with one target are refused before anything is written, and both are named', () => {
    const plan = planned({
      definition: { target: target({ key: '{{ source.item.file_name }}' }) },
    });
    const { code, message } = failure(() => keys(plan, 'x/a.csv', 'y/a.csv'));
    expect(code).toBe('plan/same-target');
    expect(message).toContain('"/out/x/a.csv" and "/out/y/a.csv"');
  });

  it('a predicate sees fields bare, as source.item, and the parameters of the run', () => {
    const predicate = 'file_size > params.least and source.item.file_name != "skip.csv"';
    const plan = planned({
      definition: { source: source({ predicate }) },
      input: { params: { least: 5 } },
    });
    const { items, filtered } = planItems(
      plan,
      [file('a.csv', 9), file('b.csv', 5), file('skip.csv', 9)],
      known,
    );
    expect([items.map((item) => item.file.relativePath), filtered]).toEqual([['a.csv'], 2]);
  });

  it.each([
    ['is not true or false', 'file_size', 'plan/bad-predicate'],
    ['uses an unknown name', 'object_size > 1', 'template/unknown-name'],
    ['has braces', 'a }} {{ b', 'plan/bad-predicate'],
  ])('a predicate that %s is an error, never "no"', (_, predicate, code) => {
    expect(
      failure(() => keys(planned({ definition: { source: source({ predicate }) } }), 'a.csv')).code,
    ).toBe(code);
  });

  it('check_is_modifying leaves out what is younger than a minute by the clock of the server', () => {
    const plan = planned({ definition: { source: source({ check_is_modifying: true }) } });
    const at = (ageMs: number) =>
      planItems(plan, [file('a')], { ...known, serverNowMs: 1_769_000_000_000 + ageMs }).filtered;
    expect([at(59_999), at(60_000)]).toEqual([1, 0]);
  });

  it('every file lands at exactly one address, and equal input gives equal addresses', () => {
    const plan = planned({ definition: { target: target({ key: 'k/{{ source.item.path }}' }) } });
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 30 });
    fc.assert(
      fc.property(names, (paths) => {
        const first = keys(plan, ...paths);
        expect(new Set(first).size).toBe(paths.length);
        expect(keys(plan, ...paths)).toEqual(first);
      }),
      { numRuns: 60 },
    );
  });
});

describe('plans as bytes', () => {
  it('the same order gives the same bytes, whatever the parameters are', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('zone', 'day'), fc.string({ maxLength: 8 })),
        (params) => {
          const definition = {
            source: source({
              path: "/{{ params.zone | default('') }}{{ params.day | default('') }}",
            }),
          };
          const once = JSON.stringify(planned({ definition, input: { params } }));
          const turned = Object.fromEntries(Object.entries(params).reverse());
          expect(JSON.stringify(planned({ definition, input: { params: turned } }))).toBe(once);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('identities differ when anything that tells versions apart differs, and pinning changes nothing', () => {
    const { identity } = file('a.csv');
    const digest = identityDigest(identity);
    expect(identityDigest({ ...identity, ends: 'hash' })).toBe(digest);
    const others = [
      { size: 11 },
      { modified: '1' },
      { etag: '"x"' },
      { version: 'v' },
      { path: '/b' },
    ];
    expect(
      new Set([digest, ...others.map((change) => identityDigest({ ...identity, ...change }))]).size,
    ).toBe(6);
    expect(unitOf('a', identity)).not.toBe(unitOf('b', identity));
    expect(addressDigest({ container: 'a', key: 'b/c' })).not.toBe(
      addressDigest({ container: 'a/b', key: 'c' }),
    );
  });
});

describe('what the target already holds', () => {
  const { identity } = file('a.csv', 7);
  const object = { size: 7, tag: 't' };

  it('is decided by the kept digest where the target keeps one', () => {
    const copiedFrom = identityDigest(identity);
    const answers = [{ ...object, copiedFrom }, { ...object, copiedFrom: 'other' }, object];
    expect(answers.map((found) => holdsVersion(found, identity, true))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is decided by size and whole seconds elsewhere', () => {
    const at = (modified: string, size = 7) =>
      holdsVersion({ ...object, size, modified }, { ...identity, modified: '100.9' }, false);
    expect([at('100'), at('101'), at('100', 8)]).toEqual([true, false, false]);
    expect(holdsVersion(object, identity, false)).toBe(false);
  });
});

describe('sizes', () => {
  it('are legal for every target and every file: no part too small, never too many parts', () => {
    const bytes = fc.integer({ min: 0, max: 5 * 1024 ** 4 });
    const limits = fc.record({
      partBytesMin: fc.integer({ min: 1, max: 64 * 1024 ** 2 }),
      partsMax: fc.integer({ min: 1, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(
        limits,
        bytes,
        fc.constantFrom('tiny' as const, null),
        (target, fileBytes, vary) => {
          const sizes = chooseSizes(target, { workers: 5, partBytes: null, vary });
          const partBytes = partBytesFor(sizes, fileBytes);
          expect(partBytes).toBeGreaterThanOrEqual(target.partBytesMin);
          expect(Math.ceil(fileBytes / partBytes)).toBeLessThanOrEqual(target.partsMax);
        },
      ),
    );
  });

  it('a size that the options ask for is taken, unless the target allows none so small', () => {
    const partBytes = (part_size: number) =>
      planned({ definition: { target: target({ part_size }) } }).sizes.partBytes;
    expect([partBytes(64 * 1024 ** 2), partBytes(1)]).toEqual([64 * 1024 ** 2, cratePartBytesMin]);
  });

  it('tiny gives the smallest parts that the target takes', () => {
    const { partBytes, chunkParts, batchItems, pageItems, singleBytesMax } = planned({
      vary: 'tiny',
    }).sizes;
    expect([partBytes, chunkParts, batchItems, pageItems, singleBytesMax]).toEqual([
      cratePartBytesMin,
      1,
      3,
      5,
      1024,
    ]);
  });
});

describe('sensors', () => {
  it('the plan says what is watched, and its hash follows what it says', () => {
    const plan = (changes: Parameters<typeof sensor>[0]) =>
      planSensor(project({ sensors: [sensor(changes)] }), 'arrivals', {
        connectors,
        env: { PARTNER_HOST: 'h' },
        plannedAt,
      });
    expect(plan({})).toMatchObject({
      job: 'orders_job',
      seenMax: 20_000,
      source: { connection: 'partner', identity: { host: 'h' } },
    });
    expect(plan({ settleMs: 1 }).hash).not.toBe(plan({}).hash);
    const later = { connectors, env: { PARTNER_HOST: 'h' }, plannedAt: '2027-01-01T00:00:00.000Z' };
    expect(planSensor(project({ sensors: [sensor({})] }), 'arrivals', later).hash).toBe(
      plan({}).hash,
    );
    expect(
      plan({ source: source({ predicate: 'file_size > params.n' }), params: { n: 1 } }).scope,
    ).toEqual({ params: { n: 1 } });
  });
});
