/** `tidemark worker` and `tidemark run`, as child processes, on the dev stack that `tidemark dev` gives them. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  folderWith,
  freePorts,
  readDevJson,
  removeFolder,
  type Running,
  start,
  temporalCli,
  tidemark,
} from './cli-program.js';
import { orders, projectFiles } from './cli-project.js';

let cwd = '';
let dev: Running | undefined;
const worker = { running: undefined as Running | undefined };

const sha256 = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

/** Digest by name of every file in the folder. */
const digestsIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, sha256(join(folder, name))]),
  );

const startWorker = async (): Promise<void> => {
  const running = start(['worker', '--heartbeat-timeout', '5s', '--retry-interval', '1s'], { cwd });
  worker.running = running;
  await running.shows(/^ready: /m);
};

beforeAll(async () => {
  const broken = `${orders}  - { name: broken_job, selection: [broken] }
`.replace(
    'jobs:',
    `  - name: broken
    source: { type: SFTP, connection: partner, configs: { path: /nowhere } }
    target: { type: S3, connection: lake, configs: { prefix: nowhere } }
    retry_policy: { max_retries: 1 }
  - name: by_shop
    source: { type: SFTP, connection: partner, configs: { path: '/shops/{{ partition_key }}' } }
    target: { type: S3, connection: lake, configs: { prefix: 'shops/{{ partition_key }}' } }
    partitions_def: { type: static, values: [de, fr, at] }
jobs:`,
  );
  cwd = folderWith(projectFiles(broken));
  dev = start(['dev', ...freePorts], { cwd });
  await dev.shows(/everything is up/);
  const { sftp } = readDevJson(cwd);
  mkdirSync(join(sftp.root, 'out'));
  writeFileSync(join(sftp.root, 'out', 'large.bin'), randomBytes(20_000_000));
  writeFileSync(join(sftp.root, 'out', 'small.csv'), 'id,name\n1,first\n');
  writeFileSync(join(sftp.root, 'out', 'empty.csv'), '');
  for (const shop of ['de', 'fr', 'at']) {
    mkdirSync(join(sftp.root, 'shops', shop), { recursive: true });
    writeFileSync(join(sftp.root, 'shops', shop, 'a.csv'), shop);
  }
});
afterAll(async () => {
  await worker.running?.stop();
  await dev?.stop();
  removeFolder(cwd);
});

describe('without a worker', () => {
  test('a detached run is started, warns, and prints its id', async () => {
    const { code, out, err } = await tidemark(
      ['run', 'orders_job', '--detach', '--format', 'json'],
      { cwd },
    );
    expect(code).toBe(0);
    expect(err).toMatch(/warning: no worker polls the task queue shop: .*tidemark worker/);
    const started = JSON.parse(out) as { workflow_id: string; look: string };
    expect(started.workflow_id).toMatch(
      /^shop\/orders_job\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    );
    expect(started.look).toContain(readDevJson(cwd).temporal.ui);
    const { env } = readDevJson(cwd);
    await temporalCli(['workflow', 'terminate', '--workflow-id', started.workflow_id], {
      cwd,
      env,
    });
  });

  test('Ctrl-C stops following with 130, leaves the run alone, and says how to cancel it', async () => {
    const following = start(['run', 'orders_job'], { cwd });
    await following.shows(/^started shop\/orders_job\//m);
    following.child.kill('SIGINT');
    const { code, err } = await following.ended;
    expect(code).toBe(130);
    const id = /^started (\S+)$/m.exec(err)?.[1] ?? '';
    expect(err).toContain(`temporal workflow cancel --namespace default --workflow-id "${id}"`);
    const { env } = readDevJson(cwd);
    const { out } = await temporalCli(['workflow', 'describe', '--workflow-id', id, '-o', 'json'], {
      cwd,
      env,
    });
    expect(out).toContain('WORKFLOW_EXECUTION_STATUS_RUNNING');
    await temporalCli(['workflow', 'terminate', '--workflow-id', id], { cwd, env });
  });
});

describe('with a worker', () => {
  beforeAll(startWorker);

  test('it says once which queue of which project it polls, and where to look', () => {
    const { temporal } = readDevJson(cwd);
    const lines = (worker.running?.text() ?? '')
      .split('\n')
      .filter((line) => line.startsWith('ready: '));
    expect(lines).toEqual([
      `ready: project shop, task queue shop, namespace default; Web UI: ${temporal.ui}/namespaces/default/workflows`,
    ]);
  });

  test('a run ends with a receipt, and the objects are the files byte for byte', async () => {
    const { code, out, err } = await tidemark(['run', 'orders_job', '--format', 'json'], { cwd });
    expect(err).not.toContain('warning');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      project: 'shop',
      name: 'orders_job',
      files: 3,
      bytes: 20_000_016,
      reconciled: true,
    });
    const { s3, sftp } = readDevJson(cwd);
    expect(digestsIn(join(s3.root, s3.bucket, 'landing'))).toEqual(
      digestsIn(join(sftp.root, 'out')),
    );
  });

  test('a second run finds everything there', async () => {
    const { code, out } = await tidemark(['run', 'orders'], { cwd });
    expect(code).toBe(0);
    expect(out).toMatch(/^orders succeeded: 0 files, 0 B, reconciled$/m);
    expect(out).toContain('3 were there already');
  });

  test('a failed run ends with 1, its code and message, and the link to the Web UI', async () => {
    const { code, out, err } = await tidemark(['run', 'broken_job', '--format', 'json'], { cwd });
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(
      /^error\[[a-z0-9]+\/[a-z0-9-]+\]: broken_job: asset broken failed: .*nowhere/m,
    );
    expect(err).toContain(
      `${readDevJson(cwd).temporal.ui}/namespaces/default/workflows/shop%2Fbroken_job%2F`,
    );
  });

  test('an unknown name is told although no server answers', async () => {
    const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { code, err } = await tidemark(['run', 'order_job'], { cwd, env: nowhere });
    expect(code).toBe(1);
    expect(err).toContain('error[plan/unknown-name]');
  });

  test('an unknown name is refused before anything is started', async () => {
    const { env } = readDevJson(cwd);
    const count = async () => (await temporalCli(['workflow', 'count'], { cwd, env })).out;
    const before = await count();
    const { code, err } = await tidemark(['run', 'order_job'], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('error[plan/unknown-name]');
    expect(err).toContain('Did you mean orders_job?');
    const other = await tidemark(['run', 'orders_job', '--assets', 'ordrs'], { cwd });
    expect(other).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean orders?') as string,
    });
    expect(await count()).toBe(before);
  });

  test('a run started by the temporal CLI under the name of its type is the same run', async () => {
    const { env } = readDevJson(cwd);
    const args = [
      'workflow',
      'execute',
      '--type',
      'orders_job',
      '--task-queue',
      'shop',
      '--workflow-id',
      'by-hand',
      '-o',
      'json',
    ];
    const { code, out } = await temporalCli(args, { cwd, env });
    expect(code).toBe(0);
    expect(out).toContain('"reconciled": true');
  });

  test('one partition is a run with its key in the id, and a backfill leaves it out', async () => {
    const one = await tidemark(['run', 'by_shop', '--partition', 'de'], { cwd });
    expect(one).toMatchObject({ code: 0, out: expect.stringContaining('1 files') as string });
    expect(one.err).toContain('started shop/by_shop/de');
    const { code, out } = await tidemark(
      ['backfill', 'by_shop', '--partitions', 'de..at', '--missing', '--parallel', '2'],
      { cwd },
    );
    expect(code).toBe(0);
    expect(out).toBe('by_shop succeeded: 2 partitions done, 1 made before; 0 rows, 2 files, 4 B\n');
    const { s3 } = readDevJson(cwd);
    expect(readdirSync(join(s3.root, s3.bucket, 'shops')).sort()).toEqual(['at', 'de', 'fr']);
  });

  test.each([
    ['nothing', []],
    ['an open end', ['--partitions', 'de..']],
    ['an empty key', ['--partitions', 'de,,fr']],
    ['two ways', ['--partitions', 'de', '--last', '1']],
    ['no number', ['--partitions', 'de', '--parallel', 'many']],
  ])('a backfill of %s is wrong usage, and starts nothing', async (_, options) => {
    const { code, err } = await tidemark(['backfill', 'by_shop', ...options], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('error[cli/bad-usage]: backfill: --');
  });

  test.each([
    ['run by_shop --partition dee', /error\[plan\/unknown-partition\].*did you mean de\?/s],
    ['run by_shop', /error\[plan\/partition-needed\].*Pass partition such as "at"/s],
    ['run orders_job --partition de', /error\[plan\/no-partitions\]: .*no asset of "orders_job"/],
    ['backfill by_shop --partitions fr,dee', /error\[plan\/unknown-partition\]: .*keys\[1\]/],
    ['backfill orders_job --last 3', /error\[plan\/no-partitions\]: .*no asset of "orders_job"/],
  ])('%s is told before anything starts', async (command, says) => {
    const { code, err } = await tidemark(command.split(' '), { cwd });
    expect(code).toBe(1);
    expect(err).toMatch(says);
    expect(err).not.toContain('started');
  });

  test('SIGTERM ends the worker with 0, and its process with it', async () => {
    const ended = await worker.running?.stop();
    worker.running = undefined;
    expect(ended).toMatchObject({ code: 0 });
  });
});

describe('a worker that cannot start', () => {
  test('prints the findings of its project and ends with 1', async () => {
    const broken = folderWith(projectFiles(orders.replace('SFTP,', 'SFTPP,')));
    try {
      const { code, err } = await tidemark(['worker'], { cwd: broken, env: readDevJson(cwd).env });
      expect(code).toBe(1);
      expect(err).toContain('did you mean SFTP?');
      expect(err).toContain('pipelines/orders.yaml:3:');
    } finally {
      removeFolder(broken);
    }
  });

  test('says first what lint warns of, without the lines: they may hold a secret', async () => {
    const files = projectFiles(orders);
    const connections = files['connections/common.yaml'] ?? '';
    const plain = connections.replace('"{{ env.SFTP_PASSWORD }}"', 'hunter2');
    const alone = folderWith({ ...files, 'connections/common.yaml': plain });
    try {
      const { SFTP_HOST: _, ...env } = readDevJson(cwd).env;
      const { err } = await tidemark(['worker'], {
        cwd: alone,
        env: { ...env, TEMPORAL_ADDRESS: '127.0.0.1:9' },
      });
      expect(err).toContain('password is a secret in plain text');
      expect(err).toContain('the environment variable SFTP_HOST is not set');
      expect(err).not.toContain('hunter2');
    } finally {
      removeFolder(alone);
    }
  });

  test('ends with 3 when no Temporal server answers, and says where it looked', async () => {
    const alone = folderWith(projectFiles(orders));
    try {
      const env = { ...readDevJson(cwd).env, TEMPORAL_ADDRESS: '127.0.0.1:9' };
      const { code, err } = await tidemark(['worker'], { cwd: alone, env });
      expect(code).toBe(3);
      expect(err).toContain('no Temporal server answers at 127.0.0.1:9');
    } finally {
      removeFolder(alone);
    }
  });

  test('a killed worker process is replaced, and the next run succeeds', async () => {
    await startWorker();
    const parent = Number(worker.running?.child.pid);
    const children = (): readonly string[] =>
      readFileSync(`/proc/${String(parent)}/task/${String(parent)}/children`, 'utf8')
        .trim()
        .split(' ');
    const [first = ''] = children();
    process.kill(Number(first), 'SIGKILL');
    await eventually('a new worker process', 20_000, () =>
      Promise.resolve(children().some((pid) => pid !== '' && pid !== first) ? true : null),
    );
    expect(await tidemark(['run', 'orders'], { cwd })).toMatchObject({ code: 0 });
  });
});
