/**
 * Files in the memory of this process: a full connector for tests, demonstrations and rehearsed faults. The store
 * is an argument, so that two users of it in one process never meet; the connector of `all.ts` has one of its own.
 */
import type { TargetCapabilities } from '../capabilities.js';
import { defineConnector, type Connector, type OptionFinding } from '../connector.js';
import { fileErrors } from '../file-errors.js';
import { ledgerErrors } from '../ledger-errors.js';
import { ledgerFolderName } from '../ledger-place.js';
import { memoryFindings, misplacedFault } from './diagnostics.js';
import { itemFieldMistakes, itemFields } from './item-fields.js';
import {
  connectionOptions,
  sourceOptions,
  targetOptions,
  type MemoryConnection,
  type MemorySourceOptions,
  type MemoryTargetOptions,
} from './options.js';
import { addressOf, chooser, joinPath } from './paths.js';
import { MemoryStore } from './store.js';

const misplaced: Readonly<Record<string, string>> = {
  'write/truncate': 'a write is conditional and whole; write fail, stall or duplicate',
  'read/duplicate': 'a range is read by position; write fail, stall or truncate',
  'list/truncate': 'a listing ends where its files end; write fail, stall or duplicate',
};

const checkConnection = (connection: MemoryConnection): readonly OptionFinding[] =>
  connection.faults.flatMap((fault, index) => {
    const fix = misplaced[`${fault.on}/${fault.do}`];
    if (fix === undefined) return [];
    const message = `a ${fault.on} cannot suffer "${fault.do}"`;
    const path = ['faults', index, 'do'];
    return [{ path, kind: misplacedFault, message, fix }];
  });

const describe = (options: { readonly prefix: string; readonly key?: string | undefined }) =>
  `memory:/${options.key === undefined ? `${options.prefix}*` : joinPath(options.prefix, options.key)}`;

const targetCapabilities: TargetCapabilities = {
  accepts: 'bytes',
  publishes: 'multipart',
  conditionalWrites: true,
  listsParts: true,
  reportsCrc32: true,
  partBytesMin: 1,
  partsMax: 10_000,
  keepsOrigin: true,
  copiesWithin: false,
  ledger: 'compare-and-swap',
};

const examples = [
  {
    title: 'Three files, the second of which breaks once in the middle',
    yaml: [
      'resources:',
      '  rehearsal:',
      '    type: MemoryResource',
      '    config:',
      '      files: { a.csv: "id\\n1\\n", b.csv: "id\\n2\\n", c.csv: "id\\n3\\n" }',
      '      faults:',
      '        - { on: read, do: fail, path: b.csv, at: 3 }',
    ].join('\n'),
  },
];

export const createMemoryConnector = (store: MemoryStore): Connector =>
  defineConnector<MemoryConnection, MemorySourceOptions, MemoryTargetOptions>({
    kind: 'memory',
    type: 'MEMORY',
    title: 'Files in memory',
    summary: 'Holds files in this process by connection name, with declared faults and data sets',
    since: '0.1.0',
    stability: 'stable',
    connection: {
      types: ['MemoryResource'],
      options: connectionOptions,
      identity: (connection) => ({
        store: 'this process',
        ...(connection.data_set === undefined ? {} : { data_set: connection.data_set }),
      }),
      check: checkConnection,
    },
    source: {
      options: sourceOptions,
      capabilities: {
        reads: 'bytes',
        resumes: 'byte-offset',
        identity: 'etag',
        watches: true,
        removes: true,
      },
      itemFields,
      itemFieldMistakes,
      describe: (_connection, options) => describe(options),
      covers: (options, file) => chooser(options)(file.path),
      container: () => '',
      open: async (connection, context) => {
        const folder = store.folder(context.connectionName);
        return (await import('./source.js')).openSource({ folder, connection, context });
      },
    },
    target: {
      options: targetOptions,
      capabilities: targetCapabilities,
      describe: (_connection, options) => describe(options),
      address: (_connection, options, { relativePath }) => addressOf(options, relativePath),
      ledgerFolder: () => ({ container: '', key: ledgerFolderName }),
      open: async (connection, context) => {
        const folder = store.folder(context.connectionName);
        return (await import('./target.js')).openTarget({ folder, connection, context });
      },
    },
    findings: memoryFindings,
    errors: [...fileErrors, ...ledgerErrors],
    examples,
    limits: [
      'Files live in one process: another worker does not see them, and they end with it.',
      'Everything is held in memory; the sum of the files must fit.',
      'What stands below `_tidemark/` at the top of a listing are ledgers: it is left out, unless `key` names it.',
    ],
  });

export const memory = createMemoryConnector(new MemoryStore());
