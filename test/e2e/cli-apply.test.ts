/** `tidemark apply`, as a child process: schedules and sensors in a real Temporal, and what they then do. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { arrivals, nightly, orders, projectFiles } from './cli-project.js';

interface Applied {
  readonly applied: boolean;
  readonly changes: readonly {
    readonly id: string;
    readonly action: string;
    readonly paused: boolean;
  }[];
  readonly resume: readonly string[];
}

let cwd = '';
const running: Running[] = [];

const declare = (pipelines: string): void => {
  writeFileSync(join(cwd, 'pipelines', 'orders.yaml'), pipelines);
};

const apply = async (...args: readonly string[]): Promise<Applied> => {
  const { code, out, err } = await tidemark(['apply', '--format', 'json', ...args], { cwd });
  if (code !== 0) throw new Error(`apply ended with ${String(code)}: ${err}`);
  return JSON.parse(out) as Applied;
};

const actions = ({ changes }: Applied): Readonly<Record<string, string>> =>
  Object.fromEntries(changes.map(({ id, action }) => [id, action]));

const temporal = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await temporalCli(args, { cwd, env: readDevJson(cwd).env });
  if (code !== 0) throw new Error(`temporal ${args.join(' ')}: ${err}`);
  return out;
};

/** Ids of the runs of this type. */
const runsOf = async (type: string): Promise<readonly string[]> => {
  const text = await temporal(
    'workflow',
    'list',
    '--query',
    `WorkflowType = "${type}"`,
    '-o',
    'json',
  );
  return (JSON.parse(text) as { execution: { workflowId: string } }[]).map(
    ({ execution }) => execution.workflowId,
  );
};

/** A list may lag behind for a moment. */
const eventuallyActions = (wanted: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  eventually(`apply ${args.join(' ')} finds ${JSON.stringify(wanted)}`, 20_000, async () => {
    const found = actions(await apply(...args));
    return JSON.stringify(found) === JSON.stringify(wanted) ? found : null;
  });

beforeAll(async () => {
  cwd = folderWith(projectFiles(orders + nightly('0 2 * * *') + arrivals));
  const dev = start(['dev', ...freePorts], { cwd });
  running.push(dev);
  await dev.shows(/everything is up/);
  mkdirSync(join(readDevJson(cwd).sftp.root, 'out'));
  const worker = start(['worker'], { cwd });
  running.push(worker);
  await worker.shows(/^ready: /m);
});
afterAll(async () => {
  for (const program of running.reverse()) await program.stop();
  removeFolder(cwd);
});

test('a dry run says what would be created and creates nothing', async () => {
  const planned = await apply('--dry-run');
  expect(planned.applied).toBe(false);
  expect(actions(planned)).toEqual({ 'shop/nightly': 'create', 'shop/sensor/arrivals': 'create' });
  expect(actions(await apply('--dry-run'))).toEqual(actions(planned));
});

test('the second apply changes nothing, and the paused sensor is told with the command that resumes it', async () => {
  await apply();
  const again = await eventually('the sensor has said that it is paused', 20_000, async () => {
    const applied = await apply();
    return applied.resume.length > 0 ? applied : null;
  });
  expect(actions(again)).toEqual({
    'shop/nightly': 'unchanged',
    'shop/sensor/arrivals': 'unchanged',
  });
  expect(again.resume).toEqual([
    'temporal workflow signal --namespace default --workflow-id shop/sensor/arrivals --name resume',
  ]);
});

test('zone and catch-up window of the schedule are explicit', async () => {
  const text = await temporal('schedule', 'describe', '--schedule-id', 'shop/nightly');
  expect(text).toMatch(/TimeZoneName\s+Europe\/Berlin/);
  expect(text).toMatch(/CatchupWindow\s+1h/);
});

test('an edited schedule is updated, and the pause and the note of a human stay', async () => {
  const reason = 'on call: the partner is down';
  await temporal(
    'schedule',
    'toggle',
    '--schedule-id',
    'shop/nightly',
    '--pause',
    '--reason',
    reason,
  );
  declare(orders + nightly('30 4 * * *') + arrivals);
  expect(actions(await apply())).toMatchObject({
    'shop/nightly': 'update',
    'shop/sensor/arrivals': 'unchanged',
  });
  const text = await temporal(
    'schedule',
    'describe',
    '--schedule-id',
    'shop/nightly',
    '-o',
    'json',
  );
  const { schedule } = JSON.parse(text) as { schedule: { state: unknown; spec: unknown } };
  expect(schedule.state).toMatchObject({ paused: true, notes: reason });
  expect(JSON.stringify(schedule.spec)).toMatch(/"hour":\[\{"start":4/);
  expect(actions(await apply())).toMatchObject({ 'shop/nightly': 'unchanged' });
});

test('a schedule that is triggered runs its job, with an id of the project', async () => {
  await temporal('schedule', 'trigger', '--schedule-id', 'shop/nightly');
  const id = await eventually('the scheduled run', 20_000, async () => {
    const found = (await runsOf('orders_job')).filter((run) =>
      /^shop\/orders_job-\d{4}-/.test(run),
    );
    return found[0] ?? null;
  });
  expect(await temporal('workflow', 'result', '--workflow-id', id, '-o', 'json')).toContain(
    '"reconciled": true',
  );
});

test('a resumed sensor takes a dropped file and starts one run for it', async () => {
  await temporal('workflow', 'signal', '--workflow-id', 'shop/sensor/arrivals', '--name', 'resume');
  const { s3, sftp } = readDevJson(cwd);
  writeFileSync(join(sftp.root, 'out', 'dropped.csv'), 'id\n1\n');
  const ofSensor = async () =>
    (await runsOf('orders_job')).filter((id) => id.startsWith('shop/orders_job/arrivals/'));
  const id = await eventually(
    'the run of the sensor',
    30_000,
    async () => (await ofSensor())[0] ?? null,
  );
  expect(await temporal('workflow', 'result', '--workflow-id', id, '-o', 'json')).toContain(
    '"files": 1',
  );
  expect(readFileSync(join(s3.root, s3.bucket, 'landing', 'dropped.csv'), 'utf8')).toBe('id\n1\n');
  const state = await temporal(
    'workflow',
    'query',
    '--workflow-id',
    'shop/sensor/arrivals',
    '--type',
    'state',
  );
  expect(state).toContain('"runsStarted":1');
  expect(await ofSensor()).toHaveLength(1);
});

test('an edited sensor reads its YAML again and keeps its mark', async () => {
  declare(
    orders +
      nightly('30 4 * * *') +
      arrivals.replace('minimum_interval_seconds: 1', 'minimum_interval_seconds: 2'),
  );
  expect(actions(await apply())).toMatchObject({ 'shop/sensor/arrivals': 'update' });
  await eventuallyActions({ 'shop/nightly': 'unchanged', 'shop/sensor/arrivals': 'unchanged' });
  const state = await temporal(
    'workflow',
    'query',
    '--workflow-id',
    'shop/sensor/arrivals',
    '--type',
    'state',
  );
  expect(state).toMatch(/"runsStarted":1/);
  expect(state).toMatch(/"remembered":1/);
});

test('what is no longer declared is reported, and removed only with --prune', async () => {
  await temporal(
    'schedule',
    'create',
    '--schedule-id',
    'shop/of-somebody-else',
    '--type',
    'x',
    '--task-queue',
    'x',
    '--cron',
    '0 0 1 1 *',
  );
  declare(orders);
  const orphans = { 'shop/nightly': 'orphan', 'shop/sensor/arrivals': 'orphan' };
  await eventuallyActions(orphans);
  expect(await temporal('schedule', 'describe', '--schedule-id', 'shop/nightly')).toContain(
    'shop/nightly',
  );
  expect(actions(await apply('--prune'))).toEqual({
    'shop/nightly': 'delete',
    'shop/sensor/arrivals': 'delete',
  });
  await eventuallyActions({});
  await expect(temporal('schedule', 'describe', '--schedule-id', 'shop/nightly')).rejects.toThrow(
    /not found/i,
  );
  expect(await temporal('workflow', 'describe', '--workflow-id', 'shop/sensor/arrivals')).toMatch(
    /Status\s+(Canceled|CANCELED)|CANCELED/i,
  );
  // Without our marker it is not ours, whatever its id.
  expect(
    await temporal('schedule', 'describe', '--schedule-id', 'shop/of-somebody-else'),
  ).toContain('of-somebody-else');
});
