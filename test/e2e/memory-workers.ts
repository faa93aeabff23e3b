/** Workers of a project in memory, in the test's own process, on the shared Temporal server. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  type WorkflowBundle,
} from '@temporalio/worker';
import type { FaultsPort } from '../../activities/ports.js';
import { createWorkers, type RunningWorkers } from '../../src/runtime/worker/create-worker.js';
import { temporalForTests } from '../servers/temporal.js';
import {
  memoryProject,
  type MemoryProject,
  type ProjectParts,
  workflowsPath,
} from './memory-world.js';
import { recordedRuns, replayed } from './replayed.js';

export interface MemoryWorld extends AsyncDisposable {
  readonly project: MemoryProject;
  readonly client: Client;
  readonly taskQueue: string;
  readonly bundle: WorkflowBundle;
  /** What happens at the named moments; nothing unless a test says so. */
  reach: FaultsPort['reach'];
  /** Starts a run and gives its id. */
  start(type: string, input?: unknown, workflowId?: string): Promise<string>;
  /** Runs to the end, replays everything, and gives the receipt; throws what the run failed with. */
  run<T>(type: string, input?: unknown): Promise<T>;
  result<T>(workflowId: string): Promise<T>;
  /** Replays a run and the assets of the project that have run. */
  replay(...ids: string[]): Promise<number>;
  restartWorkers(): Promise<void>;
  /** Looks again and again until it is so; a limit of 60 s. */
  until(isSo: () => boolean | Promise<boolean>): Promise<void>;
  /** Is a run of that asset open, and moving small files? */
  isOpen(asset: string): Promise<boolean>;
  /** Names of the activities that a run has scheduled so far. */
  eventsOf(workflowId: string): Promise<readonly string[]>;
}

const quiet = (): void => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
};

interface Pair {
  readonly workers: RunningWorkers;
  readonly ended: Promise<void>;
}

export interface WorldParts extends ProjectParts {
  readonly vary?: 'tiny';
  readonly assets?: readonly string[];
}

export const startMemoryWorld = async (parts: WorldParts): Promise<MemoryWorld> => {
  quiet();
  const temporal = temporalForTests();
  const project = await memoryProject(parts);
  const taskQueue = temporal.randomTaskQueue('memory');
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const clientConnection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection: clientConnection, namespace: temporal.namespace });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const startWorkers = async (): Promise<Pair> => {
    const workers = await createWorkers({
      project: project.live,
      connectors: project.connectors,
      connection,
      namespace: temporal.namespace,
      taskQueue,
      identity: `memory/${randomBytes(3).toString('hex')}`,
      workflowBundle: bundle,
      searchAttributes: [],
      memoryBytes: 64 * 1024 * 1024,
      timing: { heartbeatTimeoutMs: 5000, retryIntervalMs: 200 },
      vary: parts.vary ?? (process.env['TIDEMARK_VARY'] === 'tiny' ? 'tiny' : null),
      faults: {
        reach: (point) => {
          world.reach(point);
        },
      },
      log: () => undefined,
    });
    return { workers, ended: workers.run() };
  };
  const stop = async ({ workers, ended }: Pair): Promise<void> => {
    workers.stop();
    await ended;
    await workers[Symbol.asyncDispose]();
  };
  let pair: Pair | null = null;
  const done = new Set<string>();
  const result = <T>(workflowId: string): Promise<T> =>
    client.workflow.getHandle(workflowId).result() as Promise<T>;
  const world: MemoryWorld = {
    project,
    client,
    taskQueue,
    bundle,
    reach: () => undefined,
    start: async (
      type,
      input = {},
      workflowId = `${project.name}/test/${randomBytes(4).toString('hex')}`,
    ) => {
      await client.workflow.start(type, { taskQueue, workflowId, args: [input] });
      return workflowId;
    },
    run: async <T>(type: string, input?: unknown): Promise<T> => {
      const id = await world.start(type, input);
      const receipt = await result<T>(id).finally(() => world.replay(id));
      return receipt;
    },
    result,
    replay: async (...ids) => {
      const assets: string[] = [];
      for (const name of parts.assets ?? []) {
        const id = `${project.name}/asset/${name}`;
        const found = await client.workflow
          .getHandle(id)
          .describe()
          .catch(() => null);
        if (found !== null && found.status.name !== 'RUNNING') assets.push(id);
      }
      return replayed(bundle, await recordedRuns(client, [...ids, ...assets], done));
    },
    until: async (isSo) => {
      const endMs = performance.now() + 60_000;
      while (!(await isSo())) {
        if (performance.now() > endMs) throw new Error('it was not so within 60 s');
        await sleep(50);
      }
    },
    isOpen: async (asset) => {
      const handle = client.workflow.getHandle(`${project.name}/asset/${asset}`);
      const found = await handle.describe().catch(() => null);
      const pending = found?.raw.pendingActivities ?? [];
      return pending.some(({ activityType }) => activityType?.name === 'memory.copy');
    },
    eventsOf: async (workflowId) => {
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).flatMap(
        ({ activityTaskScheduledEventAttributes: found }) => found?.activityType?.name ?? [],
      );
    },
    restartWorkers: async () => {
      if (pair !== null) await stop(pair);
      pair = await startWorkers();
    },
    [Symbol.asyncDispose]: async () => {
      if (pair !== null) await stop(pair);
      await connection.close();
      await clientConnection.close();
      await project[Symbol.asyncDispose]();
    },
  };
  pair = await startWorkers();
  return world;
};
