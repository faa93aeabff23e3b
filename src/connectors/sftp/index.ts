/** The SFTP connector: what it is called, takes and can do. Loads no driver. */
import { defineConnector } from '../connector.js';
import {
  folderFindings,
  checkFolderSource,
  folderCovers,
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
import { sftpFindings } from './diagnostics.js';
import { sftpErrors } from './errors.js';
import { checkSftpConnection, sftpConnectionOptions } from './options.js';

const example = `assets:
  - name: orders_files
    source:
      type: SFTP
      connection: partner
      configs: { path: /out, pattern: 'orders_.*\\.csv' }
    target:
      type: S3
      connection: lake
      configs: { prefix: raw/orders }
`;

export const sftp = defineConnector({
  kind: 'sftp',
  type: 'SFTP',
  title: 'SFTP',
  summary: 'Files on an SSH server: read with pipelined ranges, written by rename.',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['SFTPResource'],
    options: sftpConnectionOptions,
    identity: ({ host, port, username }) => ({ host, port: String(port), username }),
    check: checkSftpConnection,
  },
  load: () => import('./client.js'),
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
    describe: ({ host }, options) =>
      `sftp://${host}/${joinPath(plainPath(options.path).replace(/^\//, ''), options.file_name ?? options.pattern ?? '*')}`,
    covers: folderCovers,
    container: () => '',
    open: async (connection, context) =>
      (await import('./source.js')).openSource(connection, context),
  },
  target: {
    options: folderTargetOptions,
    capabilities: {
      accepts: 'bytes',
      publishes: 'rename',
      conditionalWrites: false,
      listsParts: false,
      reportsCrc32: false,
      partBytesMin: 1,
      partsMax: 1_000_000,
      keepsOrigin: false,
      copiesWithin: false,
      ledger: 'rename',
    },
    describe: ({ host }, options) =>
      `sftp://${host}/${joinPath(plainPath(options.path).replace(/^\//, ''), options.key ?? '')}`,
    address: (_connection, options, file) => ({
      container: '',
      key: folderTargetKey(options, file.relativePath),
    }),
    ledgerFolder: (_connection, { path }) => ({
      container: '',
      key: joinPath(plainPath(path), ledgerFolderName),
    }),
    open: async (connection, context) =>
      (await import('./target.js')).openTarget(connection, context),
  },
  findings: [...sftpFindings, ...folderFindings],
  errors: [...sftpErrors, ...ledgerErrors],
  examples: [{ title: 'Copy new files of a partner to S3', yaml: example }],
  limits: [
    'Version 3 of the protocol gives modification times in whole seconds: a file that is replaced by one of the same size within the same second is told apart only by the hash of both ends, which large files get.',
    'A rename over an existing file cannot be made conditional: what a foreign writer puts there between the last look and the rename, a few milliseconds later, is replaced.',
    'Servers without posix-rename@openssh.com replace a file in two steps, deletion and rename; between them the file is missing for a moment.',
    'Servers without fsync@openssh.com may lose acknowledged bytes when they lose power.',
    'Symbolic links inside a listed folder are left out; `path` itself may be one.',
    'A file counts as already copied by its size and modification time; the protocol keeps no checksum.',
    'What stands below `_tidemark/` at the top of a listed folder are ledgers: it is left out.',
    'Ledgers of rows stand in `_tidemark` below the `path` of the target: a path that changes from run to run finds no mark. They are compared and then renamed, so that only the workflow id of the asset keeps two runs apart.',
    'A discarded window leaves finished files where they are, because a file does not say which run wrote it; the next window with the same key replaces it.',
  ],
});
