import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { sampleConnectors } from '../lint/sample-connectors.fixture.js';
import { fileSchemas } from './file-schemas.js';

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
ajv.addVocabulary(['errorMessage', 'doNotSuggest']);
const validators = new Map(
  fileSchemas.map(({ kind, build }) => [kind, ajv.compile(build(sampleConnectors))]),
);
const takes = (kind: string, content: unknown): boolean => validators.get(kind)?.(content) === true;

const source = { type: 'FILES', connection: 'inbox', configs: { path: '/out' } };
const asset = (change: object) =>
  takes('pipelines', { assets: [{ name: 'orders', source, ...change }] });

describe('the schema of pipeline files', () => {
  test('takes both spellings of a side, in upper and lower case', () => {
    expect(asset({})).toBe(true);
    expect(asset({ source: { type: 'files', connection: 'inbox', path: '/out' } })).toBe(true);
    expect(
      asset({ source: { type: 'FILES', configs: { path: '/out', connection: 'inbox' } } }),
    ).toBe(true);
  });
  test('refuses a side without what its connector needs', () => {
    expect(asset({ source: { type: 'FILES', connection: 'inbox', configs: {} } })).toBe(false);
    expect(asset({ source: { type: 'FILES', configs: { path: '/out' } } })).toBe(false);
    expect(asset({ source: { type: 'FILES', connection: 'inbox' } })).toBe(false);
  });
  test('refuses keys that are unknown, older or not supported, and types that cannot be that side', () => {
    expect(asset({ groups: 'x' })).toBe(false);
    expect(asset({ concurrency_key: 'x' })).toBe(false);
    expect(asset({ source: { ...source, config: {} } })).toBe(false);
    expect(asset({ source: { ...source, type: 'SQLSERVER' } })).toBe(false);
  });
  test('takes a template where a number or a mapping is expected, and none where the linter takes none', () => {
    const table = (configs: object) =>
      asset({ source: { type: 'TABLES', connection: 'erp', configs } });
    expect(table({ table_name: 'orders', lanes: 4 })).toBe(true);
    expect(table({ table_name: 'orders', lanes: '{{ params.lanes }}' })).toBe(true);
    expect(table({ table_name: 'orders', lanes: 'four' })).toBe(false);
    expect(table({ table_name: 'orders', lanes: 'env:LANES' })).toBe(false);
    expect(asset({ max_workers: '{{ params.workers }}' })).toBe(false);
  });
  test('wants exactly one of job and jobs, and one of the spellings of a date', () => {
    const schedule = (change: object) =>
      takes('pipelines', { schedules: [{ name: 's', cron: '@daily', ...change }] });
    expect(schedule({ job: 'all' })).toBe(true);
    expect(schedule({})).toBe(false);
    expect(schedule({ job: 'all', jobs: [{ name: 'all' }] })).toBe(false);
    expect(asset({ partitions_def: { type: 'daily', start: '2025-01-01' } })).toBe(true);
    expect(asset({ partitions_def: { type: 'daily' } })).toBe(false);
  });
  test('takes a sensor in both spellings, and not in both at once', () => {
    const sensor = (change: object) =>
      takes('pipelines', { sensors: [{ name: 'w', job: 'all', ...change }] });
    expect(sensor(source)).toBe(true);
    expect(sensor({ source })).toBe(true);
    expect(sensor({ source, type: 'FILES' })).toBe(false);
  });
});

describe('the schema of connections', () => {
  const connection = (entry: object) => takes('connections', { resources: { inbox: entry } });
  test('takes a layer with a part of what is needed, and still knows its keys', () => {
    expect(connection({ type: 'FilesResource', config: { port: 22 } })).toBe(true);
    expect(connection({ config: { host: 'files.example.com' } })).toBe(true);
    expect(connection({ config: { hosts: 'files.example.com' } })).toBe(false);
  });
  test('takes a variable of the environment for a number, and no template where none may stand', () => {
    expect(connection({ type: 'FilesResource', config: { port: 'env:PORT' } })).toBe(true);
    expect(connection({ type: 'FilesResource', config: { port: 'env-PORT' } })).toBe(false);
    expect(connection({ type: 'FilesResource', config: { strict: '{{ env.STRICT }}' } })).toBe(
      false,
    );
  });
});

test('a key that is refused carries the advice and is not offered', () => {
  const { properties } = fileSchemas.find(({ kind }) => kind === 'pipelines')?.build([]) ?? {};
  expect(properties).toMatchObject({
    ops: { doNotSuggest: true, description: expect.stringContaining('ops_config') as string },
  });
  for (const ops of [null, 'text', 5, true, [], {}])
    expect(takes('pipelines', { assets: null, ops })).toBe(false);
});

test('every file of a project may be empty, except a pipeline file without a section', () => {
  for (const { kind } of fileSchemas) expect(takes(kind, null)).toBe(true);
  expect(takes('pipelines', {})).toBe(false);
  expect(takes('tidemark', { defaults: { retry_policy: { max_retries: 1 } } })).toBe(true);
  expect(takes('tidemark', { defaults: { retry: {} } })).toBe(false);
});
