/**
 * How rows get into a table (D9): mode, key, partition and the statements around the publish.
 *
 * Keeps true: what would empty a table is a replacement, never a statement beside an append; a run of one partition
 * never takes rows of another away.
 */
import type { RowTargetDeclaration } from '../../connectors/row-connector.js';
import type { RowTargetOptions } from '../../connectors/row-fields.js';
import { TidemarkError } from '../../core/errors/error.js';
import type { PartitionKey } from '../../core/plan/partitions.js';
import type { LoadPlan, PartitionScope, SqlText, TableName } from '../../core/plan/rows.js';
import type { JsonObject, JsonValue } from '../../core/values/json.js';
import { loadModeOf } from '../../language/definition/row-modes.js';
import { badOptions } from '../errors.js';
import { mapTexts } from '../option-fields.js';
import { renderText } from '../templates.js';
import { boundSql, type SqlScope } from './sql-text.js';
import { tableNameOf } from './table-name.js';

export interface LoadFacts extends SqlScope {
  readonly asset: string;
  readonly declared: RowTargetDeclaration<unknown, RowTargetOptions>;
  readonly syncMode: string | undefined;
  /** The query uses `metadata.last_cursor`. */
  readonly readsMark: boolean;
  readonly isMarked: boolean;
  readonly sourceKey: readonly string[] | null;
  readonly fullRefresh: boolean;
  readonly partition: string | null;
  readonly partitionKey: PartitionKey | null;
}

type Statement = NonNullable<RowTargetOptions['sql_pre']>[number];

const refuse = (sentence: string, fix?: string): TidemarkError =>
  new TidemarkError(badOptions, sentence, fix === undefined ? {} : { fix });

const paramsOf = (
  given: Statement['params'],
  where: string,
  facts: LoadFacts,
): readonly JsonValue[] | null =>
  given === undefined
    ? null
    : Object.values(
        mapTexts(given as JsonValue, (text, path) =>
          renderText(text, facts.scope, `${where}.params.${path.join('.')}`),
        ) as JsonObject,
      );

const statementsOf = (
  given: readonly Statement[] | undefined,
  field: string,
  facts: LoadFacts,
): readonly SqlText[] =>
  (given ?? []).map((entry, index) => {
    const where = `asset "${facts.asset}", target.${field}[${index}]`;
    const params = 'params' in entry ? entry.params : undefined;
    const sql = boundSql(entry.sql, where, facts, paramsOf(params, where, facts));
    const needsMark = sql.some((piece) => typeof piece === 'object' && 'mark' in piece);
    if (needsMark && !facts.isMarked)
      throw refuse(`${where} uses metadata, and the asset has no mark`);
    return sql;
  });

interface Statements {
  readonly inside: readonly SqlText[];
  readonly emptiesTarget: boolean;
}

const classified = (
  statements: readonly SqlText[],
  field: string,
  table: TableName,
  facts: LoadFacts,
): Statements => {
  const kinds = statements.map((sql, index) => {
    const kind = facts.declared.classifySql(sql, table);
    if (typeof kind === 'string') return { sql, kind };
    throw refuse(`asset "${facts.asset}", target.${field}[${index}]: ${kind.refused}`);
  });
  return {
    inside: kinds.filter(({ kind }) => kind === 'inside').map(({ sql }) => sql),
    emptiesTarget: kinds.some(({ kind }) => kind === 'empties-target'),
  };
};

const partitionScope = (column: string | undefined, facts: LoadFacts): PartitionScope | null => {
  const { partition, partitionKey } = facts;
  if (column === undefined || partition === null) return null;
  const { start = null, end = null } = partitionKey ?? {};
  return start === null || end === null ? { column, value: partition } : { column, start, end };
};

const assertReplaceable = (
  facts: LoadFacts,
  empties: boolean,
  partition: PartitionScope | null,
): void => {
  const where = `asset "${facts.asset}", target`;
  if (facts.partition !== null && empties)
    throw refuse(
      `${where}: sql_pre empties the whole table, and the run is for partition ${facts.partition}`,
      'Leave the statement out and write partition_column: a run then replaces the rows of its partition.',
    );
  if (facts.partition !== null && partition === null)
    throw refuse(
      `${where}: replacing the contents would take the rows of all other partitions away`,
      'Write partition_column: the column of the table that holds the partition.',
    );
  if (facts.isMarked && !facts.fullRefresh)
    throw refuse(
      `${where}: the contents are replaced at each run, and the run reads only what is new since the mark`,
      'Read everything (leave metadata.last_cursor out), or load with sync_mode: incremental.',
    );
};

const matchOf = (target: RowTargetOptions): LoadPlan['matchColumns'] => {
  if (target.match_columns === true) return 'name';
  return target.column_match_config === 'target_column_order' ? 'position' : 'name';
};

/** Throws `plan/bad-options`, `plan/unsafe-sql` and template errors. */
export const planLoad = (target: RowTargetOptions, facts: LoadFacts): LoadPlan => {
  const where = `asset "${facts.asset}", target`;
  const table = tableNameOf(target, where);
  if (table === null) throw refuse(`${where} has no table_name`);
  const pre = classified(statementsOf(target.sql_pre, 'sql_pre', facts), 'sql_pre', table, facts);
  const post = classified(
    statementsOf(target.sql_post, 'sql_post', facts),
    'sql_post',
    table,
    facts,
  );
  if (post.emptiesTarget) throw refuse(`${where}.sql_post empties the table that was just loaded`);
  const key = target.primary_key ?? facts.sourceKey;
  const partition = partitionScope(target.partition_column, facts);
  const wished = loadModeOf({
    syncMode: facts.syncMode,
    readsMark: facts.readsMark,
    hasKey: key !== null,
    emptiesTarget: pre.emptiesTarget,
    replacesPartition: partition !== null,
  });
  const mode = facts.fullRefresh ? 'replace' : wished;
  if (mode === 'replace') assertReplaceable(facts, pre.emptiesTarget, partition);
  if (!facts.declared.capabilities.modes.includes(mode))
    throw refuse(`${where}: this connector cannot ${mode}`);
  return {
    table,
    mode,
    key: mode === 'upsert' ? key : null,
    matchColumns: matchOf(target),
    autoCreate: target.auto_create_table,
    addNewColumns: target.add_new_columns,
    failOnColumnMismatch: target.column_mismatch_failure,
    columnTypes: Object.fromEntries(
      (target.table_schema ?? []).map(({ column_name, data_type }) => [column_name, data_type]),
    ),
    sqlPre: pre.inside,
    sqlPost: post.inside,
    maxShrink: target.max_shrink === 'any' ? null : target.max_shrink,
    partition: mode === 'replace' ? partition : null,
    ledgerSchema: target.ledger_schema,
    truncate: target.truncate,
  };
};
