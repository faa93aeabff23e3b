/**
 * Finds a Temporal CLI that works, or fetches one.
 *
 * The ways are tried in a fixed order (cli/all.ts); a candidate counts only if it answers `--version` as the Temporal
 * CLI does. When every way fails, one error lists all of them with the reason and what to do.
 */
import { join } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import type { Environment } from './cache-folder.js';
import { allWays } from './cli/all.js';
import { runProgram } from './cli/run-program.js';
import type { Search, Way } from './cli/way.js';
import { temporalCliNotFound } from './errors.js';

export interface FindCliOptions {
  readonly env: Environment;
  /** The folder from `cacheFolder(env)`. */
  readonly cacheDir: string;
  /** Gets one line for each thing that may take a while or that surprises (a broken CLI was passed over). */
  readonly onStep?: (text: string) => void;
  /** False: look only at what is on the machine. Default true. */
  readonly allowDownload?: boolean;
}

export interface TemporalCli {
  readonly path: string;
  /** As the CLI itself says, for example `1.9.1`. */
  readonly version: string;
  /** The way that led to it: `PATH`, `our cache`, … */
  readonly from: string;
}

/** A loaded machine starts a program of 150 MB slowly from a cold disk. */
const versionLimitMs = 30_000;
const goInstall = 'go install github.com/temporalio/cli/cmd/temporal@v1.5.1';

/** The first CLI that works. Throws `devstack/temporal-cli-not-found`. */
export const findTemporalCli = async (options: FindCliOptions): Promise<TemporalCli> => {
  const search: Search = {
    env: options.env,
    cachedCli: join(options.cacheDir, 'temporal-cli', 'temporal'),
    onStep: options.onStep ?? (() => {}),
  };
  const failures: Failure[] = [];
  for (const way of allWays) {
    if (way.fetches && options.allowDownload === false) {
      failures.push({ way, reasons: ['not tried: fetching is not allowed here'] });
      continue;
    }
    const outcome = await tryWay(way, search);
    if ('path' in outcome) return outcome;
    failures.push(outcome);
  }
  throw notFound(failures);
};

interface Failure {
  readonly way: Way;
  readonly reasons: readonly string[];
}

const tryWay = async (way: Way, search: Search): Promise<TemporalCli | Failure> => {
  const reasons: string[] = [];
  try {
    for (const path of await way.candidates(search)) {
      try {
        return { path, version: await versionOf(path, search.env), from: way.name };
      } catch (error) {
        reasons.push(messageOf(error));
        search.onStep(`passed over a Temporal CLI from ${way.name}: ${messageOf(error)}`);
      }
    }
  } catch (error) {
    reasons.push(messageOf(error));
    if (way.fetches) search.onStep(`${way.name} failed: ${messageOf(error)}`);
  }
  return { way, reasons };
};

const versionOf = async (path: string, env: Environment): Promise<string> => {
  const output = await runProgram(path, ['--version'], { env, limitMs: versionLimitMs });
  const version = /^temporal version (\S+)/m.exec(output)?.[1];
  if (version !== undefined) return version;
  throw new Error(
    `${path} is not the Temporal CLI: --version printed ${JSON.stringify(output.trim().slice(0, 80))}`,
  );
};

const notFound = (failures: readonly Failure[]): TidemarkError => {
  const lines = failures.map(
    ({ way, reasons }, index) =>
      `  ${index + 1}. ${way.name}: ${reasons.join('; ')}\n     to do: ${way.advice}`,
  );
  const last = `  Or build it yourself with Go (5 minutes, 3 GB of caches; never started by Tidemark):\n     ${goInstall}`;
  return new TidemarkError(
    temporalCliNotFound,
    ['looking for the Temporal CLI: none of the ways led to one that works', ...lines, last].join(
      '\n',
    ),
  );
};

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
