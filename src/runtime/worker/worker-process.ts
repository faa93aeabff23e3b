/**
 * The worker process: connects, polls, and tells its supervisor which tasks are open. Started by `tidemark worker`;
 * ends with exit code 78 when starting it again cannot help.
 */
import { fileURLToPath } from 'node:url';
import { makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import type { SupervisorPort } from '../../../activities/ports.js';
import { connectors } from '../../connectors/all.js';
import { TidemarkError } from '../../core/errors/error.js';
import { temporalConfig } from '../client/connect.js';
import { LiveProject } from '../project/live-project.js';
import { createWorkers, type RunningWorkers } from './create-worker.js';
import type { WorkerMessage } from './ipc.js';
import { knownSearchAttributes } from './search-attributes.js';
import { workerLogger } from './worker-log.js';
import { readWorkerSettings, type WorkerSettings } from './worker-settings.js';

const tell = (message: WorkerMessage): void => {
  if (process.connected) process.send?.(message);
};

const supervisor: SupervisorPort = {
  opened: (taskToken, workflow) => {
    tell({ kind: 'opened', taskToken, workflow });
  },
  beat: (taskToken, details) => {
    tell({ kind: 'beat', taskToken, details });
  },
  closed: (taskToken) => {
    tell({ kind: 'closed', taskToken });
  },
};

const bundlePath = (): string =>
  fileURLToPath(new URL('../../../workflow-bundle.js', import.meta.url));

const installRuntime = (): void => {
  Runtime.install({
    logger: workerLogger(),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} },
    },
    // Our own handlers finish the parts under way before the workers are shut down.
    shutdownSignals: [],
    workerHeartbeatInterval: '10s',
  });
};

const start = async (settings: WorkerSettings): Promise<RunningWorkers> => {
  const env = process.env;
  const project = new LiveProject({
    root: settings.root,
    env,
    connectors,
    ...(settings.envName === undefined ? {} : { envName: settings.envName }),
    connectionFiles: settings.connectionFiles,
  });
  const definition = project.definition();
  const config = temporalConfig(env, definition.project.namespace);
  const connection = await NativeConnection.connect(config.connectionOptions);
  return createWorkers({
    project,
    connectors,
    connection,
    namespace: config.namespace,
    taskQueue: settings.taskQueue ?? definition.project.taskQueue,
    identity: `tidemark/${definition.project.name}/${String(process.pid)}`,
    workflowBundle: { codePath: bundlePath() },
    searchAttributes: await knownSearchAttributes(connection, config.namespace),
    memoryBytes: settings.memoryBytes,
    timing: settings.timing,
    vary: env['TIDEMARK_VARY'] === 'tiny' ? 'tiny' : null,
    supervisor,
    log: (level, message) => {
      process.stderr.write(`${level}: ${message}\n`);
    },
  });
};

const main = async (): Promise<void> => {
  // We test on Node 20; the SDK's notice about its own plans would stand in every user's log.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  installRuntime();
  const workers = await start(readWorkerSettings(process.argv[2]));
  const stop = (): void => {
    workers.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Without a supervisor nobody would restart this process or hand its tasks over.
  process.once('disconnect', stop);
  const pulse = setInterval(() => {
    tell({ kind: 'pulse' });
  }, 1000);
  tell({ kind: 'ready' });
  try {
    await workers.run();
  } finally {
    clearInterval(pulse);
    await workers[Symbol.asyncDispose]();
  }
};

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isFinal = error instanceof TidemarkError && error.kind.recovery !== 'retry';
    const text =
      error instanceof TidemarkError
        ? `error[${error.code}]: ${error.message}\n  fix: ${error.fix}`
        : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(isFinal ? 78 : 1);
  },
);
