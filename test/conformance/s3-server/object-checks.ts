/** Checks of single objects: put, get, ranges, conditions, metadata, checksums, delete. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { type Check, type CheckContext, errorOf } from './check.js';
import { openRaw, sendRaw } from './raw-request.js';

export const md5Hex = (body: Buffer): string => createHash('md5').update(body).digest('hex');

export function crc32Base64(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

export async function put(
  { client, bucket }: CheckContext,
  key: string,
  body: Buffer | string,
  more = {},
): Promise<string> {
  const { ETag } = await client.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...more }),
  );
  return ETag ?? '';
}

export async function bodyOf(
  { client, bucket }: CheckContext,
  key: string,
  more = {},
): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

export const objectChecks: readonly Check[] = [
  {
    number: 1,
    title: 'a created bucket is there and is listed; creating it again says whose it is',
    run: async ({ client, bucket }) => {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      const { Buckets } = await client.send(new ListBucketsCommand({}));
      expect(Buckets?.map(({ Name }) => Name)).toContain(bucket);
      expect(await errorOf(client.send(new CreateBucketCommand({ Bucket: bucket })))).toBe(
        'BucketAlreadyOwnedByYou 409',
      );
      expect(await errorOf(client.send(new CreateBucketCommand({ Bucket: 'Not_A_Name' })))).toBe(
        'InvalidBucketName 400',
      );
    },
  },
  {
    number: 2,
    title: 'a put answers the MD5 as ETag and echoes the CRC32 that the SDK computed',
    run: async ({ client, bucket, place }) => {
      const body = randomBytes(100_000);
      const answer = await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: `${place}a`, Body: body }),
      );
      expect(answer.ETag).toBe(`"${md5Hex(body)}"`);
      expect(answer.ChecksumCRC32).toBe(crc32Base64(body));
    },
  },
  {
    number: 3,
    title: 'a get returns exactly the bytes that were put, also none and three megabytes',
    run: async (context) => {
      for (const size of [0, 1, 65_536, 3_000_000]) {
        const body = randomBytes(size);
        await put(context, `${context.place}${size}`, body);
        expect((await bodyOf(context, `${context.place}${size}`)).equals(body)).toBe(true);
      }
    },
  },
  {
    title: 'a stream with a known length and an unsigned payload arrives exactly',
    run: async (context) => {
      const body = randomBytes(300_000);
      const stream = Readable.from([body.subarray(0, 100_000), body.subarray(100_000)]);
      const command = new PutObjectCommand({
        Bucket: context.bucket,
        Key: `${context.place}s`,
        Body: stream,
        ContentLength: body.length,
      });
      const { endpoint, region, accessKeyId, secretAccessKey } = context.server;
      const plain = new S3Client({
        endpoint,
        region,
        credentials: { accessKeyId, secretAccessKey },
        forcePathStyle: true,
        maxAttempts: 1,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      await plain.send(command);
      plain.destroy();
      expect((await bodyOf(context, `${context.place}s`)).equals(body)).toBe(true);
    },
  },
  {
    number: 5,
    title: 'get and head with checksum mode return the CRC32 of a put, without it they do not',
    run: async (context) => {
      const { client, bucket, place } = context;
      const body = randomBytes(1_000);
      await put(context, `${place}a`, body);
      const which = { Bucket: bucket, Key: `${place}a`, ChecksumMode: 'ENABLED' as const };
      expect((await client.send(new HeadObjectCommand(which))).ChecksumCRC32).toBe(
        crc32Base64(body),
      );
      const got = await client.send(new GetObjectCommand(which));
      await got.Body?.transformToByteArray();
      expect(got.ChecksumCRC32).toBe(crc32Base64(body));
      const bare = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${place}a` }));
      expect(bare.ChecksumCRC32).toBeUndefined();
    },
  },
  {
    number: 6,
    title: 'a body that is not the one of x-amz-content-sha256 is refused and not stored',
    run: async (context) => {
      const target = `/${context.bucket}/${context.place}a`;
      const contentSha256 = createHash('sha256').update('another body').digest('hex');
      const answer = await sendRaw(context.server, {
        method: 'PUT',
        target,
        body: Buffer.from('a body'),
        contentSha256,
      });
      expect(`${answer.code} ${answer.status}`).toBe('XAmzContentSHA256Mismatch 400');
      expect(await errorOf(bodyOf(context, `${context.place}a`))).toBe('NoSuchKey 404');
    },
  },
  {
    number: 7,
    title: 'a wrong Content-MD5 is BadDigest and stores nothing',
    run: async (context) => {
      const wrong = createHash('md5').update('another').digest('base64');
      expect(
        await errorOf(put(context, `${context.place}a`, 'a body', { ContentMD5: wrong })),
      ).toBe('BadDigest 400');
      expect(await errorOf(bodyOf(context, `${context.place}a`))).toBe('NoSuchKey 404');
      expect(
        await errorOf(put(context, `${context.place}a`, 'a body', { ContentMD5: 'short' })),
      ).toBe('InvalidDigest 400');
    },
  },
  {
    title: 'a wrong x-amz-checksum-crc32 is BadDigest and stores nothing',
    run: async (context) => {
      const wrong = crc32Base64(Buffer.from('another'));
      expect(
        await errorOf(put(context, `${context.place}a`, 'a body', { ChecksumCRC32: wrong })),
      ).toBe('BadDigest 400');
      expect(await errorOf(bodyOf(context, `${context.place}a`))).toBe('NoSuchKey 404');
    },
  },
  {
    number: 8,
    title: 'a range is an exact slice with 206, and one outside the object is 416',
    run: async (context) => {
      const { client, bucket, place } = context;
      await put(context, `${place}a`, '0123456789');
      const slices = {
        'bytes=1-3': '123',
        'bytes=7-': '789',
        'bytes=-2': '89',
        'bytes=8-100': '89',
      };
      for (const [Range, expected] of Object.entries(slices)) {
        const answer = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: `${place}a`, Range }),
        );
        expect(await answer.Body?.transformToString()).toBe(expected);
        expect(answer.$metadata.httpStatusCode).toBe(206);
        expect(answer.ContentRange).toMatch(/^bytes \d-9\/10$|^bytes 1-3\/10$/);
      }
      expect(await errorOf(bodyOf(context, `${place}a`, { Range: 'bytes=10-12' }))).toBe(
        'InvalidRange 416',
      );
    },
  },
  {
    number: 9,
    title: 'a get with another If-Match is 412, with the If-None-Match it has 304',
    run: async (context) => {
      const key = `${context.place}a`;
      const etag = await put(context, key, 'x');
      expect((await bodyOf(context, key, { IfMatch: etag })).toString()).toBe('x');
      expect(await errorOf(bodyOf(context, key, { IfMatch: `"${'0'.repeat(32)}"` }))).toBe(
        'PreconditionFailed 412',
      );
      expect(await errorOf(bodyOf(context, key, { IfNoneMatch: etag }))).toMatch(/304$/);
    },
  },
  {
    number: 10,
    title: 'If-None-Match: * is accepted on a new key and 412 on an existing one, whose bytes stay',
    run: async (context) => {
      const key = `${context.place}a`;
      await put(context, key, 'first', { IfNoneMatch: '*' });
      expect(await errorOf(put(context, key, 'second', { IfNoneMatch: '*' }))).toBe(
        'PreconditionFailed 412',
      );
      expect((await bodyOf(context, key)).toString()).toBe('first');
    },
  },
  {
    number: 12,
    title: 'If-Match replaces only the version it names, and on an absent key is 404',
    run: async (context) => {
      const key = `${context.place}a`;
      const etag = await put(context, key, 'first');
      expect(await errorOf(put(context, key, 'no', { IfMatch: `"${'0'.repeat(32)}"` }))).toBe(
        'PreconditionFailed 412',
      );
      await put(context, key, 'second', { IfMatch: etag });
      expect(await errorOf(put(context, key, 'third', { IfMatch: etag }))).toBe(
        'PreconditionFailed 412',
      );
      expect((await bodyOf(context, key)).toString()).toBe('second');
      expect(await errorOf(put(context, `${key}-absent`, 'no', { IfMatch: etag }))).toBe(
        'NoSuchKey 404',
      );
    },
  },
  {
    title: 'of twenty concurrent creates with If-None-Match: * exactly one wins',
    run: async (context) => {
      const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
      const outcomes = await Promise.all(
        bodies.map((body) =>
          errorOf(put(context, `${context.place}a`, body, { IfNoneMatch: '*' })),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'none')).toHaveLength(1);
      expect((await bodyOf(context, `${context.place}a`)).toString()).toBe(
        bodies[outcomes.indexOf('none')],
      );
    },
  },
  {
    number: 13,
    title: 'head returns size, ETag, user metadata, content type and a Last-Modified of now',
    run: async (context) => {
      const { client, bucket, place } = context;
      const more = {
        Metadata: { 'tidemark-unit': 'w1/u 2' },
        ContentType: 'text/csv',
        ContentEncoding: 'gzip',
      };
      const etag = await put(context, `${place}a`, 'abc', more);
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${place}a` }));
      expect(head).toMatchObject({ ...more, ContentLength: 3, ETag: etag });
      expect(Math.abs(Date.now() - (head.LastModified?.getTime() ?? 0))).toBeLessThan(10_000);
    },
  },
  {
    title: 'an overwrite replaces bytes and metadata together',
    run: async (context) => {
      const { client, bucket, place } = context;
      await put(context, `${place}a`, 'long body', {
        Metadata: { old: 'yes' },
        ContentType: 'text/csv',
      });
      const etag = await put(context, `${place}a`, 'new');
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${place}a` }));
      expect(head).toMatchObject({ ContentLength: 3, ETag: etag, Metadata: {} });
      expect((await bodyOf(context, `${place}a`)).toString()).toBe('new');
    },
  },
  {
    title: 'a deleted object is gone, and deleting what is not there is no error',
    run: async (context) => {
      const { client, bucket, place } = context;
      await put(context, `${place}a/b/c`, 'x');
      for (let time = 0; time < 2; time += 1) {
        const { $metadata } = await client.send(
          new DeleteObjectCommand({ Bucket: bucket, Key: `${place}a/b/c` }),
        );
        expect($metadata.httpStatusCode).toBe(204);
      }
      expect(await errorOf(bodyOf(context, `${place}a/b/c`))).toBe('NoSuchKey 404');
    },
  },
  {
    title:
      "keys that are each other's folder, dots, doubled slashes and 1,024 bytes are keys of their own",
    run: async (context) => {
      const place = context.place;
      const long = `${place}${'l'.repeat(1024 - place.length)}`;
      const keys = [
        'a',
        'a/b',
        'a/b/c',
        'A',
        'a//b',
        'a/./b',
        'a/../b',
        'a%2Fb',
        'e/',
        ' x ',
        'x.',
        '%~',
        '日本',
      ].map((key) => place + key);
      for (const key of [...keys, long]) await put(context, key, key);
      for (const key of [...keys, long]) expect((await bodyOf(context, key)).toString()).toBe(key);
      expect(await errorOf(put(context, `${long}x`, 'x'))).toBe('KeyTooLongError 400');
    },
  },
  {
    number: 34,
    title: 'errors have their documented codes: NoSuchKey, NoSuchBucket, 404 of head',
    run: async (context) => {
      const { client } = context;
      const absent = { Bucket: 'no-such-bucket-here', Key: 'a' };
      expect(await errorOf(bodyOf(context, `${context.place}absent`))).toBe('NoSuchKey 404');
      expect(await errorOf(client.send(new GetObjectCommand(absent)))).toBe('NoSuchBucket 404');
      expect(await errorOf(client.send(new PutObjectCommand({ ...absent, Body: 'x' })))).toBe(
        'NoSuchBucket 404',
      );
      expect(
        await errorOf(client.send(new HeadObjectCommand({ ...absent, Bucket: context.bucket }))),
      ).toBe('NotFound 404');
      expect(await errorOf(client.send(new HeadBucketCommand({ Bucket: absent.Bucket })))).toBe(
        'NotFound 404',
      );
    },
  },
  {
    title: 'a put whose client goes away in the middle changes nothing',
    run: async (context) => {
      const key = `${context.place}a`;
      await put(context, key, 'before');
      const outgoing = openRaw(context.server, {
        method: 'PUT',
        target: `/${context.bucket}/${key}`,
        headers: { 'content-length': '1000000' },
      });
      const ended = new Promise((resolve) =>
        outgoing.once('error', resolve).once('close', resolve),
      );
      await new Promise((resolve) => outgoing.write(randomBytes(400_000), resolve));
      outgoing.destroy();
      await ended;
      await sleep(300);
      expect((await bodyOf(context, key)).toString()).toBe('before');
    },
  },
  {
    title: 'a body without a length is MissingContentLength',
    run: async ({ server, bucket, place }) => {
      const target = `/${bucket}/${place}a`;
      const chunked = await sendRaw(server, {
        method: 'PUT',
        target,
        headers: { 'transfer-encoding': 'chunked' },
      });
      expect(`${chunked.code} ${chunked.status}`).toBe('MissingContentLength 411');
    },
  },
  {
    title: 'a body of more than 5 GiB is refused before it is sent',
    run: async ({ server, bucket, place }) => {
      const target = `/${bucket}/${place}a`;
      const large = openRaw(server, {
        method: 'PUT',
        target,
        headers: { 'content-length': String(5 * 1024 ** 3 + 1), expect: '100-continue' },
      });
      const status = await new Promise((resolve, reject) => {
        large
          .once('response', (response) => resolve(response.statusCode))
          .once('continue', () => resolve('asked for the body'));
        large.once('error', reject).flushHeaders();
      });
      large.on('error', () => undefined).destroy();
      expect(status).toBe(400);
    },
  },
];
