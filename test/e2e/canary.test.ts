/** G10: a secret in every connection stays out of histories, heartbeats, logs and errors, whatever happens to the run. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionsYaml, slowConnection, startWorld, type World } from './world.js';

const pipelines = `
assets:
  - name: good
    source: { type: SFTP, connection: slow, configs: { path: /in } }
    target: { type: S3, connection: lake, configs: { prefix: out } }
  - name: refused
    source: { type: SFTP, connection: wrong, configs: { path: /in } }
    target: { type: S3, connection: lake, configs: { prefix: out } }
  - name: denied
    source: { type: SFTP, connection: partner, configs: { path: /in } }
    target: { type: S3, connection: stranger, configs: { prefix: out } }
jobs:
  - { name: good_job, selection: [good] }
  - { name: refused_job, selection: [refused] }
  - { name: denied_job, selection: [denied] }
`;

/** Connections whose secrets are wrong: servers refuse them, and drivers like to quote what they were given. */
const wrongConnections = `
  wrong:
    type: SFTPResource
    config: { host: "{{ env.SFTP_HOST }}", port: "{{ env.SFTP_PORT }}", username: partner, password: "{{ fn.secrets.get('WRONG_PASSWORD') }}", public_key: "{{ env.SFTP_HOST_KEY }}" }
  stranger:
    type: S3Resource
    config: { endpoint_url: "{{ env.S3_ENDPOINT }}", bucket_name: lake, access_key: "{{ env.S3_ACCESS_KEY_ID }}", secret_key: env:WRONG_SECRET_KEY }
`;

const spellings = (secret: string): readonly string[] => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
  encodeURIComponent(secret),
];

describe('G10: secrets', () => {
  let world: World;
  const canaries = {
    WRONG_PASSWORD: `canary/${randomBytes(12).toString('hex')}+`,
    WRONG_SECRET_KEY: `canary/${randomBytes(12).toString('hex')}=`,
  };
  const seen: string[] = [];

  beforeAll(async () => {
    world = await startWorld('canary', { env: canaries });
    await world.yaml(
      'connections/common.yaml',
      connectionsYaml() + slowConnection('slow', '6 MB') + wrongConnections,
    );
    await world.yaml('pipelines/canary.yaml', pipelines);
    await world.put('in/big.bin', randomBytes(24 * 1024 * 1024));
    await world.put('in/small.csv', 'a,b\n');
  });

  afterAll(() => world[Symbol.asyncDispose]());

  const historyOf = async (workflowId: string): Promise<void> => {
    const history = await world.client.workflow.getHandle(workflowId).fetchHistory();
    seen.push(historyToJSON(history));
  };

  /** The pending activities of a run, once one of them has heartbeated. */
  const heartbeatOf = async (workflowId: string): Promise<string> => {
    const handle = world.client.workflow.getHandle(workflowId);
    for (;;) {
      const found = await handle.describe().catch(() => null);
      const pending = found?.raw.pendingActivities ?? [];
      if (pending.some(({ heartbeatDetails }) => (heartbeatDetails?.payloads ?? []).length > 0)) {
        return JSON.stringify(pending);
      }
      await sleep(100);
    }
  };

  const everySecret = (): readonly string[] =>
    [
      canaries.WRONG_PASSWORD,
      canaries.WRONG_SECRET_KEY,
      world.env['SFTP_PASSWORD'] ?? '',
      world.env['S3_SECRET_ACCESS_KEY'] ?? '',
    ].flatMap(spellings);

  it('never stand in a history, a heartbeat, a log or an error', async () => {
    const worker = world.startWorker();
    const ids: string[] = [];
    for (const job of ['good_job', 'refused_job', 'denied_job']) {
      const id = await world.start(job);
      ids.push(id);
      if (job === 'good_job') {
        seen.push(await heartbeatOf(`${world.taskQueue}/asset/good`));
      }
      const ended: unknown = await world.result(id).catch((error: unknown) => error);
      if (job === 'good_job') expect(ended).toMatchObject({ reconciled: true });
      else expect(ended).toBeInstanceOf(WorkflowFailedError);
      seen.push(String((ended as WorkflowFailedError).cause?.message));
    }
    for (const id of [
      ...ids,
      ...['good', 'refused', 'denied'].map((name) => `${world.taskQueue}/asset/${name}`),
    ]) {
      await historyOf(id);
    }
    seen.push(world.workerLog());
    worker.kill('SIGKILL');
    const everything = seen.join('\n');
    // The search works: what is no secret is found, also inside payloads, which are base64.
    expect(everything).toContain('sftp.list');
    expect(everything.length).toBeGreaterThan(20_000);
    const payloads = [...everything.matchAll(/"data":\s*"([A-Za-z0-9+/=]+)"/g)]
      .map(([, data]) => Buffer.from(data ?? '', 'base64').toString())
      .join('\n');
    expect(payloads).toContain('big.bin');
    for (const secret of everySecret()) {
      expect(everything.includes(secret) || payloads.includes(secret), 'a secret was found').toBe(
        false,
      );
    }
  }, 120_000);
});
