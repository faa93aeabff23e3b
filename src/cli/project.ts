/** The project that a command works on: found from the current folder upwards, loaded as the options say. */
import { isAbsolute, resolve } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import { renderDiagnostic } from '../core/errors/render.js';
import type { Definition } from '../language/definition/definition.js';
import { loadProject, type LoadedProject } from '../language/lint/load-project.js';
import { withDevEnvironment } from '../runtime/project/dev-environment.js';
import { findProjectRoot, projectFilesOf } from '../runtime/project/project-files.js';
import { exitCodes, type CommandInput, type Terminal } from './command.js';
import { noProject } from './errors.js';

/** Texts of a repeatable option. */
export const listOption = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];

export const projectRoot = ({ options }: CommandInput, { cwd }: Terminal): string => {
  const given = options['project'];
  const start = typeof given === 'string' ? resolve(cwd, given) : cwd;
  const root = findProjectRoot(start);
  if (root !== undefined && (given === undefined || root === start)) return root;
  throw new TidemarkError(
    noProject,
    `${start} is no project${given === undefined ? ', and no folder above it is one' : ''}`,
  );
};

/** Every finding; reads the files once. Throws `cli/no-project`. */
export const loadFor = (
  input: CommandInput,
  terminal: Terminal,
): LoadedProject & { readonly root: string } => {
  const root = projectRoot(input, terminal);
  const { env, connections } = input.options;
  const loaded = loadProject({
    root,
    files: projectFilesOf(root),
    // What a worker here would have: no warning of a variable that it takes from the dev stack.
    env: withDevEnvironment(terminal.env, root).env,
    connectors: terminal.connectors,
    connectionFiles: listOption(connections).map((file) =>
      isAbsolute(file) ? file : resolve(terminal.cwd, file),
    ),
    ...(typeof env === 'string' ? { envName: env } : {}),
  });
  return { ...loaded, root };
};

/** Runs with the definition; a project with errors prints them all and ends with code 1. */
export const withDefinition = async (
  input: CommandInput,
  terminal: Terminal,
  run: (definition: Definition, loaded: LoadedProject) => Promise<number> | number,
): Promise<number> => {
  const loaded = loadFor(input, terminal);
  const { definition, diagnostics, sources } = loaded;
  if (definition !== null) return run(definition, loaded);
  for (const finding of diagnostics.filter(({ severity }) => severity === 'error')) {
    terminal.err(`${renderDiagnostic(finding, sources.get(finding.span.file))}\n`);
  }
  return exitCodes.findings;
};
