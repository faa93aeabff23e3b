/** Assets that read or write rows, with what their options mean together: what the rules about rows walk over. */
import { movesRows } from '../../connectors/sides.js';
import { isJsonObject, type JsonValue } from '../../core/values/json.js';
import type { AssetDefinition } from '../definition/definition.js';
import { jobsOfAsset, type Draft, type ProjectDraft } from '../definition/draft.js';
import { holdsTemplate } from '../definition/options.js';
import type { Path } from '../definition/placed.js';
import { oncePer } from '../definition/once-per.js';
import { pathText } from '../definition/reading.js';
import { isIncremental } from '../definition/row-modes.js';
import { readsMark } from '../template/sql-cursor.js';
import { judgeSql, type JudgedSql } from '../template/sql-text.js';
import { assetEndpoints, type PlacedEndpoint } from './endpoints.js';
import { parsedIn } from './template-uses.js';

/** A statement of a side, judged without values. */
export interface PlacedSql {
  readonly side: PlacedEndpoint;
  /** In the options: `['sql_pre', 0]`. */
  readonly path: Path;
  /** `sql_pre[0]`. */
  readonly field: string;
  readonly judged: JudgedSql;
}

export interface RowAsset {
  readonly definition: AssetDefinition;
  readonly source: PlacedEndpoint;
  readonly target: PlacedEndpoint;
  readonly readsRows: boolean;
  readonly writesRows: boolean;
  /** The query of a source of rows; null: a table, or nothing that can be judged. */
  readonly query: PlacedSql | null;
  readonly pre: readonly PlacedSql[];
  readonly post: readonly PlacedSql[];
  /** Of either side; undefined: not written, or known only in a run. */
  readonly syncMode: string | undefined;
  /** Which side says `sync_mode`. */
  readonly modeSide: PlacedEndpoint | undefined;
  readonly isMarked: boolean;
  readonly hasKey: boolean;
  /** The first statement of `sql_pre` that empties the target. */
  readonly emptying: PlacedSql | undefined;
  readonly isPartitioned: boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** A text of the options that is known before any run. */
export const fixedText = (side: PlacedEndpoint, name: string): string | undefined => {
  const value = side.endpoint.configs[name];
  return isText(value) && !holdsTemplate(value) ? value : undefined;
};

export const isWritten = (side: PlacedEndpoint, name: string): boolean =>
  (side.endpoint.configs[name] ?? null) !== null;

/** Is the parameter a number wherever it is declared? */
const numberTest = (draft: ProjectDraft, asset: AssetDefinition) => (name: string) => {
  const declared = jobsOfAsset(draft, asset.name)
    .flatMap(({ params }) => params)
    .filter((entry) => entry.name === name && (entry.asset ?? asset.name) === asset.name);
  if (declared.length === 0) return typeof asset.params[name] === 'number';
  return declared.every(({ type }) => type === 'int' || type === 'float');
};

/** Undefined: the text cannot be parsed, which is reported as a template. */
type Judge = (text: string) => JudgedSql | undefined;

const judgeFor = (draft: ProjectDraft, asset: AssetDefinition): Judge => {
  const isNumber = numberTest(draft, asset);
  return (text) => {
    const parsed = parsedIn(draft, text);
    return 'problem' in parsed ? undefined : judgeSql(parsed.template, isNumber);
  };
};

/** The statements of an option: a text or `{sql, params}`, or a list of them. */
const statements = (side: PlacedEndpoint, name: string, judge: Judge): readonly PlacedSql[] => {
  const at = (path: Path, value: JsonValue): readonly PlacedSql[] => {
    const isMapping = isJsonObject(value);
    const text = isMapping ? value['sql'] : value;
    const judged = isText(text) ? judge(text) : undefined;
    if (judged === undefined) return [];
    return [{ side, path: isMapping ? [...path, 'sql'] : path, field: pathText(path), judged }];
  };
  const value = side.endpoint.configs[name] ?? null;
  return Array.isArray(value)
    ? value.flatMap((entry: JsonValue, index) => at([name, index], entry))
    : at([name], value);
};

const nowhere = { schema: null, name: '' };

/** What the target's connector says about a statement; undefined where only a run can tell. */
export const kindOf = ({ side, judged }: PlacedSql) => {
  const declared = side.connector?.rowTarget;
  if (declared === undefined || !judged.isWhole || judged.problems.length > 0) return undefined;
  const name = fixedText(side, 'table_name');
  const [table = '', schema] = (name ?? '').split('.').reverse();
  return declared.classifySql(
    judged.sql,
    name === undefined
      ? nowhere
      : { schema: schema ?? fixedText(side, 'schema_name') ?? null, name: table },
  );
};

interface Sides {
  readonly source: PlacedEndpoint;
  readonly target: PlacedEndpoint;
  readonly readsRows: boolean;
  readonly writesRows: boolean;
}

const sidesOf = (draft: ProjectDraft, asset: Draft<AssetDefinition>): Sides | undefined => {
  const [source, target] = assetEndpoints(draft, asset);
  if (source?.connector === undefined || target?.connector === undefined) return undefined;
  const readsRows = movesRows(source.connector, 'source');
  const writesRows = movesRows(target.connector, 'target');
  return readsRows || writesRows ? { source, target, readsRows, writesRows } : undefined;
};

const modeOf = ({ source, target }: Sides): Pick<RowAsset, 'syncMode' | 'modeSide'> => {
  const modeSide = [source, target].find((side) => isWritten(side, 'sync_mode'));
  const written = modeSide === undefined ? undefined : fixedText(modeSide, 'sync_mode');
  return { modeSide, syncMode: written?.toLowerCase() };
};

const sqlOf = (
  { source, target, readsRows, writesRows }: Sides,
  judge: Judge,
): Pick<RowAsset, 'query' | 'pre' | 'post' | 'emptying'> => {
  const read = (name: string) => (readsRows ? statements(source, name, judge) : []);
  const written = (name: string) => (writesRows ? statements(target, name, judge) : []);
  const [query = null] = [...read('sql'), ...read('query')];
  const pre = written('sql_pre');
  const emptying = pre.find((statement) => kindOf(statement) === 'empties-target');
  return { query, pre, post: written('sql_post'), emptying };
};

const rowAsset = (draft: ProjectDraft, asset: Draft<AssetDefinition>): readonly RowAsset[] => {
  const sides = sidesOf(draft, asset);
  if (sides === undefined) return [];
  const { definition } = asset;
  const { source, target, readsRows } = sides;
  const sql = sqlOf(sides, judgeFor(draft, definition));
  const mode = modeOf(sides);
  const usesMark = sql.query !== null && readsMark(sql.query.judged.sql);
  return [
    {
      definition,
      ...sides,
      ...sql,
      ...mode,
      isMarked: readsRows && isIncremental({ syncMode: mode.syncMode, readsMark: usesMark }),
      hasKey: isWritten(target, 'primary_key') || (readsRows && isWritten(source, 'primary_key')),
      isPartitioned: definition.partitions !== null,
    },
  ];
};

/** Assets without a target have no route for rows, which planning says. */
export const rowAssets = oncePer((draft: ProjectDraft): readonly RowAsset[] =>
  draft.assets.flatMap((asset) => rowAsset(draft, asset)),
);

/** Every statement of the asset. */
export const statementsOf = ({ query, pre, post }: RowAsset): readonly PlacedSql[] => [
  ...(query === null ? [] : [query]),
  ...pre,
  ...post,
];
