/** The activities of a copy, one after the other and again after lost answers, on files in memory. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AssetPlan, PlannedItem } from '../src/core/plan/plan.js';
import type { ChunkOutcome, OpenedUnit, UnitOutcome } from '../src/core/run/outcome.js';
import { memoryProject, type MemoryProject, quietActivity } from '../test/e2e/memory-world.js';
import { listItems } from './list-items.js';
import { openTarget } from './open-target.js';
import type { Ports } from './ports.js';
import { publish } from './publish.js';
import { replanItem } from './replan-item.js';
import { transferBatch } from './transfer-batch.js';
import { transferChunk } from './transfer-chunk.js';

const pipelines = (source: string, target: string): string => `
assets:
  - name: orders
    source: { type: MEMORY, connection: inbox, configs: { ${source} } }
    target: { type: MEMORY, connection: lake, configs: { ${target} } }
jobs:
  - { name: orders_job, selection: [orders] }
`;

interface Steps {
  readonly project: MemoryProject;
  readonly ports: Ports;
  readonly plan: AssetPlan;
  list(after?: string | null): ReturnType<ReturnType<typeof listItems>>;
  run<I, R>(
    step: (ports: Ports) => (input: I) => Promise<R>,
    input: object,
    attempt?: number,
  ): Promise<R>;
}

const projects: MemoryProject[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project[Symbol.asyncDispose]();
});

const steps = async (source: string, target: string, inbox = ''): Promise<Steps> => {
  const project = await memoryProject({ pipelines: pipelines(source, target), inbox });
  projects.push(project);
  const ports = project.ports({ vary: 'tiny' });
  const planned = await ports.planner.planRun('orders_job', {});
  if (planned.kind !== 'run') throw new Error('orders_job is a job');
  const [asset] = planned.plan.assets;
  if (asset === undefined) throw new Error('the job has one asset');
  const { context, connections, searchAttributes } = planned.plan;
  const plan = ports.planner.planAsset(
    { context, asset, connections, upstreams: {}, runId: 'run/1', searchAttributes },
    { owner: 'asset/orders/1', ownerStartedMs: Date.now() - 1000 },
  );
  const run: Steps['run'] = (step, input, attempt = 1) =>
    quietActivity({ attempt }).run(step(ports), { plan, ...input } as never);
  return { project, ports, plan, run, list: (after = null) => run(listItems, { after }) };
};

const onlyItem = async (world: Steps): Promise<PlannedItem> => {
  const [item] = (await world.list()).items;
  if (item === undefined) throw new Error('one file is there');
  return item;
};

const large = (size: number): string =>
  Array.from({ length: size }, (_, index) => String(index % 7)).join('');

/** Opens the only file and moves its parts. */
const moved = async (world: Steps, item: PlannedItem) => {
  const opened: OpenedUnit = await world.run(openTarget, { item });
  const chunks: ChunkOutcome[] = [];
  for (let first = 1; (first - 1) * opened.upload.partBytes < item.source.size; first++) {
    chunks.push(await world.run(transferChunk, { opened, first, count: 1 }));
  }
  return { opened, chunks };
};

describe('list', () => {
  it('says of each file where it goes, and page by page', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    for (let index = 0; index < 7; index++) world.project.put(`in/f${String(index)}.csv`, 'x');
    const first = await world.list();
    expect(first.items.map(({ target }) => target.key)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `raw/f${String(n)}.csv`),
    );
    const second = await world.list(first.next);
    expect(second).toMatchObject({ next: null, scanned: 2, filtered: 0 });
  });

  it('skips a file whose very version the target holds, and replaces any other', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    world.project.put('in/a.csv', 'first');
    await world.run(transferBatch, { items: (await world.list()).items });
    expect(await onlyItem(world)).toMatchObject({ skip: true });
    world.project.put('in/a.csv', 'other');
    expect(await onlyItem(world)).toMatchObject({ replaces: expect.any(String) as string });
    expect((await onlyItem(world)).skip).toBeUndefined();
  });

  it.each([1, 8])(
    'refuses two sources of one target, %i files apart, before anything is written (G5)',
    async (apart) => {
      const world = await steps(
        'prefix: in',
        `prefix: raw, key: "{{ source.item.name.split('-')[0] }}.csv"`,
      );
      world.project.put('in/a-first.csv', '1');
      for (let index = 0; index < apart; index++)
        world.project.put(`in/a${String(index)}-x.csv`, 'x');
      world.project.put('in/a-z.csv', '2');
      await expect(world.list()).rejects.toMatchObject({
        type: 'plan/same-target',
        nonRetryable: true,
      });
      expect(world.project.lake.files.size).toBe(0);
    },
  );

  it('takes a file once that the server lists twice', async () => {
    const world = await steps(
      'prefix: in',
      'prefix: raw',
      '      faults: [{ on: list, do: duplicate, at: 1 }]',
    );
    for (const name of ['a', 'b', 'c']) world.project.put(`in/${name}.csv`, name);
    const page = await world.list();
    expect(page.items.map(({ source }) => source.path)).toEqual([
      'in/a.csv',
      'in/b.csv',
      'in/c.csv',
    ]);
    expect(page.scanned).toBe(3);
  });
});

describe('the steps of a large file', () => {
  it('publish exactly the bytes of the source, with its checksum (G14)', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    world.project.put('in/big.bin', large(5000));
    const unit = await moved(world, await onlyItem(world));
    const outcome: UnitOutcome = await world.run(publish, unit);
    expect(outcome).toMatchObject({ files: 1, bytes: 5000, targetBytes: 5000 });
    expect(outcome.crc32).toBe(outcome.targetCrc32);
    expect(world.project.lake.files.get('raw/big.bin')?.bytes.toString()).toBe(large(5000));
  });

  it('read nothing again of what the target holds, whatever a heartbeat said (G4, G6)', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    world.project.put('in/big.bin', large(5000));
    const { opened, chunks } = await moved(world, await onlyItem(world));
    const reached: string[] = [];
    const ports = world.project.ports({
      vary: 'tiny',
      faults: { reach: (point) => void reached.push(point) },
    });
    const input = { plan: world.plan, opened, first: 1, count: 1 };
    const again = await quietActivity({ attempt: 2 }).run(transferChunk(ports), input);
    expect(again).toMatchObject({ digest: chunks[0]?.digest, crc32: chunks[0]?.crc32 });
    expect(reached).not.toContain('part-written');
  });

  it('succeed again after the answer of the publication was lost, also when the source is deleted by then (G6)', async () => {
    const world = await steps('prefix: in, delete_source: true', 'prefix: raw');
    world.project.put('in/big.bin', large(3000));
    const unit = await moved(world, await onlyItem(world));
    const first = await world.run(publish, unit);
    expect(world.project.inbox.files.size).toBe(0);
    expect(await world.run(publish, unit, 2)).toEqual(first);
  });

  it('leave a source that is another version by now, and count the copy as done (G16)', async () => {
    const world = await steps('prefix: in, delete_source: true', 'prefix: raw');
    world.project.put('in/big.bin', large(3000));
    const unit = await moved(world, await onlyItem(world));
    const ports = world.project.ports({
      vary: 'tiny',
      faults: {
        reach: (point) => {
          if (point === 'completed') world.project.put('in/big.bin', 'newer');
        },
      },
    });
    const outcome: UnitOutcome = await quietActivity().run(publish(ports), {
      plan: world.plan,
      ...unit,
    });
    expect(outcome.files).toBe(1);
    expect(world.project.inbox.files.get('in/big.bin')?.bytes.toString()).toBe('newer');
  });

  it('keep the source of a copy that was refused at its target (G16)', async () => {
    const world = await steps('prefix: in, delete_source: true', 'prefix: raw');
    world.project.put('in/big.bin', large(3000));
    const unit = await moved(world, await onlyItem(world));
    const foreign = Buffer.from('foreign');
    const { lake, inbox } = world.project;
    lake.files.set('raw/big.bin', { bytes: foreign, modified: '1', tag: 'foreign', crc32: '' });
    await expect(world.run(publish, unit)).rejects.toMatchObject({ type: 'target/conflict' });
    expect(inbox.files.get('in/big.bin')?.bytes.toString()).toBe(large(3000));
  });

  it('publish nothing of a file that changed after its last part (G5)', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    world.project.put('in/big.bin', large(3000));
    const unit = await moved(world, await onlyItem(world));
    world.project.put('in/big.bin', large(3000));
    await expect(world.run(publish, unit)).rejects.toMatchObject({
      type: 'source/changed',
      nonRetryable: true,
    });
    expect(world.project.lake.files.size).toBe(0);
  });

  it('publish nothing from parts that are not the recorded ones (G5)', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    world.project.put('in/big.bin', large(3000));
    const unit = await moved(world, await onlyItem(world));
    const chunks = unit.chunks.map((chunk, index) =>
      index === 1 ? { ...chunk, digest: 'other' } : chunk,
    );
    await expect(world.run(publish, { ...unit, chunks })).rejects.toMatchObject({
      type: 'target/parts-differ',
    });
  });

  it('start a changed file again with its new version and leave no upload, at most three times (G5, G8)', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    world.project.put('in/big.bin', large(3000));
    const item = await onlyItem(world);
    const { opened } = await moved(world, item);
    world.project.put('in/big.bin', large(2000));
    expect(await world.run(replanItem, { item, opened, restart: 1 })).toMatchObject({
      source: { size: 2000 },
    });
    expect(world.project.lake.uploads.size).toBe(0);
    await expect(world.run(replanItem, { item, opened: null, restart: 4 })).rejects.toMatchObject({
      type: 'source/still-changing',
    });
    world.project.inbox.files.clear();
    await expect(world.run(replanItem, { item, opened: null, restart: 1 })).rejects.toMatchObject({
      type: 'source/missing',
    });
  });
});

describe('copy of small files', () => {
  it('reads nothing again of what an attempt before has written, and counts it (G4)', async () => {
    const world = await steps('prefix: in', 'prefix: raw');
    for (const name of ['a', 'b', 'c']) world.project.put(`in/${name}.csv`, `content ${name}`);
    const { items } = await world.list();
    const first = await world.run(transferBatch, { items });
    const again = await world.run(transferBatch, { items }, 2);
    expect(again).toMatchObject({
      files: 3,
      bytes: first.bytes,
      crc32: first.crc32,
      targetCrc32: first.targetCrc32,
    });
    expect(again.bytesRead).toBe(0);
  });

  it('deletes the version that it copied, though another one was planned (G16)', async () => {
    const world = await steps('prefix: in, delete_source: true', 'prefix: raw');
    world.project.put('in/a.csv', 'planned');
    const { items } = await world.list();
    world.project.put('in/a.csv', 'newer version');
    await world.run(transferBatch, { items });
    expect(world.project.lake.files.get('raw/a.csv')?.bytes.toString()).toBe('newer version');
    expect(world.project.inbox.files.size).toBe(0);
  });
});
