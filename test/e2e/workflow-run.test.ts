/** Whole runs against a real Temporal server, with files in memory: what the driver of a job does. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { statusQuery } from '../../workflows/messages.js';
import { temporalForTests } from '../servers/temporal.js';
import { startMemoryWorld, type MemoryWorld } from './memory-workers.js';

const memory = (connection: string, configs: string): string =>
  `{ type: MEMORY, connection: ${connection}, configs: { ${configs} } }`;

const pipelines = `
assets:
  - name: landed
    source: ${memory('inbox', 'prefix: in')}
    target: ${memory('lake', 'prefix: "raw/{{ params.zone }}"')}
  - name: copied
    ins: { first: { key: landed } }
    source: ${memory('lake', 'prefix: "{{ first.result.prefix }}"')}
    target: ${memory('lake', 'prefix: copy')}
  - name: broken
    source: ${memory('inbox', 'prefix: broken')}
    target: ${memory('lake', 'prefix: "{{ params.nothing }}"')}
    params: { nothing: "" }
  - name: after_broken
    deps: [broken]
    source: ${memory('inbox', 'prefix: in')}
    target: ${memory('lake', 'prefix: after')}
  - name: waits
    source: ${memory('inbox', 'prefix: slow')}
    target: ${memory('lake', 'prefix: slow')}
  - name: skips
    on_overlap: skip
    source: ${memory('inbox', 'prefix: slow')}
    target: ${memory('lake', 'prefix: slow-skips')}
  - name: fails
    on_overlap: fail
    source: ${memory('inbox', 'prefix: slow')}
    target: ${memory('lake', 'prefix: slow-fails')}
jobs:
  - { name: land_job, selection: [landed, copied], params_schema: { zone: "string!|eu" } }
  - { name: mixed_job, selection: [landed, broken, after_broken], params_schema: { zone: "string!|eu" } }
  - { name: waits_job, selection: [waits] }
  - { name: skips_job, selection: [skips] }
  - { name: fails_job, selection: [fails] }
`;

const assets = ['landed', 'copied', 'broken', 'after_broken', 'waits', 'skips', 'fails'];

/** What a run failed with. */
const failureOf = async (run: Promise<unknown>): Promise<ApplicationFailure> => {
  const error: unknown = await run.then(
    () => new Error('the run did not fail'),
    (failure: unknown) => failure,
  );
  if (error instanceof WorkflowFailedError) {
    let { cause } = error;
    while (cause !== undefined && !(cause instanceof ApplicationFailure))
      cause = cause.cause as Error | undefined;
    if (cause !== undefined) return cause;
  }
  throw error;
};

describe('a run', () => {
  let world: MemoryWorld;

  beforeAll(async () => {
    const stall =
      '      faults: [{ on: read, do: stall, path: slow/never.csv, at: 0, times: 1000 }]';
    world = await startMemoryWorld({ pipelines, assets, inbox: stall });
  });
  afterAll(() => world[Symbol.asyncDispose]());
  afterEach(() => {
    world.project.inbox.files.clear();
    world.project.lake.files.clear();
    world.reach = () => undefined;
  });

  const put = (path: string, content = path): void => {
    world.project.put(path, content);
  };
  const lake = (): readonly string[] => world.project.lake.paths();

  it('runs assets in their order and hands the result of one to the templates of the next (D4)', async () => {
    for (const name of ['a', 'b', 'c']) put(`in/${name}.csv`);
    const receipt = await world.run<RunReceipt>('land_job', { params: { zone: 'us' } });
    expect(receipt).toMatchObject({
      files: 6,
      reconciled: true,
      assets: [{ asset: 'landed' }, { asset: 'copied' }],
    });
    expect(lake()).toEqual(
      ['a', 'b', 'c']
        .flatMap((n) => [`copy/${n}.csv`])
        .concat(['a', 'b', 'c'].map((n) => `raw/us/${n}.csv`)),
    );
  });

  it('moves nothing the second time (G6)', async () => {
    put('in/a.csv');
    await world.run('land_job');
    const receipt = await world.run<RunReceipt>('land_job');
    expect(receipt.assets.map(({ files }) => files)).toMatchObject([
      { copied: 0, skipped: 1 },
      { copied: 0, skipped: 1 },
    ]);
  });

  it('starts only the assets that it was asked for', async () => {
    put('in/a.csv');
    const receipt = await world.run<RunReceipt>('land_job', { assets: ['landed'] });
    expect(receipt.assets.map(({ asset }) => asset)).toEqual(['landed']);
  });

  it('goes on beside an asset that fails, skips what depends on it, and fails with the list', async () => {
    put('in/a.csv');
    // The target's key is refused by the memory connector: a name that goes up.
    put('broken/../x.csv');
    const failure = await failureOf(world.run('mixed_job'));
    expect(failure.message).toContain('mixed_job: asset broken failed');
    expect(failure.message).toContain('1 assets were skipped');
    expect(failure.details).toMatchObject([{ failed: [{ name: 'broken' }], skipped: 1 }]);
    expect(lake()).toEqual(['raw/eu/a.csv']);
  });

  it.each([
    ['an unknown type', 'land_jobb', {}, 'plan/unknown-name', 'land_job'],
    [
      'an unknown parameter',
      'land_job',
      { params: { zon: 'eu' } },
      'plan/unknown-parameter',
      'zone',
    ],
    ['an unknown asset', 'land_job', { assets: ['lande'] }, 'plan/unknown-asset', 'landed'],
    ['a field that no request has', 'land_job', { parms: {} }, 'plan/bad-request', 'params'],
    ['a request that is no object', 'land_job', 'eu', 'plan/bad-request', 'object'],
  ])(
    'fails at once for %s, and says what would be right (G11)',
    async (...[, type, input, code, right]) => {
      const startedMs = performance.now();
      const failure = await failureOf(world.run(type, input));
      expect(failure.type).toBe(code);
      expect(failure.message).toContain(right);
      expect(performance.now() - startedMs).toBeLessThan(20_000);
    },
  );

  it('answers status although it never had a plan', async () => {
    const id = await world.start('land_jobb');
    await expect(world.result(id)).rejects.toThrow();
    const status = await world.client.workflow.getHandle(id).query(statusQuery);
    expect(status).toMatch(/^land_jobb was not planned: .*land_job/);
  });

  it('answers status while it is being planned', async () => {
    const temporal = temporalForTests();
    const connection = await NativeConnection.connect({ address: temporal.address });
    // Without activities: it starts runs, and nobody plans them.
    const worker = await Worker.create({
      connection,
      namespace: temporal.namespace,
      taskQueue: temporal.randomTaskQueue('unplanned'),
      workflowBundle: world.bundle,
    });
    try {
      await worker.runUntil(async () => {
        const handle = await world.client.workflow.start('land_job', {
          taskQueue: worker.options.taskQueue,
          workflowId: `${world.project.name}/test/unplanned`,
          args: [{}],
        });
        expect(await handle.query(statusQuery)).toBe(
          'land_job is being planned: no worker has answered yet',
        );
        await handle.terminate();
      });
    } finally {
      await connection.close();
    }
  });

  it('believes no plan that a stranger hands over', async () => {
    const id = `${world.project.name}/test/stranger`;
    const handed = { order: { asset: 'forged' } };
    await world.client.workflow.start('land_jobb', {
      taskQueue: world.taskQueue,
      workflowId: id,
      args: [{}, handed],
    });
    expect((await failureOf(world.result(id))).type).toBe('plan/unknown-name');
  });

  it('waits for another run of its asset, and then takes its turn (on_overlap: wait)', async () => {
    put('slow/never.csv');
    const first = await world.start('waits_job');
    await world.until(() => world.isOpen('waits'));
    put('slow/other.csv');
    const second = await world.start('waits_job');
    await world.until(async () => (await world.eventsOf(second)).includes('await-run'));
    world.project.inbox.files.delete('slow/never.csv');
    await world.client.workflow.getHandle(first).cancel();
    expect((await world.result<RunReceipt>(second)).files).toBe(1);
    await world.replay(first, second);
  });

  it('skips an asset of which another run is open (on_overlap: skip)', async () => {
    put('slow/never.csv');
    const first = await world.start('skips_job');
    await world.until(() => world.isOpen('skips'));
    const receipt = await world.run<RunReceipt>('skips_job');
    expect(receipt).toMatchObject({ files: 0, assets: [] });
    await world.client.workflow.getHandle(first).cancel();
    await expect(world.result(first)).rejects.toThrow();
  });

  it('fails for an asset of which another run is open (on_overlap: fail)', async () => {
    put('slow/never.csv');
    const first = await world.start('fails_job');
    await world.until(() => world.isOpen('fails'));
    expect((await failureOf(world.run('fails_job'))).type).toBe('run/overlap');
    await world.client.workflow.getHandle(first).cancel();
    await expect(world.result(first)).rejects.toThrow();
  });

  it('does not wait for itself when it was started under the id of its asset', async () => {
    put('in/a.csv');
    const id = await world.start(
      'landed',
      { params: { zone: 'eu' } },
      `${world.project.name}/asset/landed`,
    );
    expect((await world.result<RunReceipt>(id)).files).toBe(1);
    await world.replay();
  });

  it('ends within five seconds of a cancel, although no byte moves (G13)', async () => {
    put('slow/never.csv');
    const id = await world.start('waits_job');
    await world.until(() => world.isOpen('waits'));
    await sleep(500);
    const startedMs = performance.now();
    await world.client.workflow.getHandle(id).cancel();
    await expect(world.result(id)).rejects.toThrow();
    expect(performance.now() - startedMs).toBeLessThan(5000);
    await world.replay(id);
  });
});
