/**
 * The contract of a command of `tidemark`: what it is called, what it takes, what it does. One file per command; the
 * list is `all.ts`. Commands print through their terminal and answer with an exit code; they never end the process.
 */
import type { Connector } from '../connectors/connector.js';

/** Where a command reads and writes; in tests, arrays instead of streams. */
export interface Terminal {
  /** Text for programs and people; a line break is added. */
  out(text: string): void;
  /** Notices and errors; a line break is added. */
  err(text: string): void;
  /** Colour and progress are only for people who look (NO_COLOR is honoured). */
  readonly color: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly connectors: readonly Connector[];
  /** Aborted by Ctrl-C, and by SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
}

export interface CommandInput {
  /** In the order of `arguments`; of a variadic argument every value. */
  readonly args: readonly string[];
  /** By camel-cased long name; repeatable options are lists of texts. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CommandOption {
  /** `--format <format>`; `[]` in front of a description of `repeatable` values is not needed. */
  readonly flags: string;
  readonly summary: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly repeatable?: boolean;
}

export interface CliCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** `[files...]`, `<name>`; with what they mean. */
  readonly arguments: readonly { readonly syntax: string; readonly summary: string }[];
  readonly options: readonly CommandOption[];
  /** Command lines that work, without the program's name; shown by `--help`. */
  readonly examples: readonly string[];
  /** Answers with an exit code; throws a TidemarkError for what stops it. */
  run(input: CommandInput, terminal: Terminal): Promise<number>;
}

/** Exit codes of design §10. */
export const exitCodes = {
  ok: 0,
  findings: 1,
  usage: 2,
  unreachable: 3,
  interrupted: 130,
} as const;

/** `--format text|json`, for every command whose answer a program may read. */
export const formatOption: CommandOption = {
  flags: '--format <format>',
  summary: 'how the answer is written',
  default: 'text',
  choices: ['text', 'json'],
};

/** `--env`, `--connections`: which layer of the project is meant. */
export const layerOptions: readonly CommandOption[] = [
  { flags: '--env <name>', summary: 'layer of connections and vars (default: $ENV, else dev)' },
  {
    flags: '--connections <file>',
    summary: 'more connections, over those of the project',
    repeatable: true,
  },
];

export const defineCommand = (command: CliCommand): CliCommand => Object.freeze(command);
