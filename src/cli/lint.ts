/** `tidemark lint`: every finding in one pass, for people, programs and code review. */
import { resolve, relative, sep } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import type { Diagnostic } from '../core/errors/diagnostic.js';
import { renderDiagnostic } from '../core/errors/render.js';
import {
  defineCommand,
  exitCodes,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { badUsage } from './errors.js';
import { summaryOf, summaryText, toGithub, toJson, toSarif } from './lint-formats.js';
import { lintKinds } from './lint-kinds.js';
import { ownVersion } from './own-version.js';
import { painter } from './paint.js';
import { loadFor } from './project.js';
import { json } from './table.js';

/** Findings of the named files; all without names. A file that the project does not have is wrong usage. */
const chosen = (
  diagnostics: readonly Diagnostic[],
  names: readonly string[],
  known: {
    readonly root: string;
    readonly cwd: string;
    readonly sources: ReadonlyMap<string, string>;
  },
): readonly Diagnostic[] => {
  if (names.length === 0) return diagnostics;
  const wanted = names.map((name) =>
    relative(known.root, resolve(known.cwd, name)).split(sep).join('/'),
  );
  const isIn = (file: string) =>
    wanted.some((name) => name === '' || file === name || file.startsWith(`${name}/`));
  wanted.forEach((name, at) => {
    const exists =
      name === '' ||
      [...known.sources.keys()].some((file) => file === name || file.startsWith(`${name}/`));
    if (!exists)
      throw new TidemarkError(
        badUsage,
        `lint: ${names[at] ?? name} is no file of the project at ${known.root}`,
      );
  });
  return diagnostics.filter(({ span }) => isIn(span.file));
};

export const findingsText = (
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  terminal: Terminal,
): string => {
  const paint = painter(terminal.color);
  const blocks = diagnostics.map((finding) => {
    const [first = '', ...rest] = renderDiagnostic(finding, sources.get(finding.span.file)).split(
      '\n',
    );
    return [paint(first, finding.severity === 'error' ? 'red' : 'yellow'), ...rest, ''].join('\n');
  });
  return [...blocks, summaryText(summaryOf(diagnostics, sources.size))].join('\n');
};

const run = (input: CommandInput, terminal: Terminal): Promise<number> => {
  const { diagnostics, sources, root } = loadFor(input, terminal);
  const shown = chosen(diagnostics, input.args, { root, cwd: terminal.cwd, sources });
  const formats: Readonly<Record<string, () => string>> = {
    json: () => json(toJson(shown, sources.size)),
    sarif: () =>
      json(toSarif(shown, { version: ownVersion(), kinds: lintKinds(terminal.connectors) })),
    github: () => toGithub(shown),
    text: () => findingsText(shown, sources, terminal),
  };
  const text = (
    formats[String(input.options['format'])] ?? (() => findingsText(shown, sources, terminal))
  )();
  if (text !== '') terminal.out(text);
  const { errors, warnings } = summaryOf(shown, sources.size);
  const fails = errors > 0 || (input.options['strict'] === true && warnings > 0);
  return Promise.resolve(fails ? exitCodes.findings : exitCodes.ok);
};

export const lint = defineCommand({
  name: 'lint',
  summary: 'check the project: all findings in one pass, before anything runs',
  arguments: [
    {
      syntax: '[files...]',
      summary: 'show only findings in these files or folders; the whole project is checked',
    },
  ],
  options: [
    ...layerOptions,
    {
      flags: '--format <format>',
      summary: 'how findings are written',
      default: 'text',
      choices: ['text', 'json', 'sarif', 'github'],
    },
    { flags: '--strict', summary: 'warnings end with code 1, too' },
  ],
  examples: [
    'lint',
    'lint pipelines/orders.yaml --strict',
    'lint --env prod --format sarif > findings.sarif',
  ],
  run,
});
