/** The connector of folders on the worker's own disk: what it is called, takes and can do. */
import { defineConnector } from '../connector.js';
import {
  checkFolderSource,
  folderCovers,
  folderFindings,
  folderItemFieldMistakes,
  folderItemFields,
  folderSourceOptions,
  folderTargetKey,
  folderTargetOptions,
  joinPath,
  plainPath,
} from '../folder-files.js';
import { ledgerErrors } from '../ledger-errors.js';
import { ledgerFolderName } from '../ledger-place.js';
import { localConnectionOptions, localErrors } from './options.js';

/** Paths of this connector begin at its root. */
const fromRoot = (path: string): string => `/${plainPath(path).replace(/^\//, '')}`;

const example = `assets:
  - name: orders_files
    source:
      type: LOCAL
      connection: disk
      configs: { path: out, pattern: 'orders_.*\\.csv' }
    target:
      type: S3
      connection: lake
      configs: { prefix: raw/orders }
`;

export const local = defineConnector({
  kind: 'local',
  type: 'LOCAL',
  title: 'Local folder',
  summary: 'Files below one folder of the machine that the worker runs on.',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['LocalResource'],
    options: localConnectionOptions,
    identity: ({ root }) => ({ root }),
  },
  source: {
    options: folderSourceOptions,
    capabilities: {
      reads: 'bytes',
      resumes: 'byte-offset',
      identity: 'size+time',
      watches: true,
      removes: true,
    },
    itemFields: folderItemFields,
    itemFieldMistakes: folderItemFieldMistakes,
    check: checkFolderSource,
    describe: ({ root }, options) =>
      `file://${root}${joinPath(fromRoot(options.path), options.file_name ?? options.pattern ?? '*')}`,
    covers: (options, file) => folderCovers({ ...options, path: fromRoot(options.path) }, file),
    container: () => '',
    open: async (connection, context) =>
      (await import('./source.js')).openSource(connection, context),
  },
  target: {
    options: folderTargetOptions,
    capabilities: {
      accepts: 'bytes',
      publishes: 'rename',
      conditionalWrites: true,
      listsParts: false,
      reportsCrc32: true,
      partBytesMin: 1,
      partsMax: 1_000_000,
      keepsOrigin: false,
      copiesWithin: false,
      ledger: 'rename',
    },
    describe: ({ root }, options) =>
      `file://${root}${joinPath(fromRoot(options.path), options.key ?? '')}`,
    address: (_connection, options, file) => ({
      container: '',
      key: fromRoot(folderTargetKey(options, file.relativePath)),
    }),
    ledgerFolder: (_connection, { path }) => ({
      container: '',
      key: joinPath(fromRoot(path), ledgerFolderName),
    }),
    open: async (connection, context) =>
      (await import('./target.js')).openTarget(connection, context),
  },
  findings: folderFindings,
  errors: [...localErrors, ...ledgerErrors],
  examples: [{ title: 'Copy new files of a folder to S3', yaml: example }],
  limits: [
    'The folder belongs to one machine: with several workers it must be a shared file system that knows link(2), rename(2) and fsync(2).',
    'Creating a file is atomic against every other writer. Replacing one is compared just before the rename: what a foreign writer puts there in between is replaced.',
    'Symbolic links inside a listed folder are left out; links that lead out of the root are refused.',
    'A file counts as already copied by its size and modification time in milliseconds.',
    'What stands below `_tidemark/` at the top of a listed folder are ledgers: it is left out.',
    'Ledgers of rows stand in `_tidemark` below the `path` of the target: a path that changes from run to run finds no mark. They are compared and then renamed, so that only the workflow id of the asset keeps two runs apart.',
    'A discarded window leaves finished files where they are, because a file does not say which run wrote it; the next window with the same key replaces it.',
  ],
});
