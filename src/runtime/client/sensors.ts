/**
 * Reconciles a project's sensors to their workflows. A sensor that is missing is started; one whose YAML changed is told
 * to read it again and goes on from its mark. The hash of what it was told last is in its memo, where the workflow itself
 * keeps it through continue-as-new.
 */
import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { JsonObject, JsonValue } from '../../core/values/json.js';
import type { Definition, SensorDefinition } from '../../language/definition/definition.js';
import type { Change } from './apply-change.js';
import { callTemporal } from './call.js';
import { hashOf } from './desired-schedules.js';
import { memoKeys } from './memo-keys.js';

const withoutSpans = (value: JsonValue): JsonValue =>
  JSON.parse(
    JSON.stringify(value, (key, entry: unknown) => (key === 'span' ? undefined : entry)),
  ) as JsonValue;

/** Over all that the sensor's plan is made from; connections and variables count whole, because templates reach them. */
const sensorHash = (definition: Definition, sensor: SensorDefinition): string =>
  hashOf({
    version: 1,
    sensor: withoutSpans(sensor as unknown as JsonValue),
    connections: withoutSpans(definition.connections as unknown as JsonValue),
    vars: definition.vars,
  } satisfies JsonObject);

const describe = async (
  client: Client,
  id: string,
): Promise<WorkflowExecutionDescription | null> => {
  try {
    return await callTemporal(client, `reading sensor ${id}`, () =>
      client.workflow.getHandle(id).describe(),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
};

interface Wanted {
  readonly id: string;
  readonly project: string;
  readonly taskQueue: string;
  readonly hash: string;
  readonly sensor: SensorDefinition;
}

const start = async (
  client: Client,
  { id, project, taskQueue, hash, sensor }: Wanted,
): Promise<void> => {
  await callTemporal(client, `starting sensor ${id}`, () =>
    client.workflow.start(sensor.name, {
      workflowId: id,
      taskQueue,
      args: [{}],
      // Two that apply at once start one sensor.
      workflowIdConflictPolicy: 'USE_EXISTING',
      memo: { [memoKeys.project]: project, [memoKeys.sensor]: sensor.name, [memoKeys.hash]: hash },
      staticSummary: `sensor ${sensor.name}: starts ${sensor.job}`,
    }),
  );
};

const reload = async (client: Client, { id, hash }: Wanted): Promise<void> => {
  await callTemporal(client, `reloading sensor ${id}`, () =>
    client.workflow.getHandle(id).signal('reload', hash),
  );
};

const changeOf = async (client: Client, wanted: Wanted): Promise<Change> => {
  const { id, sensor, hash } = wanted;
  const found = await describe(client, id);
  const detail = `watches ${sensor.source.kind} ${sensor.source.connection}, starts ${sensor.job}`;
  const base = { kind: 'sensor', id, detail } as const;
  if (found === null || found.status.name !== 'RUNNING') {
    const again = found === null ? '' : ` (the last one ended: ${found.status.name.toLowerCase()})`;
    const perform = () => start(client, wanted);
    return {
      ...base,
      detail: `${detail}${again}`,
      action: 'create',
      paused: !sensor.startsRunning,
      perform,
    };
  }
  const paused = found.memo?.['paused'] === true;
  if (found.type !== sensor.name) {
    const other = `a workflow of this id and of type ${found.type} runs; end it or rename the sensor`;
    return { ...base, action: 'foreign', detail: other, paused };
  }
  if (found.memo?.[memoKeys.hash] === hash) return { ...base, action: 'unchanged', paused };
  return { ...base, action: 'update', paused, perform: () => reload(client, wanted) };
};

const openIdsBelow = async (client: Client, prefix: string): Promise<readonly string[]> => {
  const query = `WorkflowId STARTS_WITH ${JSON.stringify(prefix)} AND ExecutionStatus = "Running"`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return [...new Set(ids)].sort();
};

const orphanOf = async (client: Client, project: string, id: string): Promise<Change | null> => {
  const found = await describe(client, id);
  if (found === null || found.status.name !== 'RUNNING') return null;
  if (found.memo?.[memoKeys.project] !== project) return null;
  return {
    kind: 'sensor',
    id,
    action: 'orphan',
    detail: 'no longer declared',
    paused: found.memo['paused'] === true,
    perform: async () => {
      await callTemporal(client, `cancelling sensor ${id}`, () =>
        client.workflow.getHandle(id).cancel(),
      );
    },
  };
};

/** Reads only; what it would do is in each change's `perform`. */
export const planSensors = async (
  client: Client,
  definition: Definition,
  taskQueue: string,
): Promise<readonly Change[]> => {
  const project = definition.project.name;
  const prefix = `${project}/sensor/`;
  const changes: Change[] = [];
  for (const sensor of definition.sensors) {
    const hash = sensorHash(definition, sensor);
    changes.push(
      await changeOf(client, { id: `${prefix}${sensor.name}`, project, taskQueue, hash, sensor }),
    );
  }
  const declared = new Set(changes.map(({ id }) => id));
  const ids = await callTemporal(client, 'listing sensors', () => openIdsBelow(client, prefix));
  for (const id of ids) {
    const orphan = declared.has(id) ? null : await orphanOf(client, project, id);
    if (orphan !== null) changes.push(orphan);
  }
  return changes;
};
