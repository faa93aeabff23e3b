/** Files that are changed on their way. DuckDB, gzip and a comparison of bytes say whether an undisturbed run is right. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Movement, Version } from '../movement.js';
import { contentsOf, type FilePlace, type FilePlaceName, sha256 } from '../places.js';
import type { Stage } from '../stage.js';
import { type OrdersFormat, ordersFile, prepareOrders } from './orders.js';
import { folderYaml, targetFolder } from './yaml.js';

/** What is compared of a file of rows; times as instants, because formats write them in their own ways. */
const columns = 'id::bigint, note, amount::decimal(12,2), changed_at::timestamptz';

const readers: Readonly<Record<string, (path: string) => string>> = {
  csv: (path) =>
    `select ${columns} from read_csv('${path}', header = true, all_varchar = true, nullstr = '', allow_quoted_nulls = false, quote = '"', escape = '"')`,
  jsonl: (path) => `select ${columns} from read_json('${path}', format = 'newline_delimited')`,
  parquet: (path) => `select ${columns} from read_parquet('${path}')`,
};

/** Rows that only one of two files has, as DuckDB reads them. */
const differences = async (files: readonly (readonly [string, Buffer])[]): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-compare-'));
  // An optional package: only these movements need it.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const queries: string[] = [];
    for (const [index, [format, content]] of files.entries()) {
      const path = join(folder, `${String(index)}.${format}`);
      await writeFile(path, content);
      queries.push(readers[format]?.(path) ?? '');
    }
    const [one = '', other = ''] = queries;
    const found = await connection.runAndReadAll(
      `select count(*)::integer from ((${one} except all ${other}) union all (${other} except all ${one}))`,
    );
    const count = String(found.getRows()[0]?.[0]);
    return count === '0' ? '' : `${count} rows differ`;
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
};

interface Made {
  readonly source: Buffer;
  readonly names: readonly string[];
  readonly target: FilePlace;
}

type Check = (made: Made) => Promise<string>;

const contentOf = async ({ names, target }: Made): Promise<Buffer> => {
  if (names.length !== 1) throw new Error(`expected was one file, there are ${names.join(', ')}`);
  return (await target.read(names[0] ?? '')) ?? Buffer.alloc(0);
};

const sameRows =
  (from: OrdersFormat, to: string): Check =>
  async (made) =>
    differences([
      [from, made.source],
      [to, await contentOf(made)],
    ]);

const headerEnd = (content: Buffer): number => content.indexOf('\n') + 1;

/** Pieces repeat the header; without it they are the source. */
const samePieces: Check = async ({ source, names, target }) => {
  const pieces = await Promise.all(names.map((name) => target.read(name)));
  const numberOf = (index: number): number => Number(/_(\d+)\.csv$/.exec(names[index] ?? '')?.[1]);
  const whole = pieces
    .map((piece, index) => [numberOf(index), piece ?? Buffer.alloc(0)] as const)
    .sort(([a], [b]) => a - b)
    .map(([, piece], index) => (index === 0 ? piece : piece.subarray(headerEnd(piece))));
  if (pieces.length < 2) return `${String(pieces.length)} pieces`;
  return Buffer.concat(whole).equals(source) ? '' : 'the pieces are not the source';
};

export interface RecodeOptions {
  readonly from: FilePlaceName;
  readonly to: FilePlaceName;
  readonly title: string;
  readonly how: 'csv' | 'gzip' | 'jsonl' | 'parquet' | 'pieces';
}

interface How {
  readonly source: OrdersFormat;
  /** Options of the target. */
  readonly target: string;
  /** Null: its bytes, unpacked, are those of the source. */
  readonly check: Check | null;
  readonly versions: readonly Version[];
}

const every: readonly Version[] = ['replaced', 'shorter', 'longer'];

const hows: Readonly<Record<RecodeOptions['how'], How>> = {
  csv: {
    source: 'jsonl',
    target: 'object_type: CSV',
    check: sameRows('jsonl', 'csv'),
    versions: every,
  },
  gzip: {
    source: 'csv',
    target: 'compress_options: { compress_type: GUNZIP, action: COMPRESS }',
    check: null,
    versions: every,
  },
  jsonl: {
    source: 'csv',
    target: 'object_type: JSONL',
    check: sameRows('csv', 'jsonl'),
    versions: every,
  },
  parquet: {
    source: 'csv',
    target: 'object_type: PARQUET',
    check: sameRows('csv', 'parquet'),
    versions: every,
  },
  // The pieces of a longer version stay beside those of a shorter one (G5, limits).
  pieces: {
    source: 'csv',
    target: 'mode: MULTI_FILE, part_size: 6000000',
    check: samePieces,
    versions: ['longer'],
  },
};

export const recodeFiles = ({ from, to, title, how }: RecodeOptions): Movement => {
  const name = `${from}-${to}-${how}`;
  const { source: format, target, check, versions } = hows[how];
  const folder = `src/${name}`;
  const file = (stage: Stage, version: Version): Promise<Buffer> =>
    ordersFile(stage, version, { format });
  const change: Movement['change'] = async (stage, version) =>
    stage.places[from].write(`${folder}/orders.${format}`, await file(stage, version));
  const source = folderYaml(
    from,
    'source',
    folder,
    format === 'jsonl' ? ['object_type: JSONL'] : [],
  );
  return {
    ...{ name, title, from, to, change, versions },
    paced: 'bytes',
    isOneFile: true,
    prepare: prepareOrders,
    begin: (stage) => change(stage, 'first'),
    asset: (round) =>
      `  - name: ${round}\n    source: ${source}\n    target: ${folderYaml(to, 'target', targetFolder(round), [target])}\n`,
    result: (stage, round) => contentsOf(stage.places[to], targetFolder(round)),
    expected: async (stage, version) =>
      check === null ? `orders.csv.gz ${sha256(await file(stage, version))}` : null,
    doubts: async (stage, { round, version }) => {
      if (check === null) return '';
      const names = await stage.places[to].list(targetFolder(round));
      return check({ source: await file(stage, version), names, target: stage.places[to] });
    },
    end: (stage, round) => stage.places[to].remove(targetFolder(round)),
  };
};
