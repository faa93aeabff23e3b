/** `tidemark init`: a small project that runs on the dev stack as it is. Writes over nothing. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import { defineCommand, exitCodes, type CommandInput, type Terminal } from './command.js';
import { fileExists } from './errors.js';
import { newProject } from './init-files.js';

/** The schemas of the package where it is installed, at or above the folder. */
const installedSchemas = (folder: string): string | null => {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, 'node_modules', 'tidemark', 'schema');
    if (existsSync(found)) return found;
    if (dirname(at) === at) return null;
  }
};

const run = (input: CommandInput, terminal: Terminal): Promise<number> => {
  const given = input.args[0] ?? '.';
  const folder = resolve(terminal.cwd, given);
  const schemas = installedSchemas(folder);
  const files = newProject(basename(folder), (kind, path) =>
    schemas === null
      ? null
      : relative(dirname(join(folder, path)), join(schemas, `${kind}.json`)).replaceAll(sep, '/'),
  );
  const there = files.filter(({ path }) => existsSync(join(folder, path)));
  if (there.length > 0) {
    throw new TidemarkError(
      fileExists,
      `${folder} has ${there.map(({ path }) => path).join(', ')} already; nothing was written`,
    );
  }
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
    terminal.out(`wrote ${join(given, path)}`);
  }
  const inside = given === '.' ? '' : `, in ${given}`;
  terminal.out(`\nNext, each in a terminal of its own${inside}:`);
  for (const command of ['dev', 'worker', 'run orders_job']) terminal.out(`  tidemark ${command}`);
  return Promise.resolve(exitCodes.ok);
};

export const init = defineCommand({
  name: 'init',
  summary: 'a small project that runs on the dev stack as it is',
  arguments: [{ syntax: '[dir]', summary: 'folder of the project (default: this one)' }],
  options: [],
  examples: ['init shop', 'init'],
  run,
});
