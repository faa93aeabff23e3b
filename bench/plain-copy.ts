/**
 * Our copy path without Temporal, as a program: reads, pumps and writes exactly like the activities, in one process
 * that starts, copies and ends. What a run through Temporal costs on top is the difference to this.
 */
import { connectors } from '../src/connectors/all.js';
import type { FileSource, FileTarget, OpenContext } from '../src/connectors/connector.js';
import type { FileIdentity, ObjectOrder } from '../src/core/plan/file.js';
import { identityDigest, unitOf } from '../src/planner/digests.js';
import { memoryBytesDefault } from '../src/runtime/worker/worker-settings.js';
import { copyBatch } from '../src/transfer/copy-batch.js';
import { copyParts } from '../src/transfer/copy-chunk.js';
import { MemoryBudget } from '../src/transfer/memory-budget.js';
import { partRanges } from '../src/transfer/parts.js';
import { TransferProgress } from '../src/transfer/transfer-progress.js';

const partBytes = 8 * 1024 * 1024;
const [line = 'near', kind = 'large'] = process.argv.slice(2);
const { env } = process;
const { signal } = new AbortController();

const context = (connectionName: string): OpenContext => ({
  connectionName,
  throttle: () => Promise.resolve(),
  log: () => undefined,
});

const openSource = async (): Promise<FileSource<unknown>> => {
  const declared = connectors.find((connector) => connector.kind === 'sftp');
  if (declared?.source === undefined) throw new Error('there is no SFTP source');
  const config = declared.connection.options.parse({
    host: '127.0.0.1',
    port: env[`BENCH_PORT_${line.toUpperCase()}`],
    username: env['BENCH_USER'],
    private_key: env['BENCH_KEY'],
    public_key: env['BENCH_HOST_KEY'],
  });
  return declared.source.open(config, context(line));
};

const openTarget = async (): Promise<FileTarget> => {
  const declared = connectors.find((connector) => connector.kind === 's3');
  if (declared?.target === undefined) throw new Error('there is no S3 target');
  const config = declared.connection.options.parse({
    endpoint_url: env['BENCH_S3'],
    access_key: env['BENCH_S3_ID'],
    secret_key: env['BENCH_S3_SECRET'],
    bucket_name: 'lake',
  });
  return declared.target.open(config, context('lake'));
};

const orderOf = (identity: FileIdentity): ObjectOrder => ({
  address: { container: 'lake', key: `${kind}/${identity.path.split('/').at(-1) ?? ''}` },
  unit: unitOf('bench', identity),
  copiedFrom: identityDigest(identity),
  size: identity.size,
  modified: identity.modified,
  expected: { absent: true },
});

const budget = new MemoryBudget(memoryBytesDefault);
const progress = new TransferProgress(Date.now);

const copyLarge = async (source: FileSource<unknown>, target: FileTarget): Promise<void> => {
  const found = await source.identify({}, `${env['BENCH_ROOT'] ?? ''}/large/large.bin`, signal);
  if (found === null) throw new Error('there is no file');
  const identity = await source.pin({}, found, signal);
  const upload = await target.openUpload(orderOf(identity), partBytes, Date.now(), signal);
  await using reader = await source.open({}, identity, signal);
  const count = Math.ceil(identity.size / partBytes);
  const parts = await copyParts(
    {
      reader,
      target,
      upload,
      parts: partRanges(identity.size, partBytes, 1, count),
      budget,
      progress,
      draining: signal,
      confirmed: () => undefined,
    },
    signal,
  );
  await reader.verify(signal);
  await target.complete(upload, parts, signal);
};

const copySmall = async (source: FileSource<unknown>, target: FileTarget): Promise<void> => {
  const options = { path: `${env['BENCH_ROOT'] ?? ''}/small-${line}`, recursive: false };
  const { files } = await source.list(options, null, 10_000, signal);
  await copyBatch(
    {
      source,
      options,
      target,
      files: files.map(({ identity }) => ({ source: identity, order: orderOf })),
      budget,
      progress,
      draining: signal,
      written: () => undefined,
    },
    signal,
  );
};

env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
await using source = await openSource();
await using target = await openTarget();
await (kind === 'large' ? copyLarge : copySmall)(source, target);
