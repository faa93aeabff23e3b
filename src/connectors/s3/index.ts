/** The declaration of the S3 connector. It loads no driver: `open` does, on first use. */
import { defineConnector, type OptionFinding } from '../connector.js';
import {
  halfAKey,
  keyAndPattern,
  s3Findings,
  smallParts,
  unverifiedServer,
} from './diagnostics.js';
import { s3Errors } from './errors.js';
import { itemFieldMistakes, itemFields } from './item-fields.js';
import { addressOf, bucketOf, joinKey, ledgerFolderOf, selectionOf } from './keys.js';
import {
  connectionOptions,
  partBytesMin,
  partBytesOf,
  sourceOptions,
  targetOptions,
  type S3Connection,
  type S3SourceOptions,
  type S3TargetOptions,
} from './options.js';

const identity = (connection: S3Connection): Readonly<Record<string, string>> => ({
  endpoint: connection.endpoint_url ?? 'aws',
  region: connection.region_name,
  ...(connection.bucket_name === undefined ? {} : { bucket: connection.bucket_name }),
});

const checkConnection = (connection: S3Connection): readonly OptionFinding[] => {
  const { access_key, secret_key, verify } = connection;
  const findings: OptionFinding[] = [];
  if ((access_key === undefined) !== (secret_key === undefined)) {
    const [given, missing] =
      access_key === undefined ? ['secret_key', 'access_key'] : ['access_key', 'secret_key'];
    findings.push({
      path: [given],
      kind: halfAKey,
      message: `${given} is given without ${missing}`,
      fix: `give ${missing} too, or neither, to use the default chain of AWS`,
    });
  }
  if (!verify) {
    findings.push({
      path: ['verify'],
      kind: unverifiedServer,
      message: 'the certificate of the server is not checked',
      fix: 'add the certificate of its issuer to NODE_EXTRA_CA_CERTS and leave verify out',
    });
  }
  return findings;
};

const checkTarget = (options: S3TargetOptions): readonly OptionFinding[] => {
  const findings: OptionFinding[] = [];
  const partBytes = partBytesOf(options);
  if (partBytes !== undefined && partBytes < partBytesMin) {
    findings.push({
      path: ['part_size'],
      kind: smallParts,
      message: `part_size is ${String(partBytes)} bytes; S3 takes no parts below 5 MiB`,
      fix: 'write 5 MiB or more',
    });
  }
  return findings;
};

const checkSource = (options: S3SourceOptions): readonly OptionFinding[] =>
  options.key === undefined || options.pattern === undefined
    ? []
    : [
        {
          path: ['pattern'],
          kind: keyAndPattern,
          message: 'key names exactly one object; the pattern can only leave it out',
          fix: 'leave out `pattern`, or write `prefix` instead of `key`',
        },
      ];

const covers = (
  options: S3SourceOptions,
  file: { readonly container: string; readonly path: string },
): boolean => {
  const isSameBucket =
    options.bucket_name === undefined ||
    file.container === '' ||
    options.bucket_name === file.container;
  return isSameBucket && selectionOf(options).chooses(file.path);
};

const describeSource = (connection: S3Connection, options: S3SourceOptions): string => {
  const where = `s3://${bucketOf(connection, options)}/`;
  if (options.key !== undefined) return where + joinKey(options.prefix, options.key);
  const pattern = options.pattern === undefined ? '' : ` matching ${options.pattern}`;
  return `${where}${options.prefix}*${pattern}`;
};

const describeTarget = (connection: S3Connection, options: S3TargetOptions): string => {
  const where = `s3://${bucketOf(connection, options)}/`;
  if (options.key !== undefined) return where + joinKey(options.prefix, options.key);
  return `${where}${options.prefix}${options.prefix === '' || options.prefix.endsWith('/') ? '' : '/'}`;
};

export const s3 = defineConnector<S3Connection, S3SourceOptions, S3TargetOptions>({
  kind: 's3',
  type: 'S3',
  title: 'Amazon S3 and servers that speak its protocol',
  summary:
    'Reads objects in ranges and writes them as multipart uploads that resume on any worker; every write is conditional',
  since: '0.1.0',
  stability: 'stable',
  connection: {
    types: ['S3Resource', 'AWSResource'],
    options: connectionOptions,
    identity,
    check: checkConnection,
  },
  load: () => import('./client.js'),
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
    check: checkSource,
    describe: describeSource,
    covers,
    container: bucketOf,
    open: async (connection, context) =>
      (await import('./source.js')).openSource(connection, context),
  },
  target: {
    options: targetOptions,
    capabilities: {
      accepts: 'bytes',
      publishes: 'multipart',
      conditionalWrites: true,
      listsParts: true,
      reportsCrc32: true,
      partBytesMin,
      partsMax: 10_000,
      keepsOrigin: true,
      copiesWithin: true,
      ledger: 'compare-and-swap',
    },
    check: checkTarget,
    describe: describeTarget,
    address: (connection, options, { relativePath }) =>
      addressOf(connection, options, relativePath),
    ledgerFolder: ledgerFolderOf,
    open: async (connection, context) =>
      (await import('./target.js')).openTarget(connection, context),
  },
  findings: s3Findings,
  errors: s3Errors,
  examples: [
    {
      title: 'A bucket of AWS, with keys from the environment',
      yaml: [
        'resources:',
        '  lake:',
        '    type: S3Resource',
        '    config:',
        '      region_name: eu-west-1',
        '      access_key: "{{ env.LAKE_KEY }}"',
        '      secret_key: "{{ env.LAKE_SECRET }}"',
      ].join('\n'),
    },
    {
      title: 'MinIO or another server',
      yaml: [
        'resources:',
        '  store:',
        '    type: S3Resource',
        '    config:',
        '      endpoint_url: http://127.0.0.1:9000',
        '      bucket_name: incoming',
        '      access_key: "{{ env.STORE_KEY }}"',
        '      secret_key: "{{ env.STORE_SECRET }}"',
      ].join('\n'),
    },
  ],
  limits: [
    'Conditional writes need a server that honours If-None-Match and If-Match on PutObject and CompleteMultipartUpload (AWS since 2024); on one that ignores them two writers of one key may replace each other.',
    'Objects of one connection are copied by the server itself: up to 1 GiB in one step, larger ones in parts. A server that knows no condition for CopyObject may replace what another writer put there in that moment; parts are completed on condition everywhere.',
    'Files come in the order of the UTF-8 bytes of their keys, which is the order of S3 itself.',
    'Rights: s3:GetObject, s3:ListBucket, s3:PutObject, s3:AbortMultipartUpload, s3:ListMultipartUploadParts, s3:ListBucketMultipartUploads; for delete_source s3:DeleteObject.',
    'An upload of the same key that another program began after the run did, and that holds no parts yet, is taken for our own.',
    'When a window of rows is discarded, uploads of its keys go that the same principal began after the window was opened, whatever program began them, and its object is deleted if nobody replaced it; servers without conditional deletion do not see a writer between the look and the deletion.',
    'What stands below `_tidemark/` at the top of a listing are ledgers: it is left out, unless `key` names it. Ledgers stand at the top of the target bucket and need s3:GetObject and s3:PutObject there.',
  ],
});
