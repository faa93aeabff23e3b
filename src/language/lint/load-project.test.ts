import { describe, expect, test } from 'vitest';
import {
  exampleAsset,
  exampleConnections,
  exampleProject,
  exampleRows,
  toObjects,
} from './example.js';
import { filesInMemory, sampleConnectors } from './sample-connectors.fixture.js';
import type { Definition } from '../definition/definition.js';
import { loadProject, type LoadRequest } from './load-project.js';

type Options = Partial<Pick<LoadRequest, 'env' | 'envName' | 'connectionFiles' | 'root'>>;

const load = (texts: Readonly<Record<string, string>>, options: Options = {}) =>
  loadProject({
    root: '/projects/shop',
    env: {},
    files: filesInMemory(texts),
    connectors: sampleConnectors,
    ...options,
  });

const define = (texts: Readonly<Record<string, string>>, options: Options = {}): Definition => {
  const { definition, diagnostics } = load(texts, options);
  if (definition === null) throw new Error(JSON.stringify(diagnostics, null, 2));
  return definition;
};

const orders = `assets:\n${exampleAsset}`;
const codes = (texts: Readonly<Record<string, string>>, options: Options = {}) =>
  load(texts, options).diagnostics.map(({ code }) => code);

describe('defaults', () => {
  const definition = define(
    exampleProject(
      `${orders}jobs:\n  - { name: all }\nschedules:\n  - { name: s, job: all, cron: "@daily" }\nsensors:\n  - { name: w, type: FILES, job: all, connection: inbox, configs: { path: /out } }\n`,
    ),
  );
  test('of a project without tidemark.yaml come from its folder', () => {
    expect(definition.project).toEqual({
      name: 'shop',
      namespace: null,
      taskQueue: 'shop',
      timeZone: 'UTC',
      allowConfigOverrides: false,
      span: null,
    });
    expect(definition.env).toBe('dev');
  });
  test('of an asset are those of the dialect', () => {
    expect(definition.assets[0]).toMatchObject({
      group: 'default',
      upstreams: [],
      maxWorkers: 5,
      retry: { attemptsWithoutProgress: 30, delayMs: 0, backoff: 'constant' },
      onOverlap: 'wait',
      onTrigger: 'narrow',
      source: { kind: 'files', connection: 'inbox', configs: { path: '/out/orders' } },
    });
  });
  test('of a schedule and a sensor say zone, catch-up, interval and status', () => {
    expect(definition.schedules[0]).toMatchObject({
      jobs: [{ job: 'all', tags: {} }],
      timeZone: 'UTC',
      catchupWindowMs: 3_600_000,
      overlap: 'skip',
    });
    expect(definition.sensors[0]).toMatchObject({
      minimumIntervalMs: 30_000,
      startsRunning: false,
      triggerMode: 'item',
      settleMs: 10_000,
      lookbackMs: 86_400_000,
      advance: 'on_start',
      initialCursor: null,
    });
  });
});

describe('layers', () => {
  const layered = {
    ...exampleProject(orders),
    'connections/prod.yaml':
      'resources: { inbox: { config: { host: prod.example.com, port: 2222 } } }\n',
    'connections/common.yaml': exampleConnections.replace('host:', 'strict: true, host:'),
    'vars/common.yaml': 'a: { b: 1, c: [1, 2] }\n',
    'vars/prod.yaml': 'a: { c: [3], d: null }\n',
  };
  const inbox = (options: Options) =>
    define(layered, options).connections.find(({ name }) => name === 'inbox')?.config;
  test('mappings merge key by key, lists and scalars replace', () => {
    expect(inbox({ envName: 'prod' })).toEqual({
      host: 'prod.example.com',
      port: 2222,
      strict: true,
    });
    expect(define(layered, { env: { ENV: 'prod' } }).vars).toEqual({
      a: { b: 1, c: [3], d: null },
    });
  });
  test('a layer without files changes nothing', () => {
    expect(inbox({ envName: 'test' })).toEqual({ host: 'files.example.com', strict: true });
  });
  test('a finding about a merged value stands in the layer that wrote it', () => {
    const broken = {
      ...layered,
      'connections/prod.yaml': 'resources: { inbox: { config: { port: x } } }\n',
    };
    expect(load(broken, { envName: 'prod' }).diagnostics[0]?.span.file).toBe(
      'connections/prod.yaml',
    );
  });
  test('overlays of the command line rank above all, the later one above the earlier', () => {
    const texts = {
      ...layered,
      'a.yaml': 'resources: { inbox: { config: { host: a } } }\n',
      'b.yaml': 'resources: { inbox: { config: { host: b } } }\n',
    };
    expect(inbox({})?.['host']).toBe('files.example.com');
    const definition = define(texts, { connectionFiles: ['a.yaml', 'b.yaml'] });
    expect(definition.connections[0]?.config['host']).toBe('b');
  });
  test('an overlay that does not exist is an error', () => {
    expect(codes(layered, { connectionFiles: ['nope.yaml'] })).toEqual([
      'definition/unreadable-file',
    ]);
  });
  test('resources of a pipeline file rank above the connection files', () => {
    const own = {
      ...layered,
      'pipelines/z.yaml': 'resources: { inbox: { config: { host: z } } }\n',
    };
    expect(define(own).connections[0]?.config['host']).toBe('z');
  });
});

describe('files', () => {
  test('defs is read when pipelines holds nothing, .yml counts, and the order is sorted', () => {
    const named = (name: string) =>
      `assets:\n${exampleAsset.replace('name: orders', `name: ${name}`)}`;
    const texts = {
      'connections/common.yaml': exampleConnections,
      'defs/b.yaml': named('b'),
      'defs/a/z.yml': named('z'),
      'defs/note.txt': 'x',
    };
    expect(define(texts).assets.map(({ name }) => name)).toEqual(['z', 'b']);
    expect(
      define({ ...texts, 'pipelines/p.yaml': named('p') }).assets.map(({ name }) => name),
    ).toEqual(['p']);
  });
  test('a folder without files is never a success', () => {
    expect(load({}).definition).toBeNull();
  });
  test('a file that cannot be read is reported and does not hide the others', () => {
    const files = filesInMemory(exampleProject(orders.replace('type: FILES', 'type: FLIES')));
    const { diagnostics } = loadProject({
      root: 'x',
      env: {},
      connectors: sampleConnectors,
      files: {
        listFiles: files.listFiles,
        readFile: (path) => {
          if (path === 'tidemark.yaml') throw Object.assign(new Error('no'), { code: 'EACCES' });
          return files.readFile(path);
        },
      },
    });
    expect(diagnostics.map(({ code }) => code)).toEqual([
      'definition/unknown-type',
      'definition/unreadable-file',
    ]);
  });
});

describe('spellings', () => {
  const sourceOf = (source: string) =>
    define(exampleProject(`assets:\n  - name: a\n    source: ${source}\n`)).assets[0]?.source;
  test('the flat form and a connection inside configs mean the same as the nested form', () => {
    const nested = sourceOf(
      '{ type: FILES, connection: inbox, configs: { path: /a, pattern: b } }',
    );
    expect(nested?.configs).toEqual({ path: '/a', pattern: 'b' });
    const flat = sourceOf('{ type: files, connection: inbox, path: /a, pattern: b }');
    expect({ ...flat, span: null }).toEqual({ ...nested, span: null });
    const inner = sourceOf('{ type: FILES, configs: { connection: inbox, path: /a, pattern: b } }');
    expect({ ...inner, span: null }).toEqual({ ...nested, span: null });
  });
  test('ins wait for key or the alias; a dep that is also in ins is dropped', () => {
    const asset = exampleAsset.replace('name: orders', 'name: last');
    const others = ['x', 'y', 'z'].map((name) =>
      exampleAsset.replace('name: orders', `name: ${name}`),
    );
    const { assets } = define(
      exampleProject(
        `assets:\n${asset}    ins: { a: { key: x }, y: {} }\n    deps: [x, z, z]\n${others.join('')}`,
      ),
    );
    expect(assets[0]?.upstreams).toEqual([
      { asset: 'x', alias: 'a' },
      { asset: 'y', alias: 'y' },
      { asset: 'z', alias: null },
    ]);
  });
  test('cron on an asset makes a job and a schedule, cron on a job a schedule', () => {
    const { jobs, schedules } = define(
      exampleProject(`${orders}    cron: "@daily"\njobs:\n  - { name: all, cron: "@hourly" }\n`),
    );
    expect(jobs.map(({ name, assets, generatedFrom }) => [name, assets, generatedFrom])).toEqual([
      ['all', ['orders'], null],
      ['orders_job', ['orders'], 'orders'],
    ]);
    expect(schedules.map(({ name, jobs: started }) => [name, started[0]?.job])).toEqual([
      ['orders_schedule', 'orders_job'],
      ['all_schedule', 'all'],
    ]);
  });
});

describe('params_schema', () => {
  const params = (schema: string) =>
    define(exampleProject(`${orders}jobs:\n  - { name: all, params_schema: { ${schema} } }\n`))
      .jobs[0]?.params[0];
  test.each([
    ['x: "string!|a|b!"', { type: 'string', required: true, default: 'a|b!' }],
    ['x: "list!|[]"', { type: 'list', required: true, default: [] }],
    ['x: "int|7"', { type: 'int', required: false, default: 7 }],
    ['x: "bool|TRUE"', { type: 'bool', required: false, default: true }],
    ['x: date', { type: 'string', required: false }],
    ['x: [fast, safe]', { type: 'string', default: 'fast', choices: ['fast', 'safe'] }],
    ['x: 1.5', { type: 'float', default: 1.5 }],
    ['orders.x: "string!"', { name: 'x', asset: 'orders', required: true }],
  ])('%s', (schema, expected) => {
    expect(params(schema)).toMatchObject(expected);
  });
  test('a parameter without a default has none, not an empty one', () => {
    expect(params('x: "string!"')).not.toHaveProperty('default');
  });
});

describe('hash', () => {
  const hash = (pipeline: string) => define(exampleProject(pipeline)).hash;
  test('does not change when text moves, changes when a value does', () => {
    expect(hash(`# moved\n\n${orders}`)).toBe(hash(orders));
    expect(hash(orders.replace('raw/orders', 'raw/others'))).not.toBe(hash(orders));
  });
});

test('null hides no slip of the pen, and env:NAME stands for a value in connections only', () => {
  const strange = exampleAsset.replace('path: /out/orders', 'path: /out/orders, pattrn: null');
  expect(codes(exampleProject(`assets:\n${strange}`))).toEqual(['definition/unknown-key']);
  const table = '{ type: TABLES, connection: erp, configs: { table_name: a, lanes: "env:LANES" } }';
  const lanes = exampleRows(table, toObjects());
  expect(codes(lanes)).toContain('definition/wrong-value');
});

test('connections that are no mapping are reported and hide no other layer', () => {
  const texts = { ...exampleProject(orders), 'connections/dev.yaml': 'resources: [inbox]\n' };
  expect(codes(texts)).toEqual(['definition/wrong-value']);
  const beside = exampleProject(`${orders}resources: all\n`);
  expect(codes(beside)).toEqual(['definition/wrong-value']);
});

test('an empty name among the options is no connection', () => {
  const source = '{ type: FILES, configs: { path: /a, connection: "" } }';
  expect(codes(exampleProject(`assets:\n  - { name: a, source: ${source} }\n`))).toEqual([
    'definition/missing-key',
  ]);
});

test('options with templates are not judged by type, and null is the same as absent', () => {
  const connections = exampleConnections.replace(
    'host: files.example.com',
    'host: x, port: "{{ env.PORT }}", password: null',
  );
  const texts = { ...exampleProject(orders), 'connections/common.yaml': connections };
  expect(codes(texts, { env: { PORT: '1' } })).toEqual([]);
  expect(define(texts, { env: { PORT: '1' } }).connections[0]?.config).not.toHaveProperty(
    'password',
  );
});

test('a wrong detail of an entry does not make references to the entry a second mistake', () => {
  const broken = exampleAsset.replace('type: FILES', 'type: FLIES');
  const jobs = 'jobs:\n  - { name: j, selection: [orders, orders*] }\n  - { name: k, tags: 7 }\n';
  const schedules =
    'schedules:\n  - { name: s, jobs: [{ name: j }, { name: k }], cron: "@daily" }\n';
  expect(codes(exampleProject(`assets:\n${broken}${jobs}${schedules}`))).toEqual([
    'definition/unknown-type',
    'definition/wrong-value',
  ]);
});

test('a connector that cannot be watched is refused for a sensor, with those that can', () => {
  const sensor =
    'sensors:\n  - { name: w, type: OBJECTS, job: all, connection: lake, configs: { bucket_name: b } }\n';
  const { diagnostics } = load(exampleProject(`${orders}jobs:\n  - { name: all }\n${sensor}`));
  expect(diagnostics).toMatchObject([
    { code: 'definition/wrong-side', known: ['FILES', 'TABLES'] },
  ]);
});

test('content behind an anchor is reported for each entry that uses it, where it was written', () => {
  const texts = exampleProject(
    `assets:\n  - &a\n    name: one\n    source: { type: FLIES, connection: inbox, configs: { path: /a } }\n  - { <<: *a, name: two }\n`,
  );
  const { diagnostics } = load(texts);
  expect(diagnostics.map(({ span, message }) => [span.line, message.slice(0, 12)])).toEqual([
    [4, 'asset "one":'],
    [4, 'asset "two":'],
  ]);
});
