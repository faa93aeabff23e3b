/** Schedules as Temporal takes them: ids, hashes, and what is always explicit. */
import { expect, test } from 'vitest';
import type { Definition, ScheduleDefinition } from '../../language/definition/definition.js';
import { desiredSchedules } from './desired-schedules.js';

const span = { file: 'p.yaml', line: 1, column: 1, endLine: 1, endColumn: 2 };

const nightly: ScheduleDefinition = {
  name: 'nightly',
  jobs: [{ job: 'orders_job', tags: {} }],
  cron: '0 2 * * *',
  timeZone: 'UTC',
  catchupWindowMs: 3_600_000,
  overlap: 'buffer_one',
  tags: { team: 'sales' },
  generatedFrom: null,
  span,
};

const withSchedule = (change: Partial<ScheduleDefinition> = {}): Definition => ({
  project: {
    name: 'shop',
    namespace: null,
    taskQueue: 'shop',
    timeZone: 'UTC',
    allowConfigOverrides: false,
    span: null,
  },
  env: 'dev',
  connections: [],
  vars: {},
  assets: [],
  jobs: [],
  schedules: [{ ...nightly, ...change }],
  sensors: [],
  files: {},
  hash: '',
});

const only = (change: Partial<ScheduleDefinition> = {}, queue = 'shop') => {
  const [schedule] = desiredSchedules(withSchedule(change), queue);
  if (schedule === undefined) throw new Error('no schedule');
  return schedule;
};

test('zone, catch-up window and overlap are explicit, and runs know the schedule and its tags', () => {
  const { id, body } = only();
  expect(id).toBe('shop/nightly');
  expect(body.spec).toEqual({ cronExpressions: ['0 2 * * *'], timezone: 'UTC' });
  expect(body.policies).toEqual({ overlap: 'BUFFER_ONE', catchupWindow: 3_600_000 });
  expect(body.action).toMatchObject({
    workflowType: 'orders_job',
    workflowId: 'shop/orders_job',
    taskQueue: 'shop',
    args: [{ tags: { 'tidemark/trigger': 'nightly', team: 'sales' } }],
  });
});

test('a schedule of several jobs is one schedule for each, and tags of a job rank above those of the schedule', () => {
  const jobs = [
    { job: 'a', tags: { team: 'own' } },
    { job: 'b', tags: {} },
  ];
  const found = desiredSchedules(withSchedule({ jobs }), 'shop');
  expect(found.map(({ id }) => id)).toEqual(['shop/nightly/a', 'shop/nightly/b']);
  expect(found.map(({ body }) => body.action.args)).toMatchObject([
    [{ tags: { team: 'own' } }],
    [{ tags: { team: 'sales' } }],
  ]);
});

test('the hash is the same wherever the schedule stands in the file', () => {
  expect(only({ span: { ...span, line: 99 } }).hash).toBe(only().hash);
});

test.each<[string, Partial<ScheduleDefinition>]>([
  ['cron', { cron: '0 3 * * *' }],
  ['time zone', { timeZone: 'Europe/Berlin' }],
  ['catch-up window', { catchupWindowMs: 60_000 }],
  ['overlap', { overlap: 'skip' }],
  ['tags', { tags: {} }],
  ['job', { jobs: [{ job: 'other', tags: {} }] }],
])('a change of the %s changes the hash', (_, change) => {
  expect(only(change).hash).not.toBe(only().hash);
});

test('another task queue changes the hash', () => {
  expect(only({}, 'other').hash).not.toBe(only().hash);
});

test('a catch-up window below what the server takes is raised to it', () => {
  expect(only({ catchupWindowMs: 0 }).body.policies?.catchupWindow).toBe(10_000);
});

test('of a partitioned job each tick runs the newest complete partition (D7)', () => {
  const days = { type: 'daily', start: '2025-01-01' };
  const definition = {
    ...withSchedule(),
    jobs: [{ name: 'orders_job', assets: ['orders'] }],
    assets: [{ name: 'orders', partitions: days }],
  } as unknown as Definition;
  const [schedule] = desiredSchedules(definition, 'shop');
  expect(schedule?.body.action).toMatchObject({ args: [{ partition_range: { last: 1 } }] });
  expect(schedule?.hash).not.toBe(only().hash);
});
