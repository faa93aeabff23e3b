/**
 * The command line of `temporal server start-dev`.
 *
 * Two things differ from the defaults: timers fire within 50 ms instead of a second (short waits are most of what a
 * pipeline does on a developer's machine), and the server pushes cancels to workers. Neither is relied on.
 */
export type SearchAttributeName =
  'Bool' | 'Datetime' | 'Double' | 'Int' | 'Keyword' | 'KeywordList' | 'Text';

export interface ServerFlags {
  readonly ip: string;
  readonly port: number;
  /** Undefined: no Web UI. */
  readonly uiPort: number | undefined;
  /** Undefined: in memory. */
  readonly dbFilename: string | undefined;
  readonly namespace: string;
  readonly searchAttributes: Readonly<Record<string, SearchAttributeName>>;
  /** The text of `temporal server start-dev --help`: releases differ in what they know. */
  readonly help: string;
}

const dynamicConfig = [
  'history.timerProcessorMaxTimeShift="50ms"',
  'frontend.WorkerCommandsEnabled=true',
  'system.enableCancelActivityWorkerCommand=true',
] as const;

export const serverArguments = (flags: ServerFlags): readonly string[] => [
  ...['server', 'start-dev', '--ip', flags.ip, '--port', String(flags.port)],
  ...['--namespace', flags.namespace, '--log-level', 'warn'],
  ...(flags.uiPort === undefined ? ['--headless'] : ['--ui-port', String(flags.uiPort)]),
  ...(flags.dbFilename === undefined ? [] : ['--db-filename', flags.dbFilename]),
  ...Object.entries(flags.searchAttributes).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ]),
  ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
  ...(flags.help.includes('--ui-disable-news-fetch') ? ['--ui-disable-news-fetch'] : []),
];
