/**
 * The workers of one process: one for workflows and light activities, one for transfers. They share a connection, a
 * bundle and the ports.
 */
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { lightActivities, transferActivities } from '../../../activities/index.js';
import type { FaultsPort, Ports, SupervisorPort } from '../../../activities/ports.js';
import type { Connector, OpenContext } from '../../connectors/connector.js';
import { defaultTiming, type Timing } from '../../core/plan/plan.js';
import { conversions, formats } from '../../formats/all.js';
import { MemoryBudget } from '../../transfer/memory-budget.js';
import type { LiveProject } from '../project/live-project.js';
import { Redactor } from '../secrets/redactor.js';
import { ConnectionPool } from './connection-pool.js';
import { createPlannerPort, type PlanFacts } from './planner-port.js';
import { transfersQueueOf } from './queues.js';

export interface WorkerParts {
  readonly project: LiveProject;
  readonly connectors: readonly Connector[];
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly identity: string;
  /** `{ codePath }` of the prebuilt bundle. */
  readonly workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
  readonly searchAttributes: readonly string[];
  readonly memoryBytes: number;
  readonly timing?: Partial<Timing>;
  readonly vary?: 'tiny' | null;
  readonly supervisor?: SupervisorPort;
  readonly faults?: FaultsPort;
  readonly log: OpenContext['log'];
}

export interface RunningWorkers extends AsyncDisposable {
  /** Polls until `stop` is called; rejects when a worker fails. */
  run(): Promise<void>;
  /** Finishes the parts under way, hands over the rest, then ends `run`. */
  stop(): void;
  readonly redactor: Redactor;
}

const alone: SupervisorPort = {
  opened: () => undefined,
  beat: () => undefined,
  closed: () => undefined,
};

const noFaults: FaultsPort = { reach: () => undefined };

/** Slots of the transfer queue: what the budget can feed, but enough for listings beside it. */
const transferSlots = (memoryBytes: number): number =>
  Math.max(8, Math.min(64, Math.floor(memoryBytes / (8 * 1024 * 1024))));

const shutdown = { shutdownGraceTime: '10s', shutdownForceTime: '30s' } as const;

/** The two pollers: workflows and light activities; transfers. */
const pollers = async (
  parts: WorkerParts,
  ports: Ports,
  transfersQueue: string,
): Promise<readonly [Worker, Worker]> => {
  const { connection, namespace, identity } = parts;
  const light = await Worker.create({
    ...shutdown,
    connection,
    namespace,
    identity,
    taskQueue: parts.taskQueue,
    workflowBundle: parts.workflowBundle,
    activities: lightActivities(ports, new Map()) as object,
    maxConcurrentActivityTaskExecutions: 1000,
    // Sensors are many: one heartbeat in half a minute is enough, since a poke reaches them without it.
    maxHeartbeatThrottleInterval: '24s',
    stickyQueueScheduleToStartTimeout: '2s',
    showStackTraceSources: true,
  });
  const transfers = await Worker.create({
    ...shutdown,
    connection,
    namespace,
    identity,
    taskQueue: transfersQueue,
    activities: transferActivities(ports) as object,
    maxConcurrentActivityTaskExecutions: transferSlots(parts.memoryBytes),
    // A cancel arrives with the answer to a heartbeat.
    maxHeartbeatThrottleInterval: '1s',
  });
  return [light, transfers];
};

export const createWorkers = async (parts: WorkerParts): Promise<RunningWorkers> => {
  const redactor = new Redactor();
  const draining = new AbortController();
  const timing = { ...defaultTiming, ...parts.timing };
  const facts: PlanFacts = {
    connectors: parts.connectors,
    transfersQueue: transfersQueueOf(parts.taskQueue),
    timing,
    vary: parts.vary ?? null,
    searchAttributes: parts.searchAttributes,
    nowMs: Date.now,
  };
  const pool = new ConnectionPool(parts.project, facts, redactor, parts.log);
  const ports: Ports = {
    connectors: parts.connectors,
    formats,
    conversions,
    planner: createPlannerPort(parts.project, facts),
    connections: pool,
    budget: new MemoryBudget(parts.memoryBytes),
    supervisor: parts.supervisor ?? alone,
    faults: parts.faults ?? noFaults,
    draining: draining.signal,
    nowMs: Date.now,
    redact: redactor.redact,
  };
  await Promise.all(parts.connectors.map(async (connector) => connector.load?.()));
  const [light, transfers] = await pollers(parts, ports, facts.transfersQueue);
  return {
    redactor,
    run: async () => {
      await Promise.all([light.run(), transfers.run()]);
    },
    stop: () => {
      draining.abort();
      for (const worker of [light, transfers]) {
        if (worker.getState() === 'RUNNING') worker.shutdown();
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
};
