/**
 * Reconciles a project's schedules to Temporal Schedules. An update keeps what a human did: pause, note and the number of
 * remaining actions. Orphans are found by id and confirmed by our marker in the action's memo, one by one, because lists
 * lag behind.
 */
import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import type { Definition } from '../../language/definition/definition.js';
import type { Change } from './apply-change.js';
import { callTemporal } from './call.js';
import { desiredSchedules, type DesiredSchedule } from './desired-schedules.js';
import { memoKeys } from './memo-keys.js';

const describe = async (client: Client, id: string): Promise<ScheduleDescription | null> => {
  try {
    return await callTemporal(client, `reading schedule ${id}`, () =>
      client.schedule.getHandle(id).describe(),
    );
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
};

const markOf = (found: ScheduleDescription, key: string): unknown => found.action.memo?.[key];

const create = async (client: Client, { id, body }: DesiredSchedule): Promise<void> => {
  await callTemporal(client, `creating schedule ${id}`, () =>
    client.schedule.create({ scheduleId: id, ...body }),
  );
};

const update = async (client: Client, { id, body }: DesiredSchedule): Promise<void> => {
  await callTemporal(client, `updating schedule ${id}`, () =>
    client.schedule.getHandle(id).update(({ state }) => {
      const { paused, note, remainingActions } = state;
      return {
        ...body,
        state: {
          paused,
          ...(note === undefined ? {} : { note }),
          ...(remainingActions === undefined ? {} : { remainingActions }),
        },
      };
    }),
  );
};

const changeOf = async (
  client: Client,
  project: string,
  wanted: DesiredSchedule,
): Promise<Change> => {
  const { id, job, cron, timeZone } = wanted;
  const found = await describe(client, id);
  const base = { kind: 'schedule', id, detail: `${cron} (${timeZone}) starts ${job}` } as const;
  if (found === null)
    return { ...base, action: 'create', paused: false, perform: () => create(client, wanted) };
  const { paused } = found.state;
  if (markOf(found, memoKeys.project) !== project) {
    const detail =
      'a schedule of this id exists that Tidemark did not make; delete or rename one of them';
    return { ...base, action: 'foreign', detail, paused };
  }
  if (markOf(found, memoKeys.hash) === wanted.hash) return { ...base, action: 'unchanged', paused };
  return { ...base, action: 'update', paused, perform: () => update(client, wanted) };
};

const idsBelow = async (client: Client, prefix: string): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    if (scheduleId.startsWith(prefix)) ids.push(scheduleId);
  }
  return ids.sort();
};

const orphanOf = async (client: Client, project: string, id: string): Promise<Change | null> => {
  const found = await describe(client, id);
  if (found === null || markOf(found, memoKeys.project) !== project) return null;
  return {
    kind: 'schedule',
    id,
    action: 'orphan',
    detail: 'no longer declared',
    paused: found.state.paused,
    perform: () =>
      callTemporal(client, `deleting schedule ${id}`, () => client.schedule.getHandle(id).delete()),
  };
};

/** Reads only; what it would do is in each change's `perform`. Declared ones in the order of the YAML, then orphans. */
export const planSchedules = async (
  client: Client,
  definition: Definition,
  taskQueue: string,
): Promise<readonly Change[]> => {
  const project = definition.project.name;
  const changes: Change[] = [];
  const wanted = desiredSchedules(definition, taskQueue);
  for (const schedule of wanted) changes.push(await changeOf(client, project, schedule));
  const declared = new Set(wanted.map(({ id }) => id));
  const ids = await callTemporal(client, 'listing schedules', () =>
    idsBelow(client, `${project}/`),
  );
  for (const id of ids) {
    const orphan = declared.has(id) ? null : await orphanOf(client, project, id);
    if (orphan !== null) changes.push(orphan);
  }
  return changes;
};
