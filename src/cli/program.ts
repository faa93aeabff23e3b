/**
 * From an argument list to an exit code. The only file that knows the argument parser; everything that it refuses
 * ends with code 2, a TidemarkError with the code of its kind, anything else as a bug with code 1.
 */
import { Command, CommanderError, Option } from 'commander';
import { TidemarkError } from '../core/errors/error.js';
import { docsAnchor } from '../core/errors/render.js';
import { exitCodes, type CliCommand, type Terminal } from './command.js';
import { cliErrors } from './errors.js';
import { painter } from './paint.js';

const append = (value: string, before: unknown): readonly string[] => [
  ...(Array.isArray(before) ? (before as string[]) : []),
  value,
];

const addOptions = (command: Command, declared: CliCommand): void => {
  for (const { flags, summary, default: standard, choices, repeatable } of declared.options) {
    const option = new Option(flags, summary);
    if (standard !== undefined) option.default(standard);
    if (choices !== undefined) option.choices([...choices]);
    if (repeatable === true) option.argParser(append);
    command.addOption(option);
  }
};

const helpAfter = ({ examples }: CliCommand): string =>
  `\nExamples:\n${examples.map((line) => `  $ tidemark ${line}`).join('\n')}`;

const addCommand = (
  program: Command,
  declared: CliCommand,
  run: (code: Promise<number>) => void,
  terminal: Terminal,
): void => {
  const command = program.command(declared.name).description(declared.summary);
  for (const { syntax, summary } of declared.arguments) command.argument(syntax, summary);
  addOptions(command, declared);
  command.addOption(
    new Option('--project <dir>', 'folder of the project (default: found from here upwards)'),
  );
  command.addHelpText('after', helpAfter(declared));
  command.action(() => {
    run(declared.run({ args: command.args, options: command.opts() }, terminal));
  });
};

const unreachableCodes: ReadonlySet<string> = new Set([
  'connection/refused',
  'client/unreachable',
  'temporal/unreachable',
]);

/** Which exit code an error means. */
export const exitCodeOf = (error: unknown): number => {
  if (!(error instanceof TidemarkError)) return exitCodes.findings;
  if (cliErrors.includes(error.kind)) return exitCodes.usage;
  if (unreachableCodes.has(error.code) || error.code.endsWith('-unreachable'))
    return exitCodes.unreachable;
  return exitCodes.findings;
};

const report = (error: unknown, terminal: Terminal): void => {
  const paint = painter(terminal.color);
  if (error instanceof TidemarkError) {
    terminal.err(`${paint(`error[${error.code}]`, 'red')}: ${error.message}`);
    terminal.err(`   fix: ${error.fix}`);
    terminal.err(`   see ${docsAnchor(error.code)}`);
  } else {
    const message = error instanceof Error ? error.message : String(error);
    terminal.err(`${paint('error', 'red')}: ${message}`);
    terminal.err(
      '   This is a mistake in Tidemark; please report it. TIDEMARK_DEBUG=1 shows where it happened.',
    );
  }
  if (terminal.env['TIDEMARK_DEBUG'] && error instanceof Error) terminal.err(error.stack ?? '');
};

/** `argv` without the program's own name. Never throws and never ends the process. */
export const runProgram = async (
  argv: readonly string[],
  known: { readonly commands: readonly CliCommand[]; readonly version: string },
  terminal: Terminal,
): Promise<number> => {
  let running: Promise<number> | null = null;
  const program = new Command('tidemark');
  program
    .description('YAML-declared data pipelines on Temporal')
    .version(known.version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
    });
  program.addHelpText(
    'after',
    '\nExamples:\n  $ tidemark lint\n  $ tidemark explain orders_job --sample',
  );
  // Sub-commands copy the settings above when they are added, so they come last.
  const keep = (code: Promise<number>): void => {
    running = code;
  };
  for (const command of known.commands) addCommand(program, command, keep, terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return (await (running as Promise<number> | null)) ?? exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (terminal.signal.aborted) return exitCodes.interrupted;
    report(error, terminal);
    return exitCodeOf(error);
  }
};
