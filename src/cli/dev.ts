/** `tidemark dev`: the dev stack in the foreground, with a table of what is where, until Ctrl-C or SIGTERM. */
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import { suggest } from '../core/values/suggest.js';
import { devServerNames } from '../devstack/stack/all.js';
import { devServerDied } from '../devstack/stack/errors.js';
import type { Stack } from '../devstack/stack/start-stack.js';
import { devFileOf } from '../runtime/project/dev-environment.js';
import { findProjectRoot } from '../runtime/project/project-files.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  type CommandInput,
  type Terminal,
} from './command.js';
import { printDevEnvironment } from './dev-env.js';
import { refuseSecondDev, removeDevFile, writeDevFile } from './dev-file.js';
import { badUsage } from './errors.js';
import { painter } from './paint.js';
import { columns } from './table.js';

/** The project around the folder, else the folder itself: the dev stack needs no project. */
const homeOf = ({ options }: CommandInput, { cwd }: Terminal): string => {
  const given = options['project'];
  if (typeof given === 'string') return resolve(cwd, given);
  return findProjectRoot(cwd) ?? cwd;
};

const chosenServers = (given: unknown): readonly string[] | undefined => {
  if (typeof given !== 'string') return undefined;
  const names = given
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    if (devServerNames.includes(name)) continue;
    const near = suggest(name, devServerNames);
    const fix =
      near === undefined ? `Known: ${devServerNames.join(', ')}.` : `Did you mean ${near}?`;
    throw new TidemarkError(
      badUsage,
      `dev: --only names ${JSON.stringify(name)}, which is no server`,
      { fix },
    );
  }
  if (names.length > 0) return names;
  throw new TidemarkError(
    badUsage,
    `dev: --only names no server; known: ${devServerNames.join(', ')}`,
  );
};

const portOption = (input: CommandInput, name: string, flag: string): number | undefined => {
  const given = input.options[name];
  if (given === undefined) return undefined;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new TidemarkError(
    badUsage,
    `dev: ${flag} is ${JSON.stringify(given)}; a port is a number from 1 to 65535, or 0 for any free one`,
  );
};

const portOptions = {
  temporal: ['temporalPort', '--temporal-port'],
  ui: ['uiPort', '--ui-port'],
  s3: ['s3Port', '--s3-port'],
  sftp: ['sftpPort', '--sftp-port'],
  postgres: ['postgresPort', '--postgres-port'],
} as const;

const chosenPorts = (input: CommandInput): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(portOptions).flatMap(([server, [name, flag]]) => {
      const port = portOption(input, name, flag);
      return port === undefined ? [] : [[server, port] as const];
    }),
  );

const showTable = (stack: Stack, file: string, terminal: Terminal): void => {
  const paint = painter(terminal.color);
  const rows = stack.rows.map(({ what, where, note }) => [what, where, note]);
  const lines = [
    paint('tidemark dev: everything is up', 'bold'),
    '',
    ...columns(rows, '  '),
    '',
    `  addresses and credentials: ${file}`,
    '',
    'In another terminal:',
    '  eval "$(tidemark dev env)"    # variables, and the temporal CLI on PATH',
    '  tidemark worker               # runs the project; then: tidemark run NAME',
    '',
    'Ctrl-C stops everything; the data stays.',
  ];
  for (const line of lines) terminal.out(line);
};

/** Resolves at Ctrl-C or SIGTERM, at once when it was before. */
const stopAsked = async (signal: AbortSignal): Promise<null> => {
  if (!signal.aborted) await once(signal, 'abort');
  return null;
};

const runUntilStopped = async (stack: Stack, terminal: Terminal): Promise<number> => {
  const death = await Promise.race([stack.died, stopAsked(terminal.signal)]);
  if (death === null) {
    terminal.err('stopping');
    return exitCodes.ok;
  }
  throw new TidemarkError(devServerDied, `running the dev stack: ${death}`);
};

const bringUp = async (input: CommandInput, terminal: Terminal): Promise<number> => {
  const home = homeOf(input, terminal);
  const file = devFileOf(home);
  const { data } = input.options;
  const dataDir = typeof data === 'string' ? resolve(terminal.cwd, data) : join(home, '.tidemark');
  const options = {
    dataDir,
    only: chosenServers(input.options['only']),
    ports: chosenPorts(input),
    env: terminal.env,
    onStep: (text: string) => terminal.err(text),
  };
  refuseSecondDev(file);
  // Its servers are for who starts them: every other command would wait for their code.
  const { startStack } = await import('../devstack/stack/start-stack.js');
  const stack = await startStack(options);
  try {
    if (terminal.signal.aborted) return exitCodes.interrupted;
    writeDevFile(file, stack, dataDir);
    showTable(stack, file, terminal);
    return await runUntilStopped(stack, terminal);
  } finally {
    removeDevFile(file);
    await stack.stop();
  }
};

const run = async (input: CommandInput, terminal: Terminal): Promise<number> => {
  const [action] = input.args;
  if (action === undefined) return bringUp(input, terminal);
  if (action === 'env')
    return printDevEnvironment(homeOf(input, terminal), input.options['format'], terminal);
  throw new TidemarkError(badUsage, `dev: ${JSON.stringify(action)} is not known`, {
    fix: 'Write `tidemark dev` to start the dev stack, or `tidemark dev env` for the variables of the one that runs.',
  });
};

export const dev = defineCommand({
  name: 'dev',
  summary:
    'the dev stack in the foreground: Temporal with its Web UI, S3, SFTP and PostgreSQL, on 127.0.0.1',
  arguments: [
    {
      syntax: '[action]',
      summary: '`env`: print what a shell needs to talk to the dev stack that runs',
    },
  ],
  options: [
    {
      flags: '--only <servers>',
      summary: `some servers only, with commas between: ${devServerNames.join(',')}`,
    },
    {
      flags: '--data <dir>',
      summary: 'folder of the data (default: .tidemark in the project); kept across restarts',
    },
    {
      flags: '--temporal-port <port>',
      summary: 'this port or an error; 0: any free one (default: 7233 if free)',
    },
    {
      flags: '--ui-port <port>',
      summary: 'this port or an error; 0: any free one (default: 8233 if free)',
    },
    {
      flags: '--s3-port <port>',
      summary: 'this port or an error (default: the one of the last start if free)',
    },
    {
      flags: '--sftp-port <port>',
      summary: 'this port or an error (default: the one of the last start if free)',
    },
    {
      flags: '--postgres-port <port>',
      summary: 'this port or an error (default: the one of the last start if free)',
    },
    { ...formatOption, summary: 'how `dev env` writes: exports of a shell, or one JSON object' },
  ],
  examples: ['dev', 'dev --only temporal,s3', 'dev env'],
  run,
});
