import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { connectionsYaml, sha256Of, startWorld, type World } from './world.js';

const pipelines = `
assets:
  - name: small_files
    source: { type: SFTP, connection: partner, configs: { path: /in, pattern: '.*\\.csv' } }
    target: { type: S3, connection: lake, configs: { prefix: raw } }
  - name: big_file
    source: { type: SFTP, connection: slow, configs: { path: /big, file_name: big.bin } }
    target: { type: S3, connection: lake, configs: { prefix: big } }
jobs:
  - { name: copy_job, selection: [small_files] }
  - { name: big_job, selection: [big_file] }
`;

describe('a run from SFTP to S3', () => {
  let world: World;
  const big = randomBytes(96 * 1024 * 1024);
  let source = '';

  beforeAll(async () => {
    world = await startWorld('copy');
    const slow = connectionsYaml().replace('lake:', 'lake:').split('  lake:')[0] ?? '';
    const slowOnly = slow.replace('partner:', 'slow:').replace('resources:', '');
    await world.yaml(
      'connections/common.yaml',
      `${connectionsYaml()}${slowOnly}      bytes_per_second: 12 MB\n`,
    );
    await world.yaml('pipelines/copy.yaml', pipelines);
    for (let index = 0; index < 300; index++) {
      await world.put(
        `in/file-${String(index).padStart(4, '0')}.csv`,
        `id,name\n${String(index)},x\n`,
      );
    }
    source = await world.put('big/big.bin', big);
    const supervisor = world.superviseWorker();
    await supervisor.ready;
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('copies every small file and says so in the receipt', async () => {
    const id = await world.start('copy_job');
    const receipt = (await world.result(id)) as RunReceipt;
    expect(receipt.files).toBe(300);
    expect(receipt.reconciled).toBe(true);
    expect(await sha256Of(world.object('raw/file-0042.csv'))).toBe(
      await sha256Of(`${world.sftpRoot}/in/file-0042.csv`),
    );
  });

  it('copies nothing the second time', async () => {
    const id = await world.start('copy_job');
    const receipt = (await world.result(id)) as RunReceipt;
    expect(receipt.files).toBe(0);
    expect(receipt.assets[0]?.files.skipped).toBe(300);
  });

  it('resumes a large file after its worker was killed', async () => {
    const supervisor = world.superviseWorker();
    await supervisor.ready;
    const id = await world.start('big_job');
    await sleep(4000);
    for (const pid of [supervisor.pid()]) if (pid !== undefined) process.kill(pid, 'SIGKILL');
    const receipt = (await world.result(id)) as RunReceipt;
    expect(receipt.reconciled).toBe(true);
    expect(await sha256Of(world.object('big/big.bin'))).toBe(await sha256Of(source));
  });
});
