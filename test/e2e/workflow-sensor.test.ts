/** Sensors against a real Temporal server, with files in memory: polling, marks, pause, restart. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  pollNowSignal,
  resumeSignal,
  sensorStateQuery,
  setMarkUpdate,
  pauseSignal,
  reloadSignal,
  retryQuarantinedSignal,
} from '../../workflows/messages.js';
import { startMemoryWorld, type MemoryWorld } from './memory-workers.js';

const pipelines = `
assets:
  - name: arrived
    source: { type: MEMORY, connection: inbox, configs: { prefix: in } }
    target: { type: MEMORY, connection: lake, configs: { prefix: "{{ params.into }}" } }
    params: { into: raw }
  - name: eager_files
    retry_policy: { max_retries: 2 }
    source: { type: MEMORY, connection: inbox, configs: { prefix: eager } }
    target: { type: MEMORY, connection: lake, configs: { prefix: taken } }
jobs:
  - { name: eager_job, selection: [eager_files] }
  - { name: arrived_job, selection: [arrived] }
sensors:
  - { name: arrivals, type: MEMORY, connection: inbox, job: arrived_job, minimum_interval_seconds: 600, settle: 100ms, configs: { prefix: in } }
  - { name: eager, type: MEMORY, connection: inbox, job: eager_job, minimum_interval_seconds: 1, settle: 100ms, default_status: RUNNING, advance: on_success, configs: { prefix: eager } }
`;

const at = Math.floor(Date.now() / 1000) - 100;

describe('a sensor', () => {
  let world: MemoryWorld;
  let sensor: WorkflowHandle;
  let id = '';

  beforeAll(async () => {
    world = await startMemoryWorld({ pipelines, assets: ['arrived'] });
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async () => {
    id = await world.start('arrivals');
    sensor = world.client.workflow.getHandle(id);
    await world.until(() =>
      state().then(
        () => true,
        () => false,
      ),
    );
  });
  afterEach(async () => {
    await sensor.terminate('the test has ended').catch(() => undefined);
    await world.replay(id);
    world.project.inbox.files.clear();
    world.project.lake.files.clear();
  });

  const state = () => sensor.query(sensorStateQuery);
  const started = (count: number) => world.until(async () => (await state()).runsStarted === count);
  const resumed = async (): Promise<void> => {
    await sensor.signal(resumeSignal);
    await world.until(async () => !(await state()).paused);
  };

  it('starts paused, and polls nothing until it is resumed (D18)', async () => {
    world.project.put('in/a.csv', 'a', at);
    await sleep(1500);
    expect(await state()).toMatchObject({ paused: true, runsStarted: 0, polls: 0 });
    await resumed();
    await started(1);
  });

  it('starts exactly one run for a file, one more for another of the same second, none for what it has seen (G2)', async () => {
    world.project.put('in/a.csv', 'a', at);
    await resumed();
    await started(1);
    world.project.put('in/b.csv', 'b', at);
    await sensor.signal(pollNowSignal);
    await started(2);
    for (let poll = 0; poll < 3; poll++) {
      await sensor.signal(pollNowSignal);
      await sleep(200);
    }
    expect(await state()).toMatchObject({ runsStarted: 2, mark: { remembered: 2, generation: 1 } });
    await world.until(() => world.project.lake.files.size === 2);
  });

  it('narrows the run to the file that started it (D17)', async () => {
    for (const name of ['a', 'b']) world.project.put(`in/${name}.csv`, name, at);
    await resumed();
    await started(2);
    const { lastRun } = await state();
    const receipt = await world.result<{ files: number; trigger: string }>(lastRun ?? '');
    expect(receipt).toMatchObject({ files: 1, trigger: 'arrivals' });
  });

  it('holds its mark while it is paused, and takes afterwards what came meanwhile', async () => {
    world.project.put('in/a.csv', 'a', at);
    await resumed();
    await started(1);
    await sensor.signal(pauseSignal);
    await world.until(async () => (await state()).paused);
    world.project.put('in/b.csv', 'b', at + 1);
    await sensor.signal(pollNowSignal);
    await sleep(1000);
    expect((await state()).runsStarted).toBe(1);
    await resumed();
    await started(2);
  });

  it('runs files again after its mark was set back, under a new generation, and only those that are newer (G17)', async () => {
    world.project.put('in/a.csv', 'a', at);
    world.project.put('in/b.csv', 'b', at + 10);
    await resumed();
    await started(2);
    const time = new Date((at + 5) * 1000).toISOString();
    await sensor.executeUpdate(setMarkUpdate, { args: [{ time, reason: 'b was wrong' }] });
    await started(3);
    expect((await state()).mark).toMatchObject({ generation: 2, remembered: 1 });
    expect((await state()).lastRun).toContain('/arrivals/2/');
  });

  it('refuses a mark that is no time', async () => {
    await expect(
      sensor.executeUpdate(setMarkUpdate, { args: [{ time: 'yesterday' }] }),
    ).rejects.toMatchObject({
      cause: { message: expect.stringContaining('"yesterday" is not ISO 8601') as string },
    });
  });

  it('goes on after its worker was restarted, with the same mark (G1)', async () => {
    world.project.put('in/a.csv', 'a', at);
    await resumed();
    await started(1);
    await world.restartWorkers();
    world.project.put('in/b.csv', 'b', at);
    await world.until(async () => {
      await sensor.signal(pollNowSignal);
      return (await state()).runsStarted === 2;
    });
    expect((await state()).mark.remembered).toBe(2);
  });

  it('takes an edited declaration when it is told to reload, and keeps its mark', async () => {
    world.project.put('in/a.csv', 'a', at);
    await resumed();
    await started(1);
    const { runId } = await sensor.describe();
    await sensor.signal(reloadSignal);
    await world.until(async () => (await sensor.describe()).runId !== runId);
    // Until the project has been read again the new run has no handlers.
    await world.until(async () => (await state().catch(() => null))?.mark.remembered === 1);
    await sensor.signal(pollNowSignal);
    await sleep(500);
    expect(await state()).toMatchObject({ paused: false, runsStarted: 1 });
  });
});

describe('a sensor that waits for its runs', () => {
  it('quarantines an item whose run failed, and runs it again when it is told to (G1)', async () => {
    const threeFailures =
      '      faults: [{ on: write, do: fail, path: taken/a.csv, at: 0, times: 3 }]';
    const world = await startMemoryWorld({
      pipelines,
      assets: ['eager_files'],
      lake: threeFailures,
    });
    const id = await world.start('eager');
    const sensor = world.client.workflow.getHandle(id);
    const state = () => sensor.query(sensorStateQuery);
    try {
      world.project.put('eager/a.csv', 'x', at);
      await world.until(async () => (await state().catch(() => null))?.quarantined.length === 1);
      expect(await state()).toMatchObject({
        runsStarted: 1,
        quarantined: ['eager/a.csv'],
        mark: { generation: 1 },
      });
      await sensor.signal(retryQuarantinedSignal);
      await world.until(async () => (await state()).runsStarted === 2);
      await world.until(async () => (await state()).lastRun?.includes('/eager/2/') === true);
      expect(await state()).toMatchObject({ quarantined: [], mark: { generation: 2 } });
      expect(world.project.lake.paths()).toEqual(['taken/a.csv']);
    } finally {
      await sensor.terminate('the test has ended');
      await world.replay(id);
      await world[Symbol.asyncDispose]();
    }
  });
});
