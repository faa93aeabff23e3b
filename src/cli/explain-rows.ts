/** How the rows of a planned asset are shown: query, cursor, load, names, ledger. Pure: the same plan gives the same text. */
import type { AssetPlan } from '../core/plan/plan.js';
import type { FileFormat, LoadPlan, RowsPlan, SqlText, TableName } from '../core/plan/rows.js';
import { hasLedger } from '../core/run/rows-run.js';
import type { JsonObject } from '../core/values/json.js';
import { ledgerFolder, objectAddress } from '../planner/rows/object-address.js';
import type { WindowFacts } from '../planner/rows/object-names.js';
import { connectionNamed, connectionWithoutSecrets } from '../planner/connections.js';
import type { ExplainFacts } from './explain-facts.js';

const margin = '           ';

const line = (name: string, text: string): string => `   ${name.padEnd(7)} ${text}`;

/** `SELECT … WHERE day = $1`, and what stands for `$1`. */
export const sqlText = (
  sql: SqlText,
): { readonly text: string; readonly values: readonly string[] } => {
  const values: string[] = [];
  const text = sql
    .map((piece) => {
      if (typeof piece === 'string') return piece;
      if ('mark' in piece) return piece.mark === 'now' ? '<high mark>' : '<low mark>';
      if ('secret' in piece) values.push(`the secret ${piece.secret}`);
      else
        values.push(
          `${JSON.stringify(piece.value)}${piece.as === 'instant' ? ' (timestamp)' : ''}`,
        );
      return `$${values.length}`;
    })
    .join('');
  return { text: text.trimEnd(), values };
};

const sqlLines = (name: string, sql: SqlText): readonly string[] => {
  const { text, values } = sqlText(sql);
  const [first = '', ...rest] = text.split(/\r\n|\r|\n/);
  return [
    line(name, first),
    ...rest.map((part) => `${margin}${part}`.trimEnd()),
    ...values.map((value, index) => `${margin}$${index + 1} = ${value}`),
  ];
};

const tableText = ({ schema, name }: TableName): string =>
  schema === null ? name : `${schema}.${name}`;

/** Which field says what the cursor is. */
export const cursorOrigin = ({ source, target }: AssetPlan): string => {
  for (const name of ['cursor_column', 'update_key'])
    if (source.options[name] !== undefined) return `source.${name}`;
  return target?.options['update_key'] === undefined
    ? 'the predicate of the query'
    : 'target.update_key';
};

const markLines = (plan: AssetPlan, { mark, fromStart }: RowsPlan): readonly string[] => {
  if (mark === null) return [line('cursor', 'none: everything is read at each run')];
  const begins = mark.initial === null ? 'the beginning' : `above ${JSON.stringify(mark.initial)}`;
  const start = fromStart ? `from ${begins} (full refresh)` : `from the mark, at first ${begins}`;
  const nulls =
    mark.nulls === 'fail'
      ? 'fail the run'
      : mark.nulls === 'skip'
        ? 'are left out'
        : 'are read with each window of new rows';
  return [
    line('cursor', `${mark.column} (${cursorOrigin(plan)}), read ${start}`),
    `${margin}up to what can still change, else ${mark.settleMs / 1000} s below the clock; rows without a cursor ${nulls}`,
  ];
};

const formatText = ({ rows, compression, parquet }: FileFormat): string => {
  if (parquet !== undefined)
    return `parquet, ${parquet.compression} inside, with the types of the source; a file starts again after a failure`;
  const packed = compression === 'none' ? '' : `, ${compression}`;
  if (rows.kind === 'jsonl') return `jsonl, one object for each line${packed}`;
  const header = rows.header ? 'with a header' : 'without a header';
  return `csv, delimiter ${JSON.stringify(rows.delimiter)}, NULL as ${JSON.stringify(rows.nullText)}, ${header}${packed}`;
};

const modeText = ({ mode, key, partition, table, maxShrink, truncate }: LoadPlan): string => {
  const into = tableText(table);
  if (mode === 'append') return `append to ${into}`;
  if (mode === 'upsert') return `upsert into ${into} by ${(key ?? []).join(', ')}`;
  const guard =
    maxShrink === null ? '' : `, unless more than ${maxShrink * 100} % of its rows would go`;
  if (partition !== null) {
    const rows =
      'value' in partition
        ? `${partition.column} = ${JSON.stringify(partition.value)}`
        : `${partition.column} from ${partition.start} to below ${partition.end}`;
    return `replace the rows of ${into} with ${rows}${guard}`;
  }
  return `replace the contents of ${into}${truncate ? ' by TRUNCATE' : ''}${guard}`;
};

const loadLines = (load: LoadPlan): readonly string[] => [
  line('load', modeText(load)),
  ...load.sqlPre.flatMap((sql) => sqlLines('before', sql)),
  ...load.sqlPost.flatMap((sql) => sqlLines('after', sql)),
];

/** A word that no mark is, so that it can be told from the rest of the name. */
const lowMark = 'LOW-MARK';

const patternWindow = ({ sizes }: RowsPlan): WindowFacts => {
  const mark = { column: '', type: '', value: lowMark, seen: null };
  return { low: mark, high: mark, repeat: 1, lane: 0, lanes: sizes.lanes };
};

interface Places {
  /** `s3://…` would need the connector's own words; container and key are plain. */
  readonly object: string | null;
  readonly ledger: string;
}

/** Null `object`: rows go into a table. */
export const placesOf = (plan: AssetPlan, { definition, terminal }: ExplainFacts): Places => {
  const { rows, target } = plan;
  if (rows === undefined || target === null) return { object: null, ledger: '' };
  const { project, asset, partition } = rows.ledger;
  const name = [project, asset, ...(partition === '' ? [] : [partition])].join('/');
  if (rows.load !== null)
    return { object: null, ledger: `schema ${rows.load.ledgerSchema}, ${name}` };
  const connection = connectionNamed(definition.connections, target.connection, 'explain');
  const known = { connectors: terminal.connectors, vars: definition.vars, env: terminal.env };
  const { config } = connectionWithoutSecrets(connection, known);
  const facts = { connectors: terminal.connectors, targetConnection: config };
  const { container, key } = objectAddress(plan, patternWindow(rows), facts);
  const folder = ledgerFolder(plan, facts);
  const below = (box: string, path: string) => (box === '' ? path : `${box}/${path}`);
  return {
    object: below(container, key).replaceAll(lowMark, '<low mark>'),
    ledger: hasLedger(rows)
      ? `${below(folder.container, folder.key)}, ${name}`
      : 'none: there is no mark to keep',
  };
};

const sizesLine = ({ sizes, load, query, format }: RowsPlan): string => {
  const pages =
    format.parquet === undefined
      ? `pages of ${sizes.pageRowsMax ?? sizes.pageRows} rows`
      : 'each file in one read';
  const parts = load === null ? `parts of ${sizes.partBytes / 1024 / 1024} MiB or more` : '';
  const read = query === null ? 'files in pieces that end with a record' : pages;
  const lanes = sizes.lanes > 1 ? `; ${sizes.lanes} lanes` : '';
  return line(
    'sizes',
    `${[read, ...(parts === '' ? [] : [parts])].join(', ')}, ${sizes.chunkParts} a chunk${lanes}; ${sizes.workers} workers`,
  );
};

const queryLines = ({ query }: RowsPlan): readonly string[] => {
  if (query === null) return [];
  const read =
    query.sql === null
      ? query.table === null
        ? []
        : [
            line(
              'table',
              `${tableText(query.table)}${query.columns === null ? '' : ` (${query.columns.join(', ')})`}`,
            ),
          ]
      : sqlLines('sql', query.sql);
  const key =
    query.key !== null
      ? `${query.key.join(', ')} (declared)`
      : query.sql === null
        ? 'as the catalog says'
        : 'none: the read starts again after a failure';
  return [...read, line('key', key)];
};

/** The lines of an asset that moves rows, beside its sides and its route. */
export const rowsLines = (plan: AssetPlan, facts: ExplainFacts): readonly string[] => {
  const { rows } = plan;
  if (rows === undefined) return [];
  const { object, ledger } = placesOf(plan, facts);
  return [
    ...queryLines(rows),
    ...(rows.query === null ? [] : markLines(plan, rows)),
    ...(plan.route === 'copy-rows' ? [] : [line('format', formatText(rows.format))]),
    ...(rows.load === null ? [] : loadLines(rows.load)),
    ...(object === null ? [] : [line('object', object)]),
    line('ledger', ledger),
    sizesLine(rows),
  ];
};

/** The same as data; statements as text with their values beside. */
export const rowsJson = (plan: AssetPlan, facts: ExplainFacts): JsonObject => {
  const { rows } = plan;
  if (rows === undefined) return {};
  const sql =
    rows.query === null || rows.query.sql === null ? {} : { statement: sqlText(rows.query.sql) };
  const cursor = rows.mark === null ? {} : { cursor_from: cursorOrigin(plan) };
  return {
    rows: { ...rows, ...sql, ...cursor, ...placesOf(plan, facts) } as unknown as JsonObject,
  };
};
