/** Partitions in whole runs: one at a time, many at once, as a schedule starts them; with files and tables in memory. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BackfillReceipt, BackfillState } from '../../src/core/run/backfill-run.js';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { startMemoryWorld, type MemoryWorld } from './memory-workers.js';

const daily = 'partitions_def: { type: daily, start_date: "2025-01-01", end_date: "2025-01-11" }';
const shops = 'partitions_def: { type: static, values: [de, fr, at] }';
const both =
  'partitions_def: { type: multi, dimensions: { shop: { type: static, values: [de, fr] }, date: { type: daily, start_date: "2025-01-01", end_date: "2025-01-04" } } }';

const memory = (connection: string, configs: string): string =>
  `{ type: MEMORY, connection: ${connection}, configs: { ${configs} } }`;
const table = (configs: string): string =>
  `{ type: MEMORYTABLE, connection: shop, configs: { ${configs} } }`;

const pipelines = `
assets:
  - name: landed
    source: ${memory('inbox', 'prefix: "in/{{ partition_key }}"')}
    target: ${memory('lake', 'prefix: "raw/{{ partition_key }}"')}
    ${daily}
  - name: loaded
    ins: { landed: {} }
    source: ${memory('lake', `prefix: "{{ landed.result.prefix | default('raw/none') }}"`)}
    target: ${table('table_name: orders, sync_mode: full-refresh, partition_column: day, max_shrink: any')}
    ${daily}
  - name: whole
    source: ${memory('inbox', 'prefix: whole')}
    target: ${memory('lake', 'prefix: whole')}
  - name: unloaded
    source: ${table('table_name: shops')}
    target: ${memory('lake', 'key: "shops/{{ partition_key }}.csv"')}
    ${shops}
  - name: combined
    source: ${memory('inbox', 'prefix: "in/{{ partition_key.date }}"')}
    target: ${memory('lake', 'prefix: "by/{{ partition_key_shop }}/{{ partition_key }}/{{ partition_start[:10] }}"')}
    ${both}
jobs:
  - { name: days_job, selection: [landed, loaded, whole] }
  - { name: shops_job, selection: [unloaded] }
  - { name: combined_job, selection: [combined] }
`;

const failureOf = async (run: Promise<unknown>): Promise<ApplicationFailure> => {
  const error: unknown = await run.then(
    () => new Error('the run did not fail'),
    (failure: unknown) => failure,
  );
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure)
    return error.cause;
  throw error;
};

const days = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `2025-01-${String(from + at).padStart(2, '0')}`);

describe('partitions', () => {
  let world: MemoryWorld;

  beforeAll(async () => {
    world = await startMemoryWorld({
      pipelines,
      inbox:
        '      faults: [{ on: read, do: stall, path: in/2025-01-09/a.csv, at: 0, times: 1000 }]',
    });
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    const { shop } = world.project;
    shop.create('orders', { id: 'bigint', day: 'date' });
    shop.create('shops', { id: 'bigint' }, ['id']);
    shop.insert('shops', [['1'], ['2']]);
    shop.ledgers.clear();
    shop.files.clear();
  });
  afterEach(() => {
    world.project.inbox.files.clear();
    world.project.lake.files.clear();
    world.reach = () => undefined;
  });

  const put = (day: string, ids: readonly number[]): void => {
    const lines = ids.map((id) => `${String(id)},${day}\n`).join('');
    world.project.put(`in/${day}/a.csv`, `id,day\n${lines}`);
  };

  const rowsOf = (day: string): readonly string[] =>
    (world.project.shop.tables.get('orders')?.rows ?? [])
      .filter((row) => row[1] === day)
      .map((row) => row[0] ?? '')
      .sort();

  const keysBelow = (prefix: string): readonly string[] =>
    [...world.project.lake.files.keys()].filter((key) => key.startsWith(prefix)).sort();

  it('a run makes its partition of each asset, and assets without partitions as a whole', async () => {
    put('2025-01-02', [1, 2]);
    world.project.put('whole/x.csv', 'x');
    const receipt = await world.run<RunReceipt>('days_job', { partition: '2025-01-02' });
    expect(receipt).toMatchObject({ partition: '2025-01-02', reconciled: true });
    const made = receipt.assets.map(({ asset, partition }) => [asset, partition]);
    expect(made.sort()).toEqual([
      ['landed', '2025-01-02'],
      ['loaded', '2025-01-02'],
      ['whole', null],
    ]);
    expect(keysBelow('raw/')).toEqual(['raw/2025-01-02/a.csv']);
    expect(rowsOf('2025-01-02')).toEqual(['1', '2']);
  });

  it('a second run of a partition replaces its rows and touches no others', async () => {
    put('2025-01-02', [1, 2]);
    put('2025-01-03', [3]);
    await world.run('days_job', { partition: '2025-01-02' });
    await world.run('days_job', { partition: '2025-01-03' });
    put('2025-01-02', [7]);
    await world.run('days_job', { partition: '2025-01-02' });
    expect([rowsOf('2025-01-02'), rowsOf('2025-01-03')]).toEqual([['7'], ['3']]);
  });

  it('what is wrong about a partition ends the run at once and says what would be right', async () => {
    const code = async (type: string, input: object) => {
      const { type: found, message } = await failureOf(world.run(type, input));
      return `${found ?? ''}: ${message}`;
    };
    expect(await code('days_job', {})).toMatch(
      /^plan\/partition-needed: .*Pass partition such as "2025-01-10"/,
    );
    expect(await code('days_job', { partition: '2025-01-11' })).toContain(
      'ends after 2025-01-11, the end of the partitions',
    );
    expect(await code('shops_job', { partition: 'dee' })).toContain('did you mean de?');
    expect(await code('whole', { partition: '2025-01-02' })).toContain('plan/no-partitions');
    expect(
      await code('days_job', { partition_range: { from: '2025-01-02', to: '2025-01-01' } }),
    ).toContain('"partition_range.to" is "2025-01-01", which lies before 2025-01-02');
    expect(await code('days_job', { partition_range: { last: 0 } })).toContain('from 1 to 1000');
    expect(await code('days_job', { partition_range: { from: '2025-01-02' } })).toContain(
      '"partition_range.to" is undefined',
    );
  });

  it('a range runs each of its partitions once, many at the same time', async () => {
    for (const day of days(1, 8)) put(day, [1]);
    const receipt = await world.run<BackfillReceipt>('days_job', {
      partition_range: { from: '2025-01-01', to: '2025-01-08', parallel: 3 },
    });
    expect(receipt.partitions).toEqual({ done: 8, made_before: 0, failed: 0 });
    expect(receipt.rows).toBe(8);
    expect(days(1, 8).map(rowsOf)).toEqual(days(1, 8).map(() => ['1']));
  });

  it('with missing, the ledger says what was made; a failed partition is run by the next', async () => {
    for (const day of days(1, 4)) put(day, [1]);
    world.project.put('in/2025-01-03/a.csv', 'id,day\n1,2025-01-02\n');
    const range = { from: '2025-01-01', to: '2025-01-04' };
    const failure = await failureOf(world.run('days_job', { partition_range: range }));
    expect(failure.type).toBe('run/partitions-failed');
    expect(failure.message).toContain('partition 2025-01-03 failed');
    put('2025-01-03', [5]);
    const receipt = await world.run<BackfillReceipt>('days_job', {
      partition_range: { ...range, missing: true },
    });
    expect(receipt.partitions).toEqual({ done: 1, made_before: 3, failed: 0 });
    expect(rowsOf('2025-01-03')).toEqual(['5']);
    expect(rowsOf('2025-01-01')).toEqual(['1']);
  });

  it('the newest is what a schedule runs; of keys without time, all (D7)', async () => {
    put('2025-01-10', [4]);
    const one = await world.run<RunReceipt>('days_job', { partition_range: { last: 1 } });
    expect(one.partition).toBe('2025-01-10');
    const all = await world.run<BackfillReceipt>('shops_job', { partition_range: { last: 1 } });
    expect(all.partitions.done).toBe(3);
    expect(keysBelow('shops/')).toEqual(['shops/at.csv', 'shops/de.csv', 'shops/fr.csv']);
    put('2025-01-03', [4]);
    const combined = await world.run<BackfillReceipt>('combined_job', {
      partition_range: { last: 1 },
    });
    expect(combined.partitions.done).toBe(2);
    expect(keysBelow('by/')).toEqual([
      'by/de/2025-01-03|de/2025-01-03/a.csv',
      'by/fr/2025-01-03|fr/2025-01-03/a.csv',
    ]);
  });

  it('rows in files keep a ledger of each partition, so that missing knows them without Temporal', async () => {
    await world.run('shops_job', { partition: 'fr' });
    expect(keysBelow('_tidemark/')).toEqual([`_tidemark/${world.project.name}/unloaded/fr.json`]);
    const receipt = await world.run<BackfillReceipt>('shops_job', {
      partition_range: { from: 'de', to: 'at', missing: true },
    });
    expect(receipt.partitions).toEqual({ done: 2, made_before: 1, failed: 0 });
  });

  it('a pause starts nothing more, and a resume goes on', async () => {
    for (const day of days(1, 6)) put(day, [1]);
    const id = await world.start('days_job', {
      partition_range: { from: '2025-01-01', to: '2025-01-06', parallel: 1 },
    });
    const handle = world.client.workflow.getHandle(id);
    const state = (): Promise<BackfillState> => handle.query<BackfillState>('backfill');
    // Before the range is planned nobody answers.
    const doneSoFar = (): Promise<number> =>
      state().then(
        ({ done }) => done,
        () => 0,
      );
    await world.until(async () => (await doneSoFar()) >= 1);
    await handle.signal('pause');
    await world.until(async () => (await state()).running.length === 0);
    const { done, isPaused } = await state();
    expect(isPaused).toBe(true);
    expect(done).toBeLessThan(6);
    await handle.signal('resume');
    expect((await world.result<BackfillReceipt>(id)).partitions.done).toBe(6);
    expect(await world.replay(id)).toBeGreaterThan(0);
  });

  it('a cancel ends what is under way and starts nothing more', async () => {
    for (const day of days(1, 10)) put(day, [1]);
    const id = await world.start('days_job', {
      partition_range: { from: '2025-01-09', to: '2025-01-10', parallel: 1 },
    });
    const handle = world.client.workflow.getHandle(id);
    await world.until(() => world.isOpen('landed/2025-01-09'));
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(keysBelow('raw/')).toEqual([]);
    expect(await world.isOpen('landed/2025-01-09')).toBe(false);
  });
});
