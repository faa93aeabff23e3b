/**
 * Assembles the dev stack: locks the data folder, starts the chosen servers at once, and hands them over together. When
 * one cannot start, the others are stopped; when one dies, the caller learns it and stops the rest.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../core/values/json.js';
import { devServers } from './all.js';
import { credentialsOf } from './credentials.js';
import { lockDataFolder } from './data-lock.js';
import {
  type Environment,
  type PlaceRow,
  type PortName,
  portNames,
  type ServerPlace,
  type StartedServer,
} from './dev-server.js';
import { writePrivateFile } from './private-file.js';

export interface StackOptions {
  readonly dataDir: string;
  /** Names of servers; undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  readonly env: Environment;
  readonly onStep: (text: string) => void;
}

export interface Stack {
  /** Each server's entry of `dev.json`. */
  readonly facts: Readonly<Record<string, JsonObject>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly rows: readonly PlaceRow[];
  /** Resolves with the reason when a server ends by itself. */
  readonly died: Promise<string>;
  /** Stops every server, then unlocks the folder. Idempotent. */
  stop(): Promise<void>;
}

const portsShape = z.partialRecord(z.enum(portNames), z.int().positive());

/** Only a convenience: a file that cannot be read counts as none. */
const lastPortsOf = (path: string): ServerPlace['lastPorts'] => {
  if (!existsSync(path)) return {};
  try {
    const { data } = portsShape.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return (data ?? {}) as ServerPlace['lastPorts'];
  } catch {
    return {};
  }
};

type Started = readonly [name: string, server: StartedServer];

/** All at once. When one cannot start, the others are waited for and stopped. */
const startAll = async (
  { only }: StackOptions,
  place: ServerPlace,
): Promise<readonly Started[]> => {
  const chosen = devServers.filter(({ name }) => only === undefined || only.includes(name));
  const ends = await Promise.allSettled(
    chosen.map(async (server): Promise<Started> => [server.name, await server.start(place)]),
  );
  const started = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed === undefined) return started;
  await stopAll(started);
  throw failed.reason;
};

const stopAll = async (started: readonly Started[]): Promise<void> => {
  await Promise.all(started.map(([, server]) => server.stop()));
};

/** Rejects with nothing left running. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { dataDir, ports, env, onStep } = options;
  const unlock = lockDataFolder(dataDir);
  let started: readonly Started[] = [];
  try {
    const portsFile = join(dataDir, 'ports.json');
    const lastPorts = lastPortsOf(portsFile);
    const credentials = credentialsOf(dataDir);
    started = await startAll(options, { dataDir, credentials, env, ports, lastPorts, onStep });
    const taken = Object.assign(
      {},
      lastPorts,
      ...started.map(([, server]) => server.ports),
    ) as JsonObject;
    writePrivateFile(portsFile, `${JSON.stringify(taken)}\n`);
  } catch (error) {
    await stopAll(started);
    unlock();
    throw error;
  }
  const servers = started.map(([, server]) => server);
  let stopping: Promise<void> | undefined;
  return {
    facts: Object.fromEntries(started.map(([name, server]) => [name, server.facts])),
    variables: Object.assign({}, ...servers.map((server) => server.variables)) as Record<
      string,
      string
    >,
    rows: servers.flatMap((server) => server.rows),
    died: Promise.race(servers.flatMap(({ died }) => (died === undefined ? [] : [died]))),
    stop: () => (stopping ??= stopAll(started).finally(unlock)),
  };
};
