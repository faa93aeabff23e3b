/**
 * Single disturbances in the middle of a large file: a frozen worker that wakes up late (G7), a cancel (G13, G8), a dead
 * host (G4), and a source that is replaced, truncated or grown under the transfer (G5).
 */
import { randomBytes } from 'node:crypto';
import { rename, truncate, appendFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Supervisor } from '../../src/runtime/worker/supervisor.js';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { connectionsYaml, sha256Of, slowConnection, startWorld, type World } from '../e2e/world.js';
import { startFaultProxy } from '../servers/fault-proxy.js';

const mebibyte = 1024 * 1024;
const fileBytes = 80 * mebibyte + 17;

const pipelines = `
assets:
  - name: big_file
    source: { type: SFTP, connection: slow, configs: { path: /big, file_name: "{{ params.file }}" } }
    target: { type: S3, connection: lake, configs: { prefix: out } }
    params: { file: none }
  - name: far_file
    source: { type: SFTP, connection: far, configs: { path: /big, file_name: far.bin } }
    target: { type: S3, connection: lake, configs: { prefix: out } }
jobs:
  - { name: big_job, selection: [big_file], params_schema: { file: string! } }
`;

/** `far` is the same server behind another port. */
const connections = (farPort: number): string => {
  const far = slowConnection('far', '16 MB').replace('"{{ env.SFTP_PORT }}"', String(farPort));
  return connectionsYaml() + slowConnection('slow', '16 MB') + far;
};

/** Waits until the S3 server has seen that many parts since the last reset. */
class Parts {
  seen = 0;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  note(): void {
    this.seen++;
    for (const waiting of this.#waiting) if (this.seen >= waiting.count) waiting.resolve();
  }

  reach(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }
}

const failureText = async (running: Promise<unknown>): Promise<string> => {
  try {
    await running;
  } catch (error) {
    if (error instanceof WorkflowFailedError) return String(error.cause?.message ?? error.message);
    throw error;
  }
  return 'succeeded';
};

describe('a transfer that is disturbed', () => {
  let world: World;
  let parts = new Parts();
  let onComplete: (() => void) | null = null;

  beforeAll(async () => {
    world = await startWorld('disturbed', {
      onS3Request: ({ operation }) => {
        if (operation === 'UploadPart') parts.note();
        if (operation === 'CompleteMultipartUpload') onComplete?.();
      },
    });
    await world.yaml('connections/common.yaml', connections(world.sftp.port));
    await world.yaml('pipelines/big.yaml', pipelines);
  });

  beforeEach(() => {
    parts = new Parts();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  const begin = async (file: string): Promise<{ readonly id: string; readonly source: string }> => {
    const source = await world.put(`big/${file}`, randomBytes(fileBytes));
    return { id: await world.start('big_job', { params: { file } }), source };
  };

  it('G7: refuses a frozen worker that wakes up after another one has finished', async () => {
    const frozen = world.startWorker();
    const { id, source } = await begin('frozen.bin');
    await parts.reach(3);
    process.kill(frozen.pid ?? 0, 'SIGSTOP');
    const other = world.startWorker();
    const receipt = (await world.result(id)) as RunReceipt;
    const finished = await world.head('out/frozen.bin');
    process.kill(frozen.pid ?? 0, 'SIGCONT');
    await sleep(6000);
    expect(receipt.reconciled).toBe(true);
    expect(await world.head('out/frozen.bin')).toEqual(finished);
    expect(await sha256Of(world.object('out/frozen.bin'))).toBe(await sha256Of(source));
    expect(await world.openUploads()).toBe(0);
    frozen.kill('SIGKILL');
    other.kill('SIGKILL');
  }, 240_000);

  it('G4: goes on within the heartbeat timeout when worker and supervisor die together', async () => {
    const dying = world.startWorker();
    const { id, source } = await begin('dead-host.bin');
    await parts.reach(3);
    const killedMs = performance.now();
    dying.kill('SIGKILL');
    const other = world.startWorker();
    const receipt = (await world.result(id)) as RunReceipt;
    process.stdout.write(
      `dead host: finished ${((performance.now() - killedMs) / 1000).toFixed(1)} s after the kill\n`,
    );
    expect(receipt.assets[0]?.retries).toBeGreaterThan(0);
    expect(await sha256Of(world.object('out/dead-host.bin'))).toBe(await sha256Of(source));
    other.kill('SIGKILL');
  }, 120_000);

  describe('with one worker', () => {
    let supervisor: Supervisor;

    beforeAll(async () => {
      supervisor = world.superviseWorker();
      await supervisor.ready;
    });

    it('G5 G6: takes a completed upload whose answer died with the worker as its own', async () => {
      const { id, source } = await begin('lost-answer.bin');
      let completions = 0;
      onComplete = () => {
        completions++;
        if (completions === 1) process.kill(supervisor.pid() ?? 0, 'SIGKILL');
      };
      const receipt = (await world.result(id)) as RunReceipt;
      onComplete = null;
      expect(receipt.reconciled).toBe(true);
      expect(receipt.files).toBe(1);
      expect(await sha256Of(world.object('out/lost-answer.bin'))).toBe(await sha256Of(source));
      expect(await world.openUploads()).toBe(0);
    }, 120_000);

    it('G13 G8: stops reading within 5 s of a cancel and leaves nothing on the target', async () => {
      const { id } = await begin('cancelled.bin');
      await parts.reach(2);
      const handle = world.client.workflow.getHandle(id);
      await handle.cancel();
      await sleep(5000);
      const before = world.sftp.facts().bytesRead;
      await sleep(1000);
      expect(world.sftp.facts().bytesRead).toBe(before);
      expect(await failureText(handle.result())).toMatch(/cancel/i);
      expect(await world.openUploads()).toBe(0);
      expect(await world.head('out/cancelled.bin')).toBeNull();
    }, 60_000);

    it('G13: ends an attempt that moves no byte although its connection is open, and goes on afterwards', async () => {
      await using proxy = await startFaultProxy({
        targetHost: world.sftp.host,
        targetPort: world.sftp.port,
      });
      const source = await world.put('big/far.bin', randomBytes(fileBytes));
      await world.yaml('connections/common.yaml', connections(proxy.port));
      const id = await world.start('far_file');
      await parts.reach(3);
      proxy.blackHole(true);
      const codes = new Set<string>();
      const asset = world.client.workflow.getHandle(`${world.taskQueue}/asset/far_file`);
      for (let second = 0; second < 30 && !codes.has('transfer/stalled'); second++) {
        await sleep(1000);
        for (const { lastFailure } of (await asset.describe()).raw.pendingActivities ?? []) {
          codes.add(lastFailure?.applicationFailureInfo?.type ?? '');
        }
      }
      proxy.blackHole(false);
      const receipt = (await world.result(id)) as RunReceipt;
      expect([...codes]).toContain('transfer/stalled');
      expect(receipt.assets[0]?.retries).toBeGreaterThan(0);
      expect(await sha256Of(world.object('out/far.bin'))).toBe(await sha256Of(source));
    }, 120_000);

    it('G5: copies the new version when the source is replaced by a rename', async () => {
      const { id, source } = await begin('replaced.bin');
      await parts.reach(3);
      await writeFile(`${source}.new`, randomBytes(fileBytes));
      await rename(`${source}.new`, source);
      const receipt = (await world.result(id)) as RunReceipt;
      expect(receipt.reconciled).toBe(true);
      expect(receipt.assets[0]?.bytes.read_twice).toBeGreaterThan(0);
      expect(await sha256Of(world.object('out/replaced.bin'))).toBe(await sha256Of(source));
      expect(await world.openUploads()).toBe(0);
    }, 120_000);

    it('G5: copies the new version when the source is written over in place', async () => {
      const { id, source } = await begin('overwritten.bin');
      await parts.reach(3);
      await sleep(1100);
      await writeFile(source, randomBytes(fileBytes));
      await world.result(id);
      expect(await sha256Of(world.object('out/overwritten.bin'))).toBe(await sha256Of(source));
    }, 120_000);

    it('G5: never leaves a short object when the source is truncated', async () => {
      const { id, source } = await begin('truncated.bin');
      await parts.reach(3);
      await truncate(source, 30 * mebibyte);
      await world.result(id);
      expect(await sha256Of(world.object('out/truncated.bin'))).toBe(await sha256Of(source));
    }, 120_000);

    it('G5: copies the whole of a source that grows once', async () => {
      const { id, source } = await begin('grown.bin');
      await parts.reach(3);
      await appendFile(source, randomBytes(9 * mebibyte));
      await world.result(id);
      expect(await sha256Of(world.object('out/grown.bin'))).toBe(await sha256Of(source));
    }, 120_000);

    it('G5: fails by name when the source never stops changing', async () => {
      const { id, source } = await begin('restless.bin');
      const writer = setInterval(() => void appendFile(source, 'x'), 700);
      const text = await failureText(world.result(id));
      clearInterval(writer);
      expect(text).toMatch(/restless\.bin changed \d+ times/);
      expect(await world.openUploads()).toBe(0);
      expect(await world.head('out/restless.bin')).toBeNull();
    }, 180_000);
  });
});
