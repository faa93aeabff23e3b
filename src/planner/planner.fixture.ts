/**
 * Two connectors and a project for the planner's tests. The connectors are complete declarations of a folder and of
 * a bucket; nothing is opened, because planning opens nothing.
 */
import { z } from 'zod';
import { defineConnector, type Connector, type ListedFile } from '../connectors/connector.js';
import {
  connectionText,
  field,
  filePattern,
  itemText,
  predicate,
  runText,
  secretText,
} from '../connectors/fields.js';
import { rowSourceFields, rowTargetFields } from '../connectors/row-fields.js';
import { defaultTiming, type RetrySpec, type Trigger } from '../core/plan/plan.js';
import type { JsonObject } from '../core/values/json.js';
import type {
  AssetDefinition,
  ConnectionDefinition,
  Definition,
  EndpointDefinition,
  JobDefinition,
  ParameterDefinition,
  SensorDefinition,
} from '../language/definition/definition.js';
import type { RunFacts } from './plan-run.js';

const nothingOpens = (): Promise<never> =>
  Promise.reject(new Error('planning opens no connection'));

const flag = (description: string) =>
  field(z.boolean(), { description, template: 'run' }).optional();

const shelfConnection = z.strictObject({
  host: connectionText('Name of the server'),
  password: secretText('Password').optional(),
});

const shelfSource = z.strictObject({
  path: runText('Folder'),
  pattern: filePattern('File names').optional(),
  predicate: predicate(),
  check_is_modifying: flag('Leave out files that are young'),
  delete_source: flag('Delete what was copied'),
  token: secretText('A secret option').optional(),
});

export const shelf: Connector = defineConnector<
  z.output<typeof shelfConnection>,
  z.output<typeof shelfSource>,
  never
>({
  kind: 'shelf',
  type: 'SHELF',
  title: 'Shelf',
  summary: 'Files of a test.',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['ShelfResource'],
    options: shelfConnection,
    identity: ({ host }) => ({ host }),
  },
  source: {
    options: shelfSource,
    capabilities: {
      reads: 'bytes',
      resumes: 'byte-offset',
      identity: 'size+time',
      watches: true,
      removes: false,
    },
    itemFields: { file_name: 'Name', file_size: 'Bytes' },
    itemFieldMistakes: { object_name: 'file_name' },
    describe: ({ host }, { path }) => `shelf://${host}${path}`,
    covers: ({ path, pattern }, file) =>
      file.path.startsWith(`${path}/`) &&
      new RegExp(`^(?:${pattern ?? '.*'})`).test(file.path.slice(path.length + 1)),
    container: () => '',
    open: nothingOpens,
  },
  findings: [],
  errors: [],
  examples: [],
  limits: [],
});

const crateConnection = z.strictObject({
  endpoint: connectionText('URL'),
  bucket_name: connectionText('Default bucket').optional(),
  secret_key: secretText('Key').optional(),
});

const crateTarget = z.strictObject({
  bucket_name: runText('Bucket').optional(),
  key: itemText('Key').optional(),
  prefix: field(z.string(), { description: 'Prefix', template: 'item' }).default(''),
  part_size: field(z.number(), { description: 'Bytes of a part', template: 'run' }).optional(),
  split: field(z.unknown(), { description: 'Split', refused: 'leave `split` out' }).optional(),
});

export const cratePartBytesMin = 5 * 1024 * 1024;

export const crate: Connector = defineConnector<
  z.output<typeof crateConnection>,
  never,
  z.output<typeof crateTarget>
>({
  kind: 'crate',
  type: 'CRATE',
  title: 'Crate',
  summary: 'Objects of a test.',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['CrateResource'],
    options: crateConnection,
    identity: ({ endpoint }) => ({ endpoint }),
  },
  target: {
    options: crateTarget,
    capabilities: {
      accepts: 'bytes',
      publishes: 'multipart',
      conditionalWrites: true,
      listsParts: true,
      reportsCrc32: true,
      partBytesMin: cratePartBytesMin,
      partsMax: 10_000,
      keepsOrigin: true,
      copiesWithin: false,
      ledger: 'compare-and-swap',
    },
    describe: ({ endpoint }) => endpoint,
    address: (connection, { bucket_name, key, prefix }, { relativePath }) => ({
      container: bucket_name ?? connection.bucket_name ?? '',
      key: key ?? [prefix, relativePath].filter((part) => part !== '').join('/'),
    }),
    ledgerFolder: (connection, { bucket_name, prefix }) => ({
      container: bucket_name ?? connection.bucket_name ?? '',
      key: [prefix, '_tidemark'].filter((part) => part !== '').join('/'),
    }),
    open: nothingOpens,
  },
  findings: [],
  errors: [],
  examples: [],
  limits: [],
});

export const connectors: readonly Connector[] = [crate, shelf];

const span = { file: 'pipelines/a.yaml', line: 3, column: 1, endLine: 3, endColumn: 2 };

const retry: RetrySpec = { attemptsWithoutProgress: 3, delayMs: 0, backoff: 'constant' };

export const connection = (
  name: string,
  kind: string,
  config: JsonObject,
): ConnectionDefinition => ({
  name,
  kind,
  type: `${kind}Resource`,
  config,
  span,
});

export const endpoint = (kind: string, name: string, configs: JsonObject): EndpointDefinition => ({
  kind,
  type: kind.toUpperCase(),
  connection: name,
  configs,
  span,
});

export const asset = (name: string, changes: Partial<AssetDefinition> = {}): AssetDefinition => ({
  name,
  description: '',
  group: 'default',
  source: endpoint('shelf', 'partner', { path: '/out' }),
  target: endpoint('crate', 'lake', { bucket_name: 'raw', prefix: name }),
  upstreams: [],
  tags: {},
  metadata: {},
  maxWorkers: 5,
  retry,
  checks: [],
  partitions: null,
  onOverlap: 'wait',
  onTrigger: 'narrow',
  params: {},
  span,
  ...changes,
});

export const job = (
  name: string,
  assets: readonly string[],
  changes: Partial<JobDefinition> = {},
): JobDefinition => ({
  name,
  description: '',
  assets,
  tags: {},
  params: [],
  overrides: {},
  assetOverrides: {},
  isStrict: false,
  generatedFrom: null,
  span,
  ...changes,
});

export const parameter = (
  name: string,
  type: ParameterDefinition['type'],
  changes: Partial<ParameterDefinition> = {},
): ParameterDefinition => ({ name, asset: null, type, required: false, span, ...changes });

export const sensor = (changes: Partial<SensorDefinition> = {}): SensorDefinition => ({
  name: 'arrivals',
  description: '',
  job: 'orders_job',
  source: endpoint('shelf', 'partner', { path: '/out' }),
  minimumIntervalMs: 30_000,
  startsRunning: false,
  triggerMode: 'item',
  settleMs: 0,
  lookbackMs: 86_400_000,
  advance: 'on_start',
  initialCursor: null,
  params: {},
  span,
  ...changes,
});

export const project = (changes: Partial<Definition> = {}): Definition => ({
  project: {
    name: 'shop',
    namespace: null,
    taskQueue: 'shop',
    timeZone: 'UTC',
    allowConfigOverrides: false,
    span: null,
  },
  env: 'dev',
  connections: [
    connection('lake', 'crate', {
      endpoint: 'https://lake.example',
      secret_key: '{{ env.LAKE_KEY }}',
    }),
    connection('partner', 'shelf', {
      host: '{{ env.PARTNER_HOST }}',
      password: 'env:PARTNER_PASSWORD',
    }),
  ],
  vars: {},
  assets: [asset('orders')],
  jobs: [job('orders_job', ['orders'])],
  schedules: [],
  sensors: [sensor()],
  files: {},
  hash: '0123456789abcdef',
  ...changes,
});

export const plannedAt = '2026-01-31T04:05:06.000Z';

export const facts = (name: string, changes: Partial<RunFacts> = {}): RunFacts => ({
  name,
  env: { PARTNER_HOST: 'files.example' },
  connectors,
  plannedAt,
  partitionsAtMs: Date.parse(plannedAt),
  transfersQueue: 'shop-transfers',
  timing: defaultTiming,
  searchAttributes: [],
  ...changes,
});

export const file = (relativePath: string, size = 10): ListedFile => ({
  identity: { path: `/out/${relativePath}`, size, modified: '1769000000' },
  relativePath,
  fields: { file_name: relativePath.split('/').at(-1) ?? '', path: relativePath, file_size: size },
});

export const trigger = (...paths: readonly string[]): Trigger => ({
  sensor: 'arrivals',
  connection: 'partner',
  container: '',
  items: paths.map((path) => ({
    identity: { path: `/out/${path}`, size: 1, modified: '1769000000' },
    relative_path: path,
    fields: { file_name: path },
  })),
});

const ledgerConnection = z.strictObject({
  host: connectionText('Name of the server'),
  password: secretText('Password').optional(),
});

/** A database: a source and a target of rows. Two statements decide everything that it says about SQL. */
export const vault: Connector = defineConnector({
  kind: 'vault',
  type: 'VAULT',
  title: 'Vault',
  summary: 'Tables of a test.',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['VaultResource'],
    options: ledgerConnection,
    identity: ({ host }) => ({ host }),
  },
  rowSource: {
    options: z.strictObject(rowSourceFields),
    capabilities: {
      writes: ['csv', 'jsonl'],
      resumes: 'key-pages',
      ceiling: 'settle',
      cancelsQueries: true,
    },
    describe: ({ host }, { table_name }) => `vault://${host}/${table_name ?? '(query)'}`,
    checkSql: (sql) =>
      sql.some((piece) => typeof piece === 'string' && piece.includes(';'))
        ? 'it holds several statements'
        : null,
    open: nothingOpens,
  },
  rowTarget: {
    options: z.strictObject(rowTargetFields),
    capabilities: {
      reads: ['csv'],
      modes: ['append', 'upsert', 'replace'],
      publishes: 'transaction',
      cancelsQueries: true,
    },
    describe: ({ host }, { table_name }) => `vault://${host}/${table_name}`,
    classifySql: (sql) => {
      const text = sql.filter((piece) => typeof piece === 'string').join('');
      if (/^\s*vacuum/i.test(text)) return { refused: 'VACUUM cannot run in a transaction' };
      return /^\s*(truncate|delete from)/i.test(text) ? 'empties-target' : 'inside';
    },
    open: nothingOpens,
  },
  findings: [],
  errors: [],
  examples: [],
  limits: [],
});

export const rowConnectors: readonly Connector[] = [crate, shelf, vault];
