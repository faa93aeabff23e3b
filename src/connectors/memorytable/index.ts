/**
 * Tables in the memory of this process: a database for tests, demonstrations and rehearsed faults. The store is an
 * argument, so that two users of it in one process never meet; the connector of `all.ts` has one of its own.
 */
import { defineConnector, type Connector, type OptionFinding } from '../connector.js';
import { connectionRefused } from '../file-errors.js';
import { ledgerErrors } from '../ledger-errors.js';
import { loadErrors } from '../load-errors.js';
import { misplacedFault, tableFindings } from './diagnostics.js';
import { tableErrors } from './errors.js';
import {
  connectionOptions,
  sourceOptions,
  targetOptions,
  type TableConnection,
  type TableSourceOptions,
  type TableTargetOptions,
} from './options.js';
import { TableStore } from './store.js';

const checkConnection = ({ faults }: TableConnection): readonly OptionFinding[] =>
  faults.flatMap((fault, index) =>
    fault.do === 'lose-answer' && (fault.on === 'page' || fault.on === 'probe')
      ? [
          {
            path: ['faults', index, 'do'],
            kind: misplacedFault,
            message: `a ${fault.on} changes nothing: it cannot lose its answer`,
            fix: 'write fail or stall',
          },
        ]
      : [],
  );

const describe = (options: { readonly table_name?: string | undefined }): string =>
  `memorytable:${options.table_name ?? ''}`;

const examples = [
  {
    title: 'A table whose second page breaks once',
    yaml: [
      'resources:',
      '  rehearsal:',
      '    type: MemoryTableResource',
      '    config:',
      '      tables:',
      '        orders:',
      '          columns: { id: bigint, note: text }',
      '          primary_key: [id]',
      '          rows: [[1, first], [2, null]]',
      '      faults:',
      '        - { on: page, do: fail, at: 1 }',
    ].join('\n'),
  },
];

export const createMemoryTableConnector = (store: TableStore): Connector =>
  defineConnector<TableConnection, TableSourceOptions, TableTargetOptions>({
    kind: 'memorytable',
    type: 'MEMORYTABLE',
    title: 'Tables in memory',
    summary: 'Holds tables in this process by connection name, with declared faults',
    since: '0.2.0',
    stability: 'stable',
    connection: {
      types: ['MemoryTableResource'],
      options: connectionOptions,
      identity: () => ({ store: 'this process' }),
      check: checkConnection,
    },
    rowSource: {
      options: sourceOptions,
      capabilities: {
        writes: ['csv', 'jsonl'],
        resumes: 'key-pages',
        ceiling: 'open-transactions',
        cancelsQueries: true,
      },
      describe: (_connection, options) => describe(options),
      checkSql: () => 'tables in memory take no statements: name a table in table_name',
      open: async (connection, context) => {
        const database = store.database(context.connectionName);
        return (await import('./source.js')).openSource({ database, connection, context });
      },
    },
    rowTarget: {
      options: targetOptions,
      capabilities: {
        reads: ['csv', 'jsonl'],
        modes: ['append', 'upsert', 'replace'],
        publishes: 'transaction',
        cancelsQueries: true,
      },
      describe: (_connection, options) => describe(options),
      classifySql: () => ({ refused: 'tables in memory take no statements' }),
      open: async (connection, context) => {
        const database = store.database(context.connectionName);
        return (await import('./target.js')).openTarget({ database, connection, context });
      },
    },
    findings: tableFindings,
    errors: [...tableErrors, ...ledgerErrors, ...loadErrors, connectionRefused],
    examples,
    limits: [
      'Tables live in one process: another worker does not see them, and they end with it.',
      'Everything is held in memory; statements are not understood, only tables by name.',
    ],
  });

export const memorytable = createMemoryTableConnector(new TableStore());
