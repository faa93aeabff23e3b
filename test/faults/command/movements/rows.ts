/** Rows: tables into files, files into tables, tables into tables. psql says what each must hold. */
import type { Movement } from '../movement.js';
import { contentsOf, type FilePlaceName, sha256 } from '../places.js';
import { holds, ordersFile, prepareOrders, tableOf, versionIn } from './orders.js';
import { folderYaml, sideYaml, targetFolder } from './yaml.js';

const unchanging = {
  isOneFile: false,
  versions: [],
  change: () => Promise.reject(new Error('this source does not change under a run')),
} as const;

const wholeTable = `table_name: ${tableOf('first')}`;
const windows = 'sync_mode: incremental, cursor_column: changed_at';

export interface UnloadOptions {
  readonly to: FilePlaceName;
  readonly isIncremental?: boolean;
  readonly isPacked?: boolean;
  readonly title: string;
}

export const unloadRows = (options: UnloadOptions): Movement => {
  const { to, title, isIncremental = false, isPacked = false } = options;
  const source = sideYaml('postgres', 'source_postgres', [
    wholeTable,
    ...(isIncremental ? [windows] : []),
  ]);
  const more = isIncremental ? [] : [`key: orders.csv${isPacked ? '.gz' : ''}`];
  return {
    name: `postgres-${to}`,
    ...{ title, to, ...unchanging },
    from: 'postgres',
    paced: 'bytes',
    prepare: prepareOrders,
    begin: () => Promise.resolve(),
    asset: (round) =>
      `  - name: ${round}\n    source: ${source}\n    target: ${folderYaml(to, 'target', targetFolder(round), more)}\n`,
    // The name follows the asset's.
    result: async (stage, round) =>
      (await contentsOf(stage.places[to], targetFolder(round))).replaceAll(/^.* /gm, ''),
    expected: async (stage, version) =>
      sha256(await ordersFile(stage, version, { order: isIncremental ? 'changed_at, id' : 'id' })),
    end: (stage, round) => stage.places[to].remove(targetFolder(round)),
  };
};

export interface LoadOptions {
  readonly title: string;
  readonly mode: 'append' | 'refresh' | 'upsert';
}

const modes: Readonly<Record<LoadOptions['mode'], { configs: string; before: string | null }>> = {
  append: { configs: 'sync_mode: append', before: null },
  // What stands there must be gone afterwards.
  refresh: {
    configs: 'sync_mode: full-refresh, max_shrink: any',
    before: `select id + 5000000, 'old', amount, changed_at`,
  },
  // And here it must be replaced.
  upsert: {
    configs: 'sync_mode: incremental, primary_key: id, force: true',
    before: `select id, 'old', amount, changed_at`,
  },
};

const tableSide = (mode: LoadOptions['mode']) => ({
  target: (round: string): string =>
    sideYaml('postgres', 'target_postgres', [`table_name: copies.${round}`, modes[mode].configs]),
  create: (round: string): string => {
    const { before } = modes[mode];
    const rows =
      before === null
        ? ''
        : `insert into copies.${round} ${before} from ${tableOf('first')} where id <= 500;`;
    return `create table copies.${round} (like ${tableOf('first')} including indexes); ${rows}`;
  },
});

const intoTable = {
  to: 'postgres',
  paced: 'bytes',
  expected: (_, version) => Promise.resolve(holds(version)),
  result: (stage, round) => versionIn(stage, `copies.${round}`),
  end: async (stage, round) => {
    await stage.postgres.psql(`drop table copies.${round}`);
  },
} as const satisfies Partial<Movement>;

export const loadRows = (from: FilePlaceName, { title, mode }: LoadOptions): Movement => {
  const name = `${from}-postgres`;
  const path = `src/${name}/orders.csv`;
  const { target, create } = tableSide(mode);
  const change: Movement['change'] = async (stage, version) =>
    stage.places[from].write(path, await ordersFile(stage, version));
  return {
    ...intoTable,
    ...{ name, title, from, change },
    versions: ['replaced', 'shorter', 'longer'],
    isOneFile: true,
    prepare: prepareOrders,
    begin: async (stage, round) => {
      await change(stage, 'first');
      await stage.postgres.psql(create(round));
    },
    asset: (round) =>
      `  - name: ${round}\n    source: ${folderYaml(from, 'source', `src/${name}`)}\n    target: ${target(round)}\n`,
  };
};

export const copyRows = ({ title, mode }: LoadOptions): Movement => {
  const { target, create } = tableSide(mode);
  return {
    ...intoTable,
    ...unchanging,
    name: 'postgres-postgres',
    title,
    from: 'postgres',
    prepare: prepareOrders,
    begin: async (stage, round) => {
      await stage.postgres.psql(create(round));
    },
    asset: (round) =>
      `  - name: ${round}\n    source: ${sideYaml('postgres', 'source_postgres', [wholeTable, windows])}\n    target: ${target(round)}\n`,
  };
};
