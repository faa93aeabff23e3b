/** Plans of rows over the connectors of `planner.fixture.ts`: from the options of two sides to a plan. */
import { TidemarkError } from '../../core/errors/error.js';
import type { AssetPlan, RunContext } from '../../core/plan/plan.js';
import type { RowsPlan } from '../../core/plan/rows.js';
import type { JsonObject } from '../../core/values/json.js';
import type { AssetDefinition } from '../../language/definition/definition.js';
import { planAsset, type AssetFacts } from '../plan-asset.js';
import { planRun } from '../plan-run.js';
import { asset, connection, endpoint, facts, project, rowConnectors } from '../planner.fixture.js';

export interface Given {
  readonly source: JsonObject;
  readonly target?: JsonObject;
  readonly kinds?: readonly [source: string, target: string];
  readonly params?: JsonObject;
  readonly context?: Partial<RunContext>;
  readonly vary?: AssetFacts['vary'];
  readonly owner?: string;
  readonly readFile?: AssetFacts['readFile'];
}

export const connections = [
  connection('lake', 'crate', { endpoint: 'https://lake.example' }),
  connection('partner', 'shelf', { host: 'files.example' }),
  connection('erp', 'vault', { host: 'erp.example' }),
];
const named: Readonly<Record<string, string>> = { vault: 'erp', crate: 'lake', shelf: 'partner' };

export const planned = (given: Given): AssetPlan => {
  const [from, to] = given.kinds ?? ['vault', 'crate'];
  const definition: Partial<AssetDefinition> = {
    source: endpoint(from, named[from] ?? '', given.source),
    target: endpoint(to, named[to] ?? '', given.target ?? { bucket_name: 'raw', prefix: 'p' }),
    params: given.params ?? {},
  };
  const run = planRun(
    project({ connections, assets: [asset('orders', definition)] }),
    {},
    facts('orders', { env: {}, connectors: rowConnectors }),
  );
  const [first] = run.assets;
  if (first === undefined) throw new Error('the run has no asset');
  const context = { ...run.context, partitionKey: null, ...given.context };
  const order = { ...run, context, asset: first, upstreams: {}, runId: 'run' };
  return planAsset(order, {
    connectors: rowConnectors,
    owner: given.owner ?? 'owner',
    ownerStartedMs: 1,
    vary: given.vary ?? null,
    ...(given.readFile === undefined ? {} : { readFile: given.readFile }),
  });
};

export const rowsOf = (given: Given): RowsPlan => {
  const { rows } = planned(given);
  if (rows === undefined) throw new Error('the plan has no rows');
  return rows;
};

export const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof TidemarkError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return '';
};

export const table = { table_name: 'sales.orders' };
export const incremental = { ...table, sync_mode: 'incremental', cursor_column: 'updated_at' };
export const toTable = (target: JsonObject = {}) => ({ table_name: 'mirror.orders', ...target });
