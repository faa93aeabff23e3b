/** Plans for tests of the reducers: complete and small; a test states only what it is about. */
import {
  type AssetPlan,
  type AssetSpec,
  type CopySizes,
  defaultTiming,
  type PlannedItem,
  planVersion,
  type RetrySpec,
  type RunPlan,
} from '../plan/plan.js';
import type { LoadPlan } from '../plan/rows.js';

const retry: RetrySpec = { attemptsWithoutProgress: 5, delayMs: 0, backoff: 'constant' };

export const smallSizes: CopySizes = {
  partBytes: 10,
  partsMax: 100,
  singleBytesMax: 20,
  chunkParts: 2,
  batchItems: 3,
  batchBytes: 50,
  pageItems: 4,
  workers: 2,
};

export const assetPlan = (changed: Partial<AssetPlan> = {}): AssetPlan => ({
  version: planVersion,
  hash: '0123456789abcdef',
  name: 'orders',
  partition: null,
  route: 'copy-bytes',
  why: 'both sides move bytes',
  source: { kind: 'memory', connection: 'inbox', identity: {}, options: {} },
  target: { kind: 'memory', connection: 'lake', identity: {}, options: {} },
  owner: 'shop/asset/orders/1',
  ownerStartedMs: 0,
  narrowedTo: null,
  sizes: smallSizes,
  timing: defaultTiming,
  retry,
  deleteSource: false,
  scope: {},
  checks: [],
  ...changed,
});

/** Appends to `copies`, matched by names. */
export const loadPlan = (changed: Partial<LoadPlan> = {}): LoadPlan => ({
  table: { schema: null, name: 'copies' },
  mode: 'append',
  key: null,
  matchColumns: 'name',
  autoCreate: false,
  addNewColumns: false,
  failOnColumnMismatch: true,
  columnTypes: {},
  sqlPre: [],
  sqlPost: [],
  maxShrink: null,
  partition: null,
  ledgerSchema: 'tidemark',
  truncate: false,
  ...changed,
});

export const item = (
  path: string,
  size: number,
  changed: Partial<PlannedItem> = {},
): PlannedItem => ({
  source: { path, size, modified: '1700000000', etag: `"${path}-1"` },
  target: { container: 'lake', key: `raw/${path}` },
  ...changed,
});

export const assetSpec = (name: string, upstreams: readonly string[] = []): AssetSpec => ({
  name,
  group: 'default',
  description: '',
  source: { kind: 'memory', connection: 'inbox', configs: {} },
  target: { kind: 'memory', connection: 'lake', configs: {} },
  upstreams: upstreams.map((asset) => ({ asset, alias: null })),
  params: {},
  tags: {},
  maxWorkers: 2,
  retry,
  checks: [],
  partitions: null,
  onOverlap: 'wait',
  onTrigger: 'narrow',
  place: 'pipelines/orders.yaml:1',
});

export const runPlan = (assets: readonly AssetSpec[]): RunPlan => ({
  context: {
    version: planVersion,
    project: 'shop',
    name: 'orders_job',
    kind: 'job',
    projectHash: '0123456789abcdef',
    partition: null,
    partitionKey: null,
    tags: {},
    trigger: null,
    fullRefresh: false,
    plannedAt: '2026-01-01T00:00:00.000Z',
    env: {},
    vars: {},
    transfersQueue: 'shop-transfers',
    timing: defaultTiming,
  },
  connections: {},
  assets,
  hash: '0123456789abcdef',
  searchAttributes: [],
  assetIds: Object.fromEntries(assets.map(({ name }) => [name, `shop/asset/${name}`])),
});
