/** `tidemark dev env`: what a shell needs to talk to the running dev stack. */
import { delimiter, join } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import { devNotRunning } from '../devstack/stack/errors.js';
import { findDev, type DevFacts } from '../runtime/project/dev-environment.js';
import { exitCodes, type Terminal } from './command.js';
import { json } from './table.js';

/** One word for a POSIX shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const folderOfCli = ({ dataDir, temporal }: DevFacts): string | null =>
  temporal === undefined ? null : join(dataDir, 'bin');

const shellLines = (facts: DevFacts): readonly string[] => {
  const folder = folderOfCli(facts);
  const variables = Object.entries(facts.env).map(
    ([name, value]) => `export ${name}=${quoted(value)}`,
  );
  return folder === null ? variables : [...variables, `export PATH=${quoted(folder)}:"$PATH"`];
};

const variablesOf = (facts: DevFacts, env: Terminal['env']): Readonly<Record<string, string>> => {
  const folder = folderOfCli(facts);
  const path = env['PATH'];
  if (folder === null) return facts.env;
  return { ...facts.env, PATH: path === undefined ? folder : `${folder}${delimiter}${path}` };
};

/** Throws `devstack/not-running`. */
export const printDevEnvironment = (
  folder: string,
  format: unknown,
  terminal: Terminal,
): number => {
  const dev = findDev(folder);
  if (dev === null) {
    throw new TidemarkError(devNotRunning, `no dev stack runs for ${folder} or a folder above it`);
  }
  if (format === 'json') terminal.out(json(variablesOf(dev.facts, terminal.env)));
  else for (const line of shellLines(dev.facts)) terminal.out(line);
  return exitCodes.ok;
};
