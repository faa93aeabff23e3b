/**
 * The environment of a running dev stack: `.tidemark/dev.json` of the project or of a folder above it. Commands that act
 * take from it what is not set, so that a new user needs no exports; a file that a dead process left is passed over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { isAlive } from './process-alive.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const devShape = z.looseObject({
  version: z.literal(1),
  pid: z.int().positive(),
  dataDir: z.string(),
  temporal: z
    .looseObject({ ui: z.string(), cli: z.string(), namespace: z.string(), address: z.string() })
    .optional(),
  env: z.record(z.string(), z.string()),
});

/** What clients read of `dev.json`. */
export type DevFacts = z.infer<typeof devShape>;

export interface FoundDev {
  readonly path: string;
  readonly facts: DevFacts;
}

export const devFileOf = (folder: string): string => join(folder, '.tidemark', 'dev.json');

/** Null when it is not there, cannot be read, or its process is gone. */
export const readDevFile = (path: string): FoundDev | null => {
  if (!existsSync(path)) return null;
  try {
    const facts = devShape.parse(JSON.parse(readFileSync(path, 'utf8')));
    return isAlive(facts.pid) ? { path, facts } : null;
  } catch {
    return null;
  }
};

/** The dev stack that runs for this folder: its own, or the nearest above. */
export const findDev = (start: string): FoundDev | null => {
  let folder = resolve(start);
  for (;;) {
    const found = readDevFile(devFileOf(folder));
    if (found !== null) return found;
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
  }
};

export interface DevEnvironment {
  readonly env: Environment;
  /** One line for the user; null when nothing was taken. */
  readonly notice: string | null;
  /** Address of the Web UI, when runs go to the dev stack's Temporal. */
  readonly ui: string | null;
}

/** Who names a server or a profile of the `temporal` CLI means it: then nothing about Temporal is taken. */
const choosesTemporal = (env: Environment): boolean =>
  ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(
    (name) => (env[name] ?? '') !== '',
  );

/** `S3_*, SFTP_*`: which variables, in a line that stays short. */
const groupsOf = (taken: readonly (readonly [string, string])[]): string =>
  [...new Set(taken.map(([name]) => `${name.split('_')[0] ?? name}_*`))].join(', ');

/** `env` over the variables of the running dev stack, if there is one. */
export const withDevEnvironment = (env: Environment, projectRoot: string): DevEnvironment => {
  const dev = findDev(projectRoot);
  if (dev === null) return { env, notice: null, ui: null };
  const { facts, path } = dev;
  const keepsTemporal = choosesTemporal(env);
  const taken = Object.entries(facts.env).filter(
    ([name]) => env[name] === undefined && !(keepsTemporal && name.startsWith('TEMPORAL_')),
  );
  const merged = { ...env, ...Object.fromEntries(taken) };
  const isSame = merged['TEMPORAL_ADDRESS'] === facts.temporal?.address;
  const notice =
    taken.length === 0 ? null : `using the dev stack of ${path} for ${groupsOf(taken)}`;
  return { env: merged, notice, ui: isSame ? (facts.temporal?.ui ?? null) : null };
};
