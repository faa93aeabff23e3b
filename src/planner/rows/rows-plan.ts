/**
 * Everything about rows in an asset's plan: what is read, between which marks, in which format, into which table.
 *
 * Keeps true: equal options give an equal `shapeHash`, whoever runs it and whenever; so a window that another run
 * opened is finished only by a run that would have opened the same one.
 */
import type { Connector } from '../../connectors/connector.js';
import type { RowSourceOptions, RowTargetOptions } from '../../connectors/row-fields.js';
import { TidemarkError } from '../../core/errors/error.js';
import type { AssetOrder, AssetPlan, EndpointPlan } from '../../core/plan/plan.js';
import { plainCsv, type FileFormat, type RowSizes, type RowsPlan } from '../../core/plan/rows.js';
import { canonicalJson, type JsonObject } from '../../core/values/json.js';
import { fileFormatOf } from '../../formats/options.js';
import { assetSubject, fieldPlace } from '../asset-mentions.js';
import { badOptions, noRoute } from '../errors.js';
import { fieldName } from '../option-fields.js';
import { sha256Hex } from '../hash.js';
import type { Route } from '../routes.js';
import { askedPartBytes, type Variation } from '../sizes.js';
import { planLoad } from './load-plan.js';
import { planQuery, type QueryPlan } from './row-query.js';
import { chooseRowSizes } from './row-sizes.js';
import type { SqlScope } from './sql-text.js';

export interface RowsSide {
  readonly connector: Connector;
  readonly plan: EndpointPlan;
  /** As the connector's schema gives them; statements still hold their templates. */
  readonly parsed: unknown;
}

export interface RowsFacts extends SqlScope {
  readonly order: AssetOrder;
  readonly route: Route;
  readonly source: RowsSide;
  readonly target: RowsSide;
  readonly vary: Variation;
}

/** Is the pair moved as rows? */
export const isRowsRoute = (route: AssetPlan['route']): boolean =>
  route === 'unload-rows' || route === 'load-files' || route === 'copy-rows';

/** The format of the side that has files; options that ask for it in vain are refused. */
const fileFormat = (facts: RowsFacts): FileFormat => {
  const { order, route, source, target } = facts;
  if (route === 'copy-rows') return { rows: plainCsv, compression: 'none' };
  const [side, field, way] =
    route === 'unload-rows'
      ? ([target, 'target', 'write'] as const)
      : ([source, 'source', 'read'] as const);
  // As written: parsed options hold defaults that nobody asked for.
  const format = fileFormatOf(side.plan.options, way);
  if (!('refused' in format)) return format;
  const where = fieldPlace(assetSubject(order.asset.name), field, fieldName(format.path));
  throw new TidemarkError(badOptions, `${where}: ${format.refused}`, { fix: format.fix });
};

const formatOf = (facts: RowsFacts): FileFormat => {
  const { order, source, target } = facts;
  const format = fileFormat(facts);
  const { kind } = format.rows;
  const writes = source.connector.rowSource?.capabilities.writes;
  const reads = target.connector.rowTarget?.capabilities.reads;
  if (writes?.includes(kind) === false)
    throw new TidemarkError(
      noRoute,
      `asset "${order.asset.name}": ${source.connector.type} does not write ${kind}; it writes ${writes.join(', ')}`,
    );
  if (reads?.includes(kind) === false)
    throw new TidemarkError(
      noRoute,
      `asset "${order.asset.name}": ${target.connector.type} does not read ${kind}; it reads ${reads.join(', ')}`,
    );
  return format;
};

const tableOptions = ({ connector, parsed }: RowsSide): RowTargetOptions | null =>
  connector.rowTarget === undefined ? null : (parsed as RowTargetOptions);

const queryOptions = ({ connector, parsed }: RowsSide): RowSourceOptions | null =>
  connector.rowSource === undefined ? null : (parsed as RowSourceOptions);

const queryOf = (facts: RowsFacts): QueryPlan | null => {
  const { order, source, target } = facts;
  const options = queryOptions(source);
  if (options === null) return null;
  const declared = source.connector.rowSource;
  return planQuery(options, {
    scope: facts.scope,
    ...(facts.readFile === undefined ? {} : { readFile: facts.readFile }),
    asset: order.asset.name,
    target: tableOptions(target),
    checkSql: declared?.checkSql?.bind(declared),
  });
};

const loadOf = (facts: RowsFacts, query: QueryPlan | null): RowsPlan['load'] => {
  const { order, target } = facts;
  const options = tableOptions(target);
  const declared = target.connector.rowTarget;
  if (options === null || declared === undefined) return null;
  const { context } = order;
  return planLoad(options, {
    scope: facts.scope,
    ...(facts.readFile === undefined ? {} : { readFile: facts.readFile }),
    asset: order.asset.name,
    declared,
    syncMode: query === null ? options.sync_mode : query.syncMode,
    readsMark: query?.readsMark ?? false,
    isMarked: query !== null && query.mark !== null,
    sourceKey: query?.query.key ?? null,
    fullRefresh: context.fullRefresh,
    partition: context.partition,
    partitionKey: context.partitionKey,
  });
};

const assertNulls = (
  asset: string,
  { mark, load, fromStart }: Pick<RowsPlan, 'mark' | 'load' | 'fromStart'>,
): void => {
  if (mark?.nulls !== 'include' || load?.mode === 'upsert') return;
  // A full refresh of a table takes them once, too.
  if (fromStart && load !== null) return;
  throw new TidemarkError(
    badOptions,
    `asset "${asset}", source.nulls is include: rows whose cursor is NULL are read at each run, and only an upsert takes them once`,
    { fix: 'Load with sync_mode: incremental and a primary_key, or write nulls: skip.' },
  );
};

/** Who and where, with what decides about the rows; nothing of the run. */
const shapeOf = (
  facts: RowsFacts,
  plan: Pick<RowsPlan, 'query' | 'mark' | 'format' | 'load' | 'fromStart'>,
): string => {
  const side = ({ kind, identity, options }: EndpointPlan) => ({ kind, identity, options });
  const { query, mark, format, load, fromStart } = plan;
  const shape = {
    query,
    mark,
    format,
    load,
    fromStart,
    source: side(facts.source.plan),
    target: side(facts.target.plan),
  };
  return sha256Hex(canonicalJson(shape as unknown as JsonObject), 16);
};

const sizesOf = (
  { order, source, target, vary }: RowsFacts,
  { load, format }: Pick<RowsPlan, 'load' | 'format'>,
): RowSizes => {
  const options = queryOptions(source);
  const lanes = options?.lanes ?? 1;
  if (format.parquet !== undefined && options?.rows_chunk !== undefined)
    throw new TidemarkError(
      badOptions,
      `asset "${order.asset.name}", source.rows_chunk has no effect with object_type PARQUET: a file is read at once, and starts again after a failure`,
      { fix: 'Leave rows_chunk out; source.lanes makes several smaller files.' },
    );
  if (lanes > 1 && load !== null)
    throw new TidemarkError(
      badOptions,
      `asset "${order.asset.name}", source.lanes is ${lanes}; several lanes need a target of files`,
    );
  return chooseRowSizes(target.connector.target?.capabilities ?? null, {
    workers: order.asset.maxWorkers,
    partBytes: askedPartBytes(target.parsed),
    pageRows: options?.rows_chunk ?? null,
    lanes,
    vary,
  });
};

/** Throws `plan/bad-options`, `plan/unsafe-sql`, `plan/no-route` and template errors. */
export const planRows = (facts: RowsFacts): RowsPlan => {
  const { order, target } = facts;
  const format = formatOf(facts);
  const planned = queryOf(facts);
  const { query, mark } = planned ?? { query: null, mark: null };
  const load = loadOf(facts, planned);
  const { project, partition, fullRefresh: fromStart } = order.context;
  assertNulls(order.asset.name, { mark, load, fromStart });
  return {
    ledger: { project, asset: order.asset.name, partition: partition ?? '' },
    query,
    mark,
    format,
    load,
    fromStart,
    // Contents that are replaced need every file again, not only those that are new.
    force: tableOptions(target)?.force === true || (query === null && load?.mode === 'replace'),
    shapeHash: shapeOf(facts, { query, mark, format, load, fromStart }),
    sizes: sizesOf(facts, { load, format }),
  };
};
