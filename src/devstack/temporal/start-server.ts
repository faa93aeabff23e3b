/**
 * Starts the Temporal dev server and hands it over only when it can be used: gRPC answers, the namespace exists and
 * keeps closed runs long enough. On any failure nothing is left running, and the error shows the end of the log.
 */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { isErrorOf, TidemarkError } from '../../core/errors/error.js';
import { runProgram } from './cli/run-program.js';
import { temporalServerDied, temporalServerNotReady } from './errors.js';
import type { TemporalCli } from './find-cli.js';
import { settleNamespace, type NamespaceGoal } from './namespace.js';
import { freePort } from './ports.js';
import { serverArguments, type SearchAttributeName } from './server-flags.js';
import { launch, type Exit, type ServerProcess } from '../process/server-process.js';

export interface TemporalServerOptions {
  readonly cli: Pick<TemporalCli, 'path'>;
  /** Default 127.0.0.1. */
  readonly ip?: string;
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** 0 (the default) takes any free port. */
  readonly uiPort?: number;
  /** True: no Web UI. Default false. */
  readonly headless?: boolean;
  /** Absent: everything is kept in memory and dies with the server. */
  readonly dbFilename?: string;
  /** Default `default`. */
  readonly namespace?: string;
  /** How long closed runs are kept. Default 7. */
  readonly retentionDays?: number;
  /** The server's output is appended to it; its folder is created. */
  readonly logFile: string;
  /** Registered at start; an attribute that exists already is left alone. */
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeName>>;
  /** How long it may take until the server can be used. Default 60,000. */
  readonly readyLimitMs?: number;
}

export interface TemporalServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  /** Undefined when headless. */
  readonly uiUrl: string | undefined;
  readonly namespace: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
  /** Resolves when the server has ended, also when nobody asked for it. */
  readonly exited: Promise<Exit>;
}

const pollMs = 50;
const graceMs = 10_000;
const helpLimitMs = 30_000;
const shownLogLines = 15;
const startsMax = 3;

/** Throws `devstack/temporal-port-in-use`, `-server-died` or `-server-not-ready`. */
export const startTemporalServer = async (
  options: TemporalServerOptions,
): Promise<TemporalServer> => {
  for (let starts = 1; ; starts++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // It was seen to panic at a start that went well the next time, and a free port may be taken meanwhile.
      if (starts === startsMax || !isErrorOf(error, temporalServerDied)) throw error;
    }
  }
};

const startOnce = async (options: TemporalServerOptions): Promise<TemporalServer> => {
  const { ip = '127.0.0.1', namespace = 'default', retentionDays = 7, logFile } = options;
  const { path: program } = options.cli;
  const port = await freePort({ purpose: 'the Temporal server', ip, port: options.port ?? 0 });
  const uiPort =
    options.headless === true ? undefined : await freeUiPort(ip, port, options.uiPort ?? 0);
  const help = await runProgram(program, ['server', 'start-dev', '--help'], {
    env: process.env,
    limitMs: helpLimitMs,
  });
  const { dbFilename, searchAttributes = {} } = options;
  const args = serverArguments({ ip, port, uiPort, dbFilename, namespace, searchAttributes, help });
  const logFrom = await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
  const server = await launch({ program, args, logFile, graceMs });
  const address = `${reachable(ip)}:${port}`;
  const readyLimitMs = options.readyLimitMs ?? 60_000;
  try {
    await usable({
      server,
      address,
      goal: { namespace, retentionDays },
      logFile,
      logFrom,
      readyLimitMs,
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  const uiUrl = uiPort === undefined ? undefined : `http://${reachable(ip)}:${uiPort}`;
  return { address, uiUrl, namespace, pid: server.pid, stop: server.stop, exited: server.exited };
};

/** A server that listens on every interface is reached on this machine by its loopback address. */
const reachable = (ip: string): string => (ip === '0.0.0.0' ? '127.0.0.1' : ip);

const freeUiPort = async (ip: string, serverPort: number, wanted: number): Promise<number> => {
  const uiPort = await freePort({ purpose: 'the Temporal Web UI', ip, port: wanted });
  return uiPort === serverPort ? freeUiPort(ip, serverPort, wanted) : uiPort;
};

interface Start {
  readonly server: ServerProcess;
  readonly address: string;
  readonly goal: NamespaceGoal;
  readonly logFile: string;
  /** Bytes that it had before this start. */
  readonly logFrom: number;
  readonly readyLimitMs: number;
}

const usable = async (start: Start): Promise<void> => {
  const waiting = new AbortController();
  const died = start.server.exited.then(async (exit) => {
    throw await diedAtStart(start, exit);
  });
  try {
    await Promise.race([died, answers(start, waiting.signal)]);
  } finally {
    waiting.abort();
    // The server's later end is its caller's business (`exited`), not an unhandled rejection of this race.
    died.catch(() => {});
  }
};

const answers = async (start: Start, signal: AbortSignal): Promise<void> => {
  const connection = Connection.lazy({ address: start.address });
  const deadline = Date.now() + start.readyLimitMs;
  let lastProblem: unknown = 'no answer yet';
  try {
    while (!signal.aborted && Date.now() < deadline) {
      try {
        await connection.withDeadline(deadline, () => settleNamespace(connection, start.goal));
        return;
      } catch (error) {
        lastProblem = error;
        await sleep(pollMs);
      }
    }
  } finally {
    await connection.close();
  }
  if (!signal.aborted) throw await notReady(start, lastProblem);
};

const diedAtStart = async (start: Start, exit: Exit): Promise<TidemarkError> => {
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  const message = `starting the Temporal dev server on ${start.address}: it ended at once (${how})`;
  return new TidemarkError(temporalServerDied, `${message}\n${await endOfLog(start)}`);
};

const notReady = async (start: Start, problem: unknown): Promise<TidemarkError> => {
  const { address, goal, readyLimitMs } = start;
  const reason = problem instanceof Error ? problem.message : String(problem);
  const message = `starting the Temporal dev server: namespace ${JSON.stringify(goal.namespace)} on ${address} was not usable within ${readyLimitMs / 1000} s (${reason})`;
  return new TidemarkError(temporalServerNotReady, `${message}\n${await endOfLog(start)}`);
};

/** Of a program that panicked its reason: what follows are addresses of code. */
const endOfLog = async ({ logFile, logFrom }: Start): Promise<string> => {
  const text = (await readFile(logFile).catch(() => Buffer.alloc(0))).subarray(logFrom).toString();
  const all = text.trimEnd().split('\n');
  const panic = all.findIndex((line) => line.startsWith('panic: '));
  const lines = panic < 0 ? all.slice(-shownLogLines) : all.slice(panic).slice(0, shownLogLines);
  return [`last lines of ${logFile}:`, ...lines.map((line) => `  ${line}`)].join('\n');
};
