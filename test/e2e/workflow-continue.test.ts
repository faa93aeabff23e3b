/** Runs whose history grows long: they go on as new runs, lose nothing and leave nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { startMemoryWorld, type MemoryWorld } from './memory-workers.js';

const pipelines = `
assets:
  - name: huge
    max_workers: 4
    source: { type: MEMORY, connection: inbox, configs: { prefix: in } }
    target: { type: MEMORY, connection: lake, configs: { prefix: raw } }
jobs:
  - { name: huge_job, selection: [huge] }
`;

describe('a run with a long history', () => {
  let world: MemoryWorld;
  const bytes = Buffer.from(
    Array.from({ length: 420 * 1024 }, (_, index) => (index * 31 + (index >> 10)) % 256),
  );

  beforeAll(async () => {
    // One-kilobyte parts, one part a chunk: some 420 activities of one file.
    world = await startMemoryWorld({ pipelines, assets: ['huge'], vary: 'tiny' });
    world.project.put('in/huge.bin', bytes);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const runsOf = async (workflowId: string): Promise<number> => {
    const { events } = await world.client.workflow.getHandle(workflowId).fetchHistory();
    const first = events?.[0]?.workflowExecutionStartedEventAttributes;
    return first?.continuedExecutionRunId === '' ? 1 : 2;
  };

  it('goes on as a new run and copies every byte once (G4, G12)', async () => {
    const receipt = await world.run<RunReceipt>('huge_job');
    expect(receipt).toMatchObject({ files: 1, bytes: bytes.length, reconciled: true });
    expect(receipt.assets[0]?.bytes).toMatchObject({ read: bytes.length, read_twice: 0 });
    expect(world.project.lake.files.get('raw/huge.bin')?.bytes.equals(bytes)).toBe(true);
    expect(world.project.lake.uploads.size).toBe(0);
    expect(await runsOf(`${world.project.name}/asset/huge`)).toBe(2);
  });

  it("goes on inside its own run where it was started by itself, and ends with that run's receipt", async () => {
    world.project.lake.files.clear();
    const id = await world.start('huge', {}, `${world.project.name}/asset/huge`);
    const receipt = await world.result<RunReceipt>(id);
    expect(receipt).toMatchObject({ name: 'huge', files: 1, bytes: bytes.length, workflow_id: id });
    expect(await runsOf(id)).toBe(2);
    await world.replay();
  });

  it('leaves no upload behind when it is cancelled in the middle (G8)', async () => {
    world.project.lake.files.clear();
    let parts = 0;
    world.reach = (point) => {
      if (point === 'part-written') parts++;
    };
    const id = await world.start('huge_job');
    await world.until(() => parts > 20);
    expect(world.project.lake.uploads.size).toBe(1);
    await world.client.workflow.getHandle(id).cancel();
    await expect(world.result(id)).rejects.toThrow();
    expect(world.project.lake.uploads.size).toBe(0);
    expect(world.project.lake.files.size).toBe(0);
    await world.replay(id);
  });

  it('starts a large file again that changes in the middle, and copies the new version whole (G5)', async () => {
    let parts = 0;
    const newer = Buffer.from(bytes.subarray(0, 50 * 1024)).fill('n', 0, 1000);
    world.project.put('in/huge.bin', bytes.subarray(0, 60 * 1024));
    world.reach = (point) => {
      if (point === 'part-written' && ++parts === 10) world.project.put('in/huge.bin', newer);
    };
    const receipt = await world.run<RunReceipt>('huge_job');
    expect(receipt).toMatchObject({ files: 1, bytes: newer.length, reconciled: true });
    expect(world.project.lake.files.get('raw/huge.bin')?.bytes.equals(newer)).toBe(true);
    expect(world.project.lake.uploads.size).toBe(0);
  });
});
