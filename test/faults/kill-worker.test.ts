/**
 * G4, G5: the worker's process is killed at moments drawn uniformly over the parts of a large transfer. The object
 * equals the source each time, no more than the parts in flight are read twice, and nothing is left behind.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { open } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import type { Supervisor } from '../../src/runtime/worker/supervisor.js';
import { sha256Of, startWorld, type World } from '../e2e/world.js';

const mebibyte = 1024 * 1024;
const partBytes = 8 * mebibyte;
const fileBytes = Number(process.env['TIDEMARK_FAULT_MB'] ?? 500) * mebibyte + 4321;
const kills = Number(process.env['TIDEMARK_FAULT_KILLS'] ?? 20);
const parts = Math.ceil(fileBytes / partBytes);
/** The worker's buffers hold eight parts in this test (64 MiB); each may be read, or written, when the process dies. */
const inFlightMax = 8;

const pipelines = `
assets:
  - name: big_file
    source: { type: SFTP, connection: partner, configs: { path: /big, file_name: big.bin } }
    target: { type: S3, connection: lake, configs: { bucket_name: lake, key: "{{ params.key }}" } }
    params: { key: x }
jobs:
  - { name: big_job, selection: [big_file], params_schema: { key: string! } }
`;

const writeRandomFile = async (path: string, bytes: number): Promise<void> => {
  const file = await open(path, 'w');
  for (let left = bytes; left > 0; left -= mebibyte) {
    await file.write(randomBytes(Math.min(mebibyte, left)));
  }
  await file.close();
};

interface Kill {
  readonly part: number;
  killedMs: number;
  resumedMs: number;
}

describe('a worker that is killed in the middle of a large file', () => {
  let world: World;
  let supervisor: Supervisor;
  let source = '';
  let sourceHash = '';
  let armed: Kill | null = null;

  beforeAll(async () => {
    let seen = 0;
    world = await startWorld('kills', {
      onS3Request: ({ operation }) => {
        if (operation === 'CreateMultipartUpload') seen = 0;
        if (operation !== 'UploadPart') return;
        seen++;
        if (armed !== null && armed.killedMs === 0 && seen === armed.part) {
          armed.killedMs = performance.now();
          const pid = supervisor.pid();
          if (pid !== undefined) process.kill(pid, 'SIGKILL');
        }
      },
      onSftpRead: () => {
        if (armed === null || armed.killedMs === 0 || armed.resumedMs !== 0) return;
        // Requests that were on the way when the process died are answered within some milliseconds.
        const now = performance.now();
        if (now - armed.killedMs > 200) armed.resumedMs = now;
      },
    });
    await world.yaml('pipelines/big.yaml', pipelines);
    source = await world.put('big/big.bin', '');
    await writeRandomFile(source, fileBytes);
    sourceHash = await sha256Of(source);
    supervisor = world.superviseWorker();
    await supervisor.ready;
  }, 120_000);

  afterAll(() => world[Symbol.asyncDispose]());

  const copyOnce = async (
    key: string,
  ): Promise<{ readonly receipt: RunReceipt; readonly read: number }> => {
    const before = world.sftp.facts().bytesRead;
    const receipt = (await world.result(
      await world.start('big_job', { params: { key } }),
    )) as RunReceipt;
    return { receipt, read: world.sftp.facts().bytesRead - before };
  };

  it('G4 G5: gets the same object as an undisturbed run, at each of the moments', async () => {
    const report: string[] = [];
    for (let round = 1; round <= kills; round++) {
      const kill: Kill = { part: randomInt(1, parts + 1), killedMs: 0, resumedMs: 0 };
      armed = kill;
      const key = `out/${String(round)}.bin`;
      const { receipt, read } = await copyOnce(key);
      armed = null;
      const again = read - fileBytes;
      report.push(
        `kill ${String(round)} at part ${String(kill.part)}/${String(parts)}: ${(again / mebibyte).toFixed(1)} MiB read twice, next byte after ${((kill.resumedMs - kill.killedMs) / 1000).toFixed(2)} s`,
      );
      expect(kill.killedMs, 'the process was killed').toBeGreaterThan(0);
      expect(await sha256Of(world.object(key))).toBe(sourceHash);
      expect(receipt.reconciled).toBe(true);
      // Both ends are hashed when the identity is pinned and at each open: 128 KiB each time.
      expect(again).toBeLessThanOrEqual(inFlightMax * partBytes + 10 * 128 * 1024);
      expect(await world.openUploads()).toBe(0);
    }
    process.stdout.write(`${report.join('\n')}\n`);
  }, 1_200_000);
});
