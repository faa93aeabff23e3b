/** Connectors for the examples of rules: FILES (folders with names), OBJECTS (buckets with keys), TABLES (a database). */
import { z } from 'zod';
import { defineConnector, type Connector } from '../../connectors/connector.js';
import {
  connectionText,
  field,
  filePattern,
  itemText,
  predicate,
  runText,
  secretText,
} from '../../connectors/fields.js';
import { rowSourceFields, rowTargetFields } from '../../connectors/row-fields.js';
import type { SqlText } from '../../core/plan/rows.js';
import { fileFormatFields } from '../../formats/options.js';

const notOpened = (): Promise<never> => Promise.reject(new Error('samples are never opened'));

const sourceCapabilities = {
  reads: 'bytes',
  resumes: 'byte-offset',
  identity: 'etag',
  watches: true,
  removes: true,
} as const;

const targetCapabilities = {
  accepts: 'bytes',
  publishes: 'multipart',
  conditionalWrites: true,
  listsParts: true,
  reportsCrc32: true,
  partBytesMin: 1,
  partsMax: 100,
  keepsOrigin: true,
  copiesWithin: false,
  ledger: 'compare-and-swap',
} as const;

const files = defineConnector({
  kind: 'files',
  type: 'FILES',
  title: 'Files',
  summary: 'Folders with files',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['FilesResource'],
    options: z.strictObject({
      host: connectionText('Name of the server'),
      port: field(z.int(), { description: 'Port', template: 'connection' }).default(22),
      password: secretText('Password').optional(),
      strict: field(z.boolean(), { description: 'No template here' }).optional(),
    }),
    identity: ({ host }) => ({ host }),
  },
  source: {
    options: z.strictObject({
      path: runText('Folder'),
      pattern: filePattern('Pattern').optional(),
      file_name: runText('Exact name').optional(),
      predicate: predicate(),
      check_is_modifying: field(z.boolean(), { description: 'Leave out new files' }).optional(),
      compress_options: field(z.unknown(), {
        description: 'Compression',
        refused: 'Remove it.',
      }).optional(),
    }),
    capabilities: sourceCapabilities,
    itemFields: { file_name: 'Name', file_size: 'Bytes' },
    itemFieldMistakes: { object_name: 'file_name', size: 'file_size' },
    describe: (_connection, { path }) => path,
    covers: ({ path }, file) => file.path.startsWith(path),
    container: () => '',
    open: notOpened,
  },
  findings: [],
  errors: [],
  examples: [],
  limits: [],
});

const objectType = () => fileFormatFields.object_type.default('CSV');

const objects = defineConnector({
  kind: 'objects',
  type: 'OBJECTS',
  title: 'Objects',
  summary: 'Buckets with objects',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['ObjectsResource'],
    options: z.strictObject({ endpoint: connectionText('URL').optional() }),
    identity: () => ({ store: 'objects' }),
  },
  source: {
    options: z.strictObject({
      bucket_name: runText('Bucket'),
      key: runText('Exactly one object').optional(),
      prefix: runText('Folder').optional(),
      pattern: filePattern('Pattern').optional(),
      ...fileFormatFields,
      object_type: objectType(),
    }),
    capabilities: { ...sourceCapabilities, watches: false },
    itemFields: { object_name: 'Name', size: 'Bytes' },
    itemFieldMistakes: { file_name: 'object_name' },
    describe: (_connection, { bucket_name }) => bucket_name,
    covers: ({ prefix }, file) => file.path.startsWith(prefix ?? ''),
    container: (_connection, { bucket_name }) => bucket_name,
    open: notOpened,
  },
  target: {
    options: z.strictObject({
      bucket_name: runText('Bucket'),
      key: itemText('Key').optional(),
      prefix: itemText('Folder').optional(),
      ...fileFormatFields,
      object_type: objectType(),
    }),
    capabilities: targetCapabilities,
    describe: (_connection, { bucket_name }) => bucket_name,
    address: (_connection, { bucket_name, key, prefix }, { relativePath }) => ({
      container: bucket_name,
      key: key ?? [prefix ?? '', relativePath].filter((part) => part !== '').join('/'),
    }),
    ledgerFolder: (_connection, { bucket_name }) => ({ container: bucket_name, key: '_tidemark' }),
    open: notOpened,
  },
  findings: [],
  errors: [],
  examples: [],
  limits: [],
});

const emptiesTarget = /^\s*(?:truncate|delete\s+from)\b/i;

const words = (sql: SqlText): string =>
  sql.map((piece) => (typeof piece === 'string' ? piece : '?')).join('');

/** A database that refuses what most refuse. */
const tables = defineConnector({
  kind: 'tables',
  type: 'TABLES',
  title: 'Tables',
  summary: 'A database with tables',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['TablesResource'],
    options: z.strictObject({ host: connectionText('Name of the server') }),
    identity: ({ host }) => ({ host }),
  },
  rowSource: {
    options: z.strictObject(rowSourceFields),
    capabilities: {
      writes: ['csv', 'jsonl'],
      resumes: 'key-pages',
      ceiling: 'settle',
      cancelsQueries: true,
    },
    describe: (_connection, { table_name }) => table_name ?? 'query',
    checkSql: (sql) => (words(sql).includes(';') ? 'it holds several statements' : null),
    open: notOpened,
  },
  rowTarget: {
    options: z.strictObject(rowTargetFields),
    capabilities: {
      reads: ['csv', 'jsonl'],
      modes: ['append', 'upsert', 'replace'],
      publishes: 'transaction',
      cancelsQueries: true,
    },
    describe: (_connection, { table_name }) => table_name,
    classifySql: (sql) => {
      if (/^\s*vacuum\b/i.test(words(sql)))
        return { refused: 'VACUUM cannot run in a transaction' };
      return emptiesTarget.test(words(sql)) ? 'empties-target' : 'inside';
    },
    open: notOpened,
  },
  findings: [],
  errors: [],
  examples: [],
  limits: [],
});

export const sampleConnectors: readonly Connector[] = [files, objects, tables];

/** A project in memory. */
export const filesInMemory = (texts: Readonly<Record<string, string>>) => ({
  readFile: (path: string): string | undefined =>
    Object.hasOwn(texts, path) ? texts[path] : undefined,
  listFiles: (folder: string): readonly string[] =>
    Object.keys(texts).filter((path) => path.startsWith(`${folder}/`)),
});
