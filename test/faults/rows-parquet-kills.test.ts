/**
 * G1, G4, G8 of rows that become Parquet: the worker is killed while rows are spooled, while the engine writes and while the
 * file is uploaded. The file is the unit: it starts again, and what stands there in the end holds what psql reads; nothing is left.
 */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parquetRows } from '../servers/parquet-reader.js';
import {
  fromEnv,
  isThere,
  mebibyte,
  reached,
  type RowsWorld,
  startRowsWorld,
  type Victim,
} from './rows-world.js';

const rows = fromEnv('TIDEMARK_FAULT_ROWS', 300_000);
/** Slow enough that a server which takes its time to die dies while rows are read. */
const bytesPerSecond = fromEnv('TIDEMARK_FAULT_MBPS', 12) * mebibyte;

const spoolsOf = (pid: number | undefined): readonly string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`tidemark-spool-${String(pid)}-`));

const holds = (pid: number | undefined, file: string): boolean =>
  spoolsOf(pid).some((folder) => readdirSync(`${tmpdir()}/${folder}`).includes(file));

/** Where the run is, and what is killed there. */
const rounds: readonly (readonly [string, Victim])[] = [
  ['spooling', 'worker'],
  ['encoding', 'worker'],
  ['uploading', 'worker'],
  ['spooling', 'postgres'],
];
const nameOf = (round: number): string => `out_${String(round + 1)}`;

const asset = (name: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders, sync_mode: incremental, cursor_column: changed_at } }
    target: { type: S3, connection: lake, configs: { prefix: ${name}, object_type: PARQUET } }`;

const pipelines = `assets:${rounds.map((_, round) => asset(nameOf(round))).join('')}\n`;

const text = 'id::VARCHAR, md5(note), amount::VARCHAR, changed_at::VARCHAR';

describe.skipIf(!isThere)('rows on their way into Parquet, with kills', () => {
  let rig: RowsWorld;
  let wanted: readonly string[] = [];
  let parts = 0;

  beforeAll(async () => {
    rig = await startRowsWorld('parquet-kills', {
      pipelines,
      bytesPerSecond,
      onS3Request: (request) => {
        if (request.operation === 'UploadPart') parts++;
      },
      schema: `create table orders (id bigint primary key, note text, amount numeric(12,2), changed_at timestamptz not null);
        insert into orders select g, case when g % 7 = 0 then null when g % 11 = 0 then '' else md5(g::text) || md5((g + 1)::text) || '"' end,
          g * 1.01, timestamptz '2024-01-01 00:00:00.000001+00' + (g / 3) * interval '7 microseconds' from generate_series(1, ${String(rows)}) g;
        create index on orders (changed_at, id); vacuum analyze orders`,
    });
    const lines = await rig.server.psql(
      `set timezone = 'UTC'; copy (select json_build_array(id::text, md5(note), amount::text, changed_at::text) from orders) to stdout`,
    );
    wanted = lines
      .split('\n')
      .map((line) => JSON.stringify(JSON.parse(line)))
      .sort();
  }, 300_000);

  afterAll(() => rig[Symbol.asyncDispose]());

  it.each(rounds)(
    '%s, %s killed: the file of an undisturbed run, and nothing left',
    async (phase, victim) => {
      const round = rounds.findIndex(([one, other]) => one === phase && other === victim);
      const name = nameOf(round);
      const pid = rig.supervisor?.pid();
      const base = { bytes: rig.proxy.facts().bytesToClient, parts };
      const isAt = (): boolean => {
        if (phase === 'uploading') return parts > base.parts;
        if (phase === 'encoding') return holds(pid, 'rows.parquet');
        return rig.proxy.facts().bytesToClient - base.bytes > 5 * mebibyte;
      };
      const running = rig.result(await rig.start(name));
      expect(await reached(isAt, running), 'it was killed while it ran').toBe(true);
      expect(await rig.world.head(`${name}/${name}_start.parquet`)).toBeNull();
      await rig.kill(victim);
      const receipt = await running;
      const [found] = receipt.assets;
      expect(receipt).toMatchObject({ reconciled: true, rows });
      expect(found?.rows).toMatchObject({ written: rows });
      expect(found?.retries).toBeGreaterThan(0);
      expect(found?.result.keys).toEqual([`${name}/${name}_start.parquet`]);
      const path = rig.world.object(`${name}/${name}_start.parquet`);
      const rowsThere = await parquetRows([path], `SELECT ${text} FROM FILES`);
      expect(rowsThere.length).toBe(rows);
      expect(rowsThere.every((row, index) => row === wanted[index])).toBe(true);
      await rig.expectNothingLeft([name]);
      expect((await rig.objectLedger(name))?.windows).toBe(1);
      expect(spoolsOf(pid)).toEqual([]);
      expect(spoolsOf(rig.supervisor?.pid())).toEqual([]);
    },
    300_000,
  );
});
