/** docs/reference/cli.md: every command with its arguments, options and examples, from the list of commands. */
import { commands } from '../../src/cli/all.js';
import { exitCodes, type CliCommand, type CommandOption } from '../../src/cli/command.js';
import { code, fenced, generated, table } from './markdown.js';

const optionRow = ({ flags, summary, default: standard, choices, repeatable }: CommandOption) => [
  code(flags),
  [
    summary,
    ...(choices === undefined ? [] : [`one of ${choices.map(code).join(', ')}`]),
    ...(standard === undefined ? [] : [`default ${code(standard)}`]),
    ...(repeatable === true ? ['may be given several times'] : []),
  ].join('; '),
];

const part = ({ name, summary, arguments: args, options, examples }: CliCommand) => [
  `## tidemark ${name}`,
  '',
  `\`tidemark ${[name, ...args.map(({ syntax }) => syntax), ...(options.length === 0 ? [] : ['[options]'])].join(' ')}\``,
  '',
  `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`,
  '',
  ...(args.length + options.length === 0
    ? []
    : table(
        ['argument or option', 'meaning'],
        [...args.map((arg) => [code(arg.syntax), arg.summary]), ...options.map(optionRow)],
      )),
  ...fenced('sh', examples.map((line) => `tidemark ${line}`).join('\n')),
];

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'fine; warnings are allowed',
  findings: 'findings, or a run that failed',
  usage: 'wrong usage',
  unreachable: 'a server could not be reached',
  interrupted: 'interrupted',
};

export const cliPage = (): string =>
  [
    '# Command line',
    '',
    generated,
    'Every command works from any folder inside a project, or with `--project <dir>`. Colour and progress are only for terminals;',
    '`NO_COLOR` is respected.',
    '',
    ...table(
      ['exit code', 'meaning'],
      Object.entries(exitCodes).map(([name, value]) => [
        String(value),
        meanings[name as keyof typeof exitCodes],
      ]),
    ),
    ...commands.flatMap(part),
  ].join('\n');
