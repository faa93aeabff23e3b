import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TidemarkError } from '../core/errors/error.js';
import type { RunPlan } from '../core/plan/plan.js';
import type { Definition } from '../language/definition/definition.js';
import { planRun, type RunFacts } from './plan-run.js';
import {
  asset,
  connection,
  endpoint,
  facts,
  job,
  parameter,
  project,
  sensor,
  trigger,
} from './planner.fixture.js';

const plan = (
  definition: Definition,
  input: unknown,
  name = 'orders_job',
  changes: Partial<RunFacts> = {},
): RunPlan => planRun(definition, input, facts(name, changes));

const failure = (run: () => unknown): { code: string; message: string; fix: string } => {
  try {
    run();
  } catch (error) {
    if (error instanceof TidemarkError)
      return { code: error.code, message: error.message, fix: error.fix };
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('which assets a run has', () => {
  it('a job, a prefixed job, an asset and a prefixed asset can be started', () => {
    for (const name of ['orders_job', 'job.orders_job', 'orders', 'asset.orders']) {
      const { context, assetIds } = plan(project(), {}, name);
      expect([context.kind, assetIds]).toEqual([
        name.includes('job') ? 'job' : 'asset',
        { orders: 'shop/asset/orders' },
      ]);
    }
  });

  it('an unknown name lists what is known and suggests the nearest', () => {
    const { code, message, fix } = failure(() => plan(project(), {}, 'order_job'));
    expect(code).toBe('plan/unknown-name');
    expect(message).toContain('jobs: orders_job; assets: orders; sensors: arrivals');
    expect(fix).toBe('Did you mean orders_job?');
  });

  it('a sensor is not a run', () => {
    expect(failure(() => plan(project(), {}, 'sensor.arrivals')).code).toBe('plan/unknown-name');
  });

  it('upstreams stand before downstreams, and equals by name', () => {
    const up = (name: string) => ({ asset: name, alias: name });
    const assets = [
      asset('z', { upstreams: [up('b')] }),
      asset('b'),
      asset('a', { upstreams: [up('z')] }),
      asset('c'),
    ];
    const definition = project({ assets, jobs: [job('j', ['z', 'b', 'a', 'c'])] });
    expect(plan(definition, {}, 'j').assets.map(({ name }) => name)).toEqual(['b', 'c', 'z', 'a']);
  });

  it('a run of some assets does not wait for upstreams that it leaves out', () => {
    const assets = [
      asset('first'),
      asset('second', { upstreams: [{ asset: 'first', alias: 'f' }] }),
    ];
    const definition = project({ assets, jobs: [job('j', ['first', 'second'])] });
    expect(
      plan(definition, { assets: ['second'] }, 'j').assets.map(({ name, upstreams }) => [
        name,
        upstreams,
      ]),
    ).toEqual([['second', []]]);
  });

  it('an asset that the job does not have is refused with the ones that it has', () => {
    const { code, message, fix } = failure(() => plan(project(), { assets: ['ordres'] }));
    expect([code, fix]).toEqual(['plan/unknown-asset', 'Did you mean orders?']);
    expect(message).toContain('its assets: orders');
  });
});

describe('the input of a run is hostile', () => {
  const refusals: readonly (readonly [string, unknown, string, string])[] = [
    ['text instead of an object', 'x', 'plan/bad-request', 'one JSON object'],
    ['a list instead of an object', [], 'plan/bad-request', 'one JSON object'],
    ['an unknown field', { param: {} }, 'plan/bad-request', 'did you mean "params"?'],
    ['parameters that are a list', { params: [] }, 'plan/bad-request', '"params" is []'],
    ['assets that are text', { assets: 'orders' }, 'plan/bad-request', 'it must be a list'],
    ['no assets', { assets: [] }, 'plan/bad-request', 'empty list'],
    ['a tag that is a number', { tags: { a: 1 } }, 'plan/bad-request', '"tags.a" is 1'],
    ['a refresh that is text', { full_refresh: 'yes' }, 'plan/bad-request', 'true or false'],
    [
      'a trigger without items',
      { trigger: { sensor: 's', connection: 'c', container: '' } },
      'plan/bad-request',
      'trigger.items',
    ],
    [
      'a key that JavaScript reads otherwise',
      JSON.parse('{"params":{"__proto__":1}}'),
      'plan/bad-request',
      '__proto__',
    ],
    [
      'a partition',
      { partition: '2026-01-01' },
      'plan/no-partitions',
      '"partition" is "2026-01-01"',
    ],
    [
      'a range of partitions',
      { partition_range: { from: 'a', to: 'b' } },
      'plan/no-partitions',
      'partition_range',
    ],
    [
      'an unknown parameter',
      { params: { zone: 1 } },
      'plan/unknown-parameter',
      '"zone" is not known',
    ],
    [
      'overrides',
      { config: { orders: { source: { path: '/x' } } } },
      'plan/overrides-refused',
      'does not allow',
    ],
    [
      'more than 512 KiB',
      {
        tags: Object.fromEntries(
          Array.from({ length: 100 }, (_, i) => [`t${i}`, 'x'.repeat(4096)]),
        ),
        params: { a: 'y'.repeat(200_000) },
      },
      'plan/bad-request',
      'KiB',
    ],
    [
      'a text of 5,000 characters',
      { tags: { a: 'x'.repeat(5_000) } },
      'plan/bad-request',
      'at most 4096',
    ],
  ];
  it.each(refusals)('%s is refused, naming what is wrong', (_, input, code, message) => {
    const found = failure(() => plan(project(), input));
    expect(found.code).toBe(code);
    expect(found.message).toContain(message);
  });

  it('nesting beyond any use is refused before anything walks it', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 5_000; i++) deep = { a: deep };
    expect(failure(() => plan(project(), { params: deep })).message).toContain('nested too deeply');
  });

  it('braces in a launch value stay text', () => {
    const definition = project({
      assets: [
        asset('orders', { source: endpoint('shelf', 'partner', { path: '{{ params.path }}' }) }),
      ],
    });
    const { assets } = plan(definition, { params: { path: '{{ env.PARTNER_HOST }}' } });
    expect(assets[0]?.params).toEqual({ path: '{{ env.PARTNER_HOST }}' });
  });
});

describe('parameters', () => {
  const using = (changes: Parameters<typeof job>[2], params = {}) =>
    project({
      assets: [
        asset('orders', {
          source: endpoint('shelf', 'partner', { path: '/{{ params.zone }}' }),
          params,
        }),
      ],
      jobs: [job('orders_job', ['orders'], changes)],
    });
  const zone = (definition: Definition, input: unknown) =>
    plan(definition, input).assets[0]?.params['zone'];

  it('rank: launch of the asset > launch > ops_config > job_overrides > default > the asset', () => {
    const all = {
      params: [parameter('zone', 'string', { default: 'default' })],
      overrides: { zone: 'override' },
      assetOverrides: { orders: { zone: 'ops' } },
    };
    const launch = { zone: 'launch', 'orders.zone': 'own' };
    expect([
      zone(using(all), { params: launch }),
      zone(using(all), { params: { zone: 'launch' } }),
      zone(using(all), {}),
      zone(using({ ...all, assetOverrides: {} }), {}),
      zone(using({ params: all.params }, { zone: 'asset' }), {}),
      zone(using({}, { zone: 'asset' }), {}),
    ]).toEqual(['own', 'launch', 'ops', 'override', 'default', 'asset']);
  });

  it('a value of ops_config may be a template over values of a lower rank', () => {
    const definition = using({
      overrides: { zone: 'a' },
      assetOverrides: { orders: { zone: '{{ params.zone }}-{{ vars.v }}' } },
    });
    expect(zone({ ...definition, vars: { v: 'b' } }, {})).toBe('a-b');
  });

  it.each([
    ['int', '7', 7],
    ['int', 7, 7],
    ['float', '0.5', 0.5],
    ['bool', 'TRUE', true],
    ['list', '["a"]', ['a']],
    ['mapping', '{"a":1}', { a: 1 }],
    ['string', 7, '7'],
  ] as const)('%s: %j becomes %j', (type, given, value) => {
    expect(zone(using({ params: [parameter('zone', type)] }), { params: { zone: given } })).toEqual(
      value,
    );
  });

  it.each([
    ['int', '7.5', 'a whole number'],
    ['float', 'many', 'a number'],
    ['bool', 'yes', 'true or false'],
    ['list', 'a,b', 'a list'],
    ['mapping', [], 'a mapping'],
    ['string', null, 'text'],
  ] as const)('%s: %j is refused', (type, given, right) => {
    const { code, message } = failure(() =>
      plan(using({ params: [parameter('zone', type)] }), { params: { zone: given } }),
    );
    expect([code, message.includes(right)]).toEqual(['plan/bad-parameter', true]);
  });

  it('a value outside the choices is refused with the choices', () => {
    const definition = using({ params: [parameter('zone', 'string', { choices: ['a', 'b'] })] });
    expect(failure(() => plan(definition, { params: { zone: 'c' } })).message).toContain(
      'one of "a", "b"',
    );
  });

  it('a required and a used parameter without a value are both named', () => {
    const definition = using({ params: [parameter('day', 'string', { required: true })] });
    const { code, message } = failure(() => plan(definition, {}));
    expect(code).toBe('plan/missing-parameter');
    expect(message).toContain('"day", "zone"');
  });

  it('a parameter with a default in the template may be missing', () => {
    const source = endpoint('shelf', 'partner', { path: "{{ params.zone | default('x') }}" });
    expect(plan(project({ assets: [asset('orders', { source })] }), {}).assets[0]?.params).toEqual(
      {},
    );
  });
});

describe('what a run pins', () => {
  const withPath = (path: string, changes: Partial<Definition> = {}) =>
    project({
      assets: [asset('orders', { source: endpoint('shelf', 'partner', { path }) })],
      ...changes,
    });

  it('only the variables of the environment that its templates use', () => {
    const env = { PARTNER_HOST: 'h', ZONE: 'eu', OTHER: 'x' };
    expect(plan(withPath('/{{ env.ZONE }}'), {}, 'orders_job', { env }).context.env).toEqual({
      ZONE: 'eu',
    });
  });

  it('an unset variable is named with the asset', () => {
    const { code, message } = failure(() => plan(withPath('/{{ env.ZONE }}'), {}));
    expect(code).toBe('plan/unset-variable');
    expect(message).toContain('asset "orders" uses env.ZONE');
  });

  it('a variable of the environment inside vars is resolved and pinned', () => {
    const definition = withPath('/{{ vars.root }}', {
      vars: { root: '{{ env.ROOT }}', unused: '{{ env.NOWHERE }}' },
    });
    const { context } = plan(definition, {}, 'orders_job', {
      env: { PARTNER_HOST: 'h', ROOT: 'r' },
    });
    expect([context.vars, context.env]).toEqual([{ root: 'r' }, { ROOT: 'r' }]);
  });

  it('an unset variable of a connection or of vars is named, and no other variable is', () => {
    const host = (text: string, env: Readonly<Record<string, string>>) =>
      failure(() =>
        plan(
          project({
            connections: [
              connection('lake', 'crate', { endpoint: 'e' }),
              connection('partner', 'shelf', { host: text }),
            ],
            vars: { host: '{{ env.GONE }}' },
          }),
          {},
          'orders_job',
          { env },
        ),
      );
    for (const text of ['{{ env.GONE }}', 'env:GONE', '{{ vars.host }}']) {
      const { code, message } = host(text, { BYSTANDER: 'x' });
      expect([text, code, message.includes('GONE'), message.includes('BYSTANDER')]).toEqual([
        text,
        'plan/unset-variable',
        true,
        false,
      ]);
    }
  });

  it('connections by who and where', () => {
    expect(plan(project(), {}).connections).toEqual({
      lake: { kind: 'crate', identity: { endpoint: 'https://lake.example' } },
      partner: { kind: 'shelf', identity: { host: 'files.example' } },
    });
  });

  it('a connection that a parameter names', () => {
    const definition = project({
      assets: [
        asset('orders', { source: endpoint('shelf', '{{ params.from }}', { path: '/out' }) }),
      ],
      connections: [
        ...project().connections,
        connection('other', 'shelf', { host: 'other.example' }),
      ],
    });
    expect(Object.keys(plan(definition, { params: { from: 'other' } }).connections)).toEqual([
      'lake',
      'other',
    ]);
    expect(failure(() => plan(definition, { params: { from: 'lake' } })).message).toContain(
      'shelf is needed',
    );
    expect(failure(() => plan(definition, { params: { from: 'othr' } })).fix).toBe(
      'Did you mean other?',
    );
  });

  it('G10: no secret, wherever the project names it', () => {
    const canary = randomBytes(12).toString('hex');
    const source = endpoint('shelf', 'partner', { path: '/out', token: '{{ env.TOKEN }}' });
    const definition = project({ assets: [asset('orders', { source })], sensors: [sensor()] });
    const env = { PARTNER_HOST: 'h', PARTNER_PASSWORD: canary, LAKE_KEY: canary, TOKEN: canary };
    expect(JSON.stringify(plan(definition, {}, 'orders_job', { env }))).not.toContain(canary);
  });
});

describe('overrides that the project allows', () => {
  const open = project();
  const definition = { ...open, project: { ...open.project, allowConfigOverrides: true } };
  const over = (source: object) => plan(definition, { config: { orders: { source } } });

  it('are merged over the options of the YAML', () => {
    expect(over({ pattern: 'a' }).assets[0]?.source.configs).toEqual({
      path: '/out',
      pattern: 'a',
    });
  });

  it.each([
    ['a secret field', { token: 'x' }, 'plan/overrides-refused'],
    ['a variable of the environment', { path: '{{ env.HOME }}' }, 'plan/overrides-refused'],
    ['a secret reference', { path: "{{ fn.secrets.get('X') }}" }, 'plan/overrides-refused'],
    ['a file of the project', { path: "{{ fn.file.read('x') }}" }, 'plan/overrides-refused'],
    ['an unknown field', { pth: 'x' }, 'plan/bad-request'],
  ])('%s is refused', (_, source, code) => {
    expect(failure(() => over(source)).code).toBe(code);
  });
});

describe('the plan as bytes', () => {
  it('the same input gives the same bytes, in whatever order its keys were written', () => {
    const input = { tags: { b: '2', a: '1' }, trigger: trigger('a.csv') };
    const turned = { trigger: trigger('a.csv'), tags: { a: '1', b: '2' } };
    expect(JSON.stringify(plan(project(), input))).toBe(JSON.stringify(plan(project(), turned)));
  });

  it('another input gives another hash', () => {
    expect(plan(project(), { tags: { a: '1' } }).hash).not.toBe(plan(project(), {}).hash);
    expect(plan(project(), {}).hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('a plan over 512 KiB is refused with advice', () => {
    const definition = project({
      assets: [
        asset('orders', { source: endpoint('shelf', 'partner', { path: '{{ vars.big }}' }) }),
      ],
      vars: { big: 'x'.repeat(600_000) },
    });
    expect(failure(() => plan(definition, {})).code).toBe('plan/too-large');
  });
});
