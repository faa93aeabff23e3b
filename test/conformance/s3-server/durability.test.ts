/** Our S3 server's folder: plain bytes, durable across restarts, never wrong data; and its faults on demand. */
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { metadataPath } from '../../../src/devstack/s3/folders.js';
import { ObjectStore } from '../../../src/devstack/s3/object-store.js';
import type { S3Fault } from '../../../src/devstack/s3/fault.js';
import type { S3ServerOptions } from '../../../src/devstack/s3/server.js';
import { type CheckContext, errorOf } from './check.js';
import { openUpload } from './multipart-checks.js';
import { bodyOf, put } from './object-checks.js';
import { openRaw } from './raw-request.js';
import { type OurServer, startOurs } from './ours.js';
import { independentClient } from './suite.js';

let root: string;
const open: { ours: OurServer; context: CheckContext }[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-s3-'));
});
afterEach(async () => {
  for (const started of open) await stop(started);
  open.length = 0;
  await rm(root, { recursive: true, force: true });
});

async function start(
  more: Partial<S3ServerOptions> = {},
): Promise<{ ours: OurServer; context: CheckContext }> {
  const ours = await startOurs({ root, buckets: ['bucket'], ...more });
  const started = {
    ours,
    context: { server: ours, client: independentClient(ours), bucket: 'bucket', place: 'p/' },
  };
  open.push(started);
  return started;
}

async function stop({ ours, context }: { ours: OurServer; context: CheckContext }): Promise<void> {
  context.client.destroy();
  await ours.close();
}

const sha256 = (body: Buffer): string => createHash('sha256').update(body).digest('hex');
const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

it('the bytes of an object are a plain file under its key, and nothing else is in the folder of the bucket', async () => {
  const { context } = await start();
  const body = randomBytes(100_000);
  await put(context, 'orders/2026/part 1.csv', body);
  expect(sha256(await readFile(join(root, 'bucket', 'orders/2026/part 1.csv')))).toBe(sha256(body));
  await put(context, 'orders', 'beside its own folder');
  expect(await filesOf('bucket')).toHaveLength(2);
});

it('objects, metadata and open uploads survive a restart', async () => {
  const first = await start();
  await put(first.context, 'a', 'bytes', { Metadata: { unit: '1' }, ContentType: 'text/csv' });
  await put(first.context, 'a/b', 'deeper');
  const upload = await openUpload(first.context, 'm');
  const part = await upload.part(1, Buffer.from('part'));
  await stop(first);
  const { context } = await start({
    accessKeyId: first.ours.accessKeyId,
    secretAccessKey: first.ours.secretAccessKey,
  });
  const got = await context.client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a' }));
  expect(await got.Body?.transformToString()).toBe('bytes');
  expect(got).toMatchObject({ Metadata: { unit: '1' }, ContentType: 'text/csv' });
  expect((await bodyOf(context, 'a/b')).toString()).toBe('deeper');
  expect((await context.client.send(new ListPartsCommand(upload.which))).Parts).toMatchObject([
    { ETag: part.ETag, Size: 4 },
  ]);
});

it('a change that was written down but not done is done at the next start, and incoming bytes are removed', async () => {
  const store = await ObjectStore.open(root);
  await store.createBucket('bucket');
  const record = {
    key: 'k',
    sizeBytes: 3,
    etag: 'e',
    lastModified: new Date().toISOString(),
    headers: {},
    path: 'k',
  };
  await writeFile(join(store.folders.incoming, 'staged'), 'abc');
  await writeFile(join(store.folders.incoming, 'half'), 'ab');
  await writeFile(
    join(store.folders.changes, 'c.json'),
    JSON.stringify({ change: 'put', bucket: 'bucket', staged: 'staged', record }),
  );
  const { context } = await start();
  expect((await bodyOf(context, 'k')).toString()).toBe('abc');
  expect(await filesOf('.tidemark-s3/incoming')).toEqual([]);
  expect(await filesOf('.tidemark-s3/changes')).toEqual([]);
});

it('a client that goes away in the middle of a put leaves no bytes anywhere', async () => {
  const { ours } = await start();
  const headers = { 'content-length': '1000000' };
  const outgoing = openRaw(ours, { method: 'PUT', target: '/bucket/a', headers });
  const ended = new Promise((resolve) => outgoing.once('error', resolve).once('close', resolve));
  await new Promise((resolve) => outgoing.write(randomBytes(400_000), resolve));
  await expect.poll(() => filesOf('.tidemark-s3/incoming')).toHaveLength(1);
  outgoing.destroy();
  await ended;
  await expect.poll(() => ours.server.facts().disconnects).toBe(1);
  expect(await filesOf('.tidemark-s3/incoming')).toEqual([]);
  expect(await filesOf('bucket')).toEqual([]);
});

it('deleted objects and aborted uploads leave no file and no folder', async () => {
  const { context } = await start();
  const { client } = context;
  await put(context, 'deep/er/a', 'x');
  await client.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'deep/er/a' }));
  const upload = await openUpload(context, 'm');
  await upload.part(1, Buffer.from('x'));
  await client.send(new AbortMultipartUploadCommand(upload.which));
  expect(await readdir(join(root, 'bucket'))).toEqual([]);
  expect(await filesOf('.tidemark-s3')).toEqual([]);
});

it('a damaged metadata file stops the start and is named', async () => {
  const first = await start();
  await put(first.context, 'a', 'bytes');
  await stop(first);
  const [name = ''] = await filesOf('.tidemark-s3/objects');
  const file = join(root, '.tidemark-s3/objects/bucket', name);
  await truncate(file, 10);
  await expect(start()).rejects.toThrow(`${file} is damaged`);
  await rename(file, `${file}.away`);
  await rm(`${file}.away`);
  await expect(start()).resolves.toBeDefined();
});

it('bytes that were changed behind the server are an error and never wrong data', async () => {
  const { context } = await start();
  await put(context, 'a', 'bytes');
  await truncate(join(root, 'bucket', 'a'), 2);
  expect(await errorOf(bodyOf(context, 'a'))).toBe('InternalError 500');
});

it('ten thousand keys are listed in pages', async () => {
  const store = await ObjectStore.open(root);
  await store.createBucket('bucket');
  // Metadata only, written as the server writes it: ten thousand puts would time the client and not the listing.
  for (let number = 0; number < 10_000; number += 1) {
    const key = `k/${number * 7919}`;
    const record = {
      key,
      path: key,
      sizeBytes: 0,
      etag: 'e',
      lastModified: new Date().toISOString(),
      headers: {},
    };
    const change = { change: 'put', bucket: 'bucket', staged: 'gone', record };
    await writeFile(metadataPath(store.folders, 'bucket', key), JSON.stringify(change));
  }
  const { context, ours } = await start();
  let keys = 0;
  for (let token: string | undefined, more = true; more;) {
    const page: { KeyCount?: number | undefined; NextContinuationToken?: string | undefined } =
      await context.client.send(
        new ListObjectsV2Command({
          Bucket: 'bucket',
          Prefix: 'k/',
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
    keys += page.KeyCount ?? 0;
    token = page.NextContinuationToken;
    more = token !== undefined;
  }
  expect(keys).toBe(10_000);
  expect(ours.server.facts()).toMatchObject({
    objects: 10_000,
    requests: { ListObjectsV2: 10 },
  });
});

it('faults on demand: refused, lost and cut answers, an error inside a 200', async () => {
  let fault: S3Fault | undefined;
  const { context, ours } = await start({ onRequest: () => fault });
  fault = { kind: 'refuse', code: 'SlowDown', message: 'Reduce your request rate.' };
  expect(await errorOf(put(context, 'a', 'x'))).toBe('SlowDown 503');
  fault = { kind: 'disconnect' };
  expect(await errorOf(put(context, 'a', 'x'))).toMatch(/without a status/);
  expect(ours.server.facts().objects).toBe(0);
  fault = { kind: 'lose-answer' };
  expect(await errorOf(put(context, 'a', randomBytes(100_000)))).toMatch(/without a status/);
  expect(ours.server.facts().objects).toBe(1);
  fault = { kind: 'cut-answer', afterBytes: 10 };
  expect(await errorOf(bodyOf(context, 'a'))).not.toBe('none');
  fault = undefined;
  const upload = await openUpload(context, 'm');
  const part = await upload.part(1, Buffer.from('x'));
  fault = {
    kind: 'error-in-ok',
    code: 'InternalError',
    message: 'We encountered an internal error.',
  };
  expect(await errorOf(upload.complete([part]))).toMatch(/InternalError/);
  fault = undefined;
  expect(
    await errorOf(
      context.client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'b', Body: '' })),
    ),
  ).toBe('none');
});
