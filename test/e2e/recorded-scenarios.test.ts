/**
 * The two scenarios whose histories are kept in test/replay. They run here like any other; `scripts/record-history.mjs`
 * runs them with RECORD_HISTORY=1, and then their histories are written, without names of people and machines.
 */
import { writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { pollNowSignal, resumeSignal, sensorStateQuery } from '../../workflows/messages.js';
import { startMemoryWorld, type MemoryWorld } from './memory-workers.js';

const pipelines = `
assets:
  - name: files
    source: { type: MEMORY, connection: inbox, configs: { prefix: in } }
    target: { type: MEMORY, connection: lake, configs: { prefix: raw } }
jobs:
  - { name: files_job, selection: [files] }
sensors:
  - { name: arrivals, type: MEMORY, connection: inbox, job: files_job, minimum_interval_seconds: 600, configs: { prefix: in } }
`;

const keep = async (world: MemoryWorld, name: string, workflowId: string): Promise<void> => {
  const history = await world.client.workflow.getHandle(workflowId).fetchHistory();
  const text = JSON.stringify(
    JSON.parse(historyToJSON(history)),
    (key, value: unknown) => (key === 'identity' ? 'recorded' : value),
    1,
  );
  expect(text).not.toContain(`@${hostname()}`);
  expect(text).not.toContain(tmpdir());
  if (process.env['RECORD_HISTORY'] !== '1') return;
  writeFileSync(fileURLToPath(new URL(`../replay/${name}.json`, import.meta.url)), `${text}\n`);
};

describe('the recorded scenarios', () => {
  it('copy one large and some small files', async () => {
    await using world = await startMemoryWorld({
      pipelines,
      assets: ['files'],
      vary: 'tiny',
      name: 'shop',
    });
    world.project.put('in/big.bin', Buffer.alloc(9 * 1024, 'tidemark'), 1_700_000_000);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      world.project.put(`in/${name}.csv`, name, 1_700_000_000);
    const id = await world.start('files_job', {}, `shop/files_job/${world.taskQueue}`);
    expect(await world.result(id)).toMatchObject({ files: 7, reconciled: true });
    await world.replay(id);
    await keep(world, 'files-job', id);
    await keep(world, 'files-asset', 'shop/asset/files');
  });

  it('let a sensor find a file and start a run', async () => {
    await using world = await startMemoryWorld({ pipelines, assets: [], name: 'shop' });
    const id = await world.start('arrivals', {}, `shop/sensor/arrivals/${world.taskQueue}`);
    const sensor = world.client.workflow.getHandle(id);
    await sensor.signal(resumeSignal);
    world.project.put('in/a.csv', 'a', 1_700_000_000);
    const started = (count: number) =>
      world.until(
        async () => (await sensor.query(sensorStateQuery).catch(() => null))?.runsStarted === count,
      );
    await started(1);
    world.project.put('in/b.csv', 'b', 1_700_000_000);
    await sensor.signal(pollNowSignal);
    await started(2);
    await sensor.terminate('recorded');
    await world.replay(id);
    await keep(world, 'sensor', id);
  });
});
