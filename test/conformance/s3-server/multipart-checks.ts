/** Checks of multipart uploads without declared checksums. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Check, type CheckContext, errorOf } from './check.js';
import { bodyOf, md5Hex, put } from './object-checks.js';
import { openRaw, sendRaw } from './raw-request.js';

export const fiveMebibytes = 5 * 1024 ** 2;

/** An open upload of one key, with the commands that the checks send to it. */
export interface TestUpload {
  readonly id: string;
  readonly which: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
  part(number: number, body: Buffer, more?: object): Promise<CompletedPart>;
  complete(
    parts: readonly CompletedPart[],
    more?: object,
  ): Promise<{ ETag?: string | undefined; ChecksumCRC32?: string | undefined }>;
}

export async function openUpload(
  { client, bucket }: CheckContext,
  key: string,
  more = {},
): Promise<TestUpload> {
  const { UploadId: id = '' } = await client.send(
    new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ...more }),
  );
  const which = { Bucket: bucket, Key: key, UploadId: id };
  return {
    id,
    which,
    part: async (number, body, partMore = {}) => {
      const answer = await client.send(
        new UploadPartCommand({ ...which, PartNumber: number, Body: body, ...partMore }),
      );
      // A completion names checksums only where the upload was created with an algorithm.
      const checksum = 'ChecksumAlgorithm' in more ? { ChecksumCRC32: answer.ChecksumCRC32 } : {};
      return { PartNumber: number, ETag: answer.ETag, ...checksum };
    },
    complete: async (parts, completeMore = {}) =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...which,
          MultipartUpload: { Parts: [...parts] },
          ...completeMore,
        }),
      ),
  };
}

export const multipartChecks: readonly Check[] = [
  {
    number: 15,
    title:
      'parts answer their MD5, are invisible until completion, and become one exact object (also 14, 16-18, 20)',
    run: async (context) => {
      const { client, bucket, place } = context;
      const key = `${place}a`;
      const bodies = [randomBytes(fiveMebibytes), randomBytes(1_234)];
      const upload = await openUpload(context, key, {
        Metadata: { 'tidemark-unit': 'u1' },
        ContentType: 'text/csv',
      });
      const parts = [
        await upload.part(1, bodies[0] as Buffer),
        await upload.part(2, bodies[1] as Buffer),
      ];
      expect(parts.map(({ ETag }) => ETag)).toEqual(bodies.map((body) => `"${md5Hex(body)}"`));
      const listed = await client.send(new ListPartsCommand(upload.which));
      expect(listed.Parts?.map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag])).toEqual(
        bodies.map((body, index) => [index + 1, body.length, `"${md5Hex(body)}"`]),
      );
      const { Uploads } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }),
      );
      expect(Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([[key, upload.id]]);
      expect(Math.abs(Date.now() - (Uploads?.[0]?.Initiated?.getTime() ?? 0))).toBeLessThan(10_000);
      expect(await errorOf(bodyOf(context, key))).toBe('NoSuchKey 404');
      const md5s = Buffer.concat(bodies.map((body) => createHash('md5').update(body).digest()));
      expect((await upload.complete(parts)).ETag).toBe(`"${md5Hex(md5s)}-2"`);
      expect((await bodyOf(context, key)).equals(Buffer.concat(bodies))).toBe(true);
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      expect(head).toMatchObject({
        Metadata: { 'tidemark-unit': 'u1' },
        ContentType: 'text/csv',
        ETag: `"${md5Hex(md5s)}-2"`,
      });
    },
  },
  {
    title: 'after a completion the upload is gone: not listed, NoSuchUpload for parts and lists',
    run: async (context) => {
      const { client, bucket, place } = context;
      const upload = await openUpload(context, `${place}a`);
      await upload.complete([await upload.part(1, Buffer.from('x'))]);
      const { Uploads } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: place }),
      );
      expect(Uploads ?? []).toEqual([]);
      expect(await errorOf(client.send(new ListPartsCommand(upload.which)))).toBe(
        'NoSuchUpload 404',
      );
      expect(await errorOf(upload.part(2, Buffer.from('y')))).toBe('NoSuchUpload 404');
    },
  },
  {
    number: 19,
    title:
      'a completion with a wrong ETag, a missing part or parts out of order is refused; the upload stays open',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      const one = await upload.part(1, randomBytes(fiveMebibytes));
      const two = await upload.part(2, randomBytes(fiveMebibytes));
      expect(await errorOf(upload.complete([{ ...one, ETag: `"${'0'.repeat(32)}"` }, two]))).toBe(
        'InvalidPart 400',
      );
      expect(await errorOf(upload.complete([one, { ...two, PartNumber: 3 }]))).toBe(
        'InvalidPart 400',
      );
      expect(await errorOf(upload.complete([two, one]))).toBe('InvalidPartOrder 400');
      expect(await errorOf(bodyOf(context, `${context.place}a`))).toBe('NoSuchKey 404');
      await upload.complete([one, two]);
    },
  },
  {
    title: 'only the parts that the completion lists are in the object',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      await upload.part(1, Buffer.from('not listed'));
      const two = await upload.part(2, Buffer.from('listed'));
      await upload.complete([two]);
      expect((await bodyOf(context, `${context.place}a`)).toString()).toBe('listed');
    },
  },
  {
    title: 'a part that is sent again replaces the first',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      const first = await upload.part(1, Buffer.from('first'));
      const second = await upload.part(1, Buffer.from('second'));
      expect(await errorOf(upload.complete([first]))).toBe('InvalidPart 400');
      await upload.complete([second]);
      expect((await bodyOf(context, `${context.place}a`)).toString()).toBe('second');
    },
  },
  {
    number: 21,
    title: 'a completion with If-None-Match: * on an existing key is 412, on a new one it creates',
    run: async (context) => {
      const key = `${context.place}a`;
      const upload = await openUpload(context, key);
      const part = await upload.part(1, Buffer.from('multipart'));
      await put(context, key, 'was here');
      expect(await errorOf(upload.complete([part], { IfNoneMatch: '*' }))).toBe(
        'PreconditionFailed 412',
      );
      expect((await bodyOf(context, key)).toString()).toBe('was here');
      const other = await openUpload(context, `${key}-new`);
      await other.complete([await other.part(1, Buffer.from('new'))], { IfNoneMatch: '*' });
      expect((await bodyOf(context, `${key}-new`)).toString()).toBe('new');
    },
  },
  {
    title: 'a completion with If-Match replaces only the version it names',
    run: async (context) => {
      const key = `${context.place}a`;
      const etag = await put(context, key, 'old');
      const upload = await openUpload(context, key);
      const part = await upload.part(1, Buffer.from('new'));
      expect(await errorOf(upload.complete([part], { IfMatch: `"${'0'.repeat(32)}"` }))).toBe(
        'PreconditionFailed 412',
      );
      await upload.complete([part], { IfMatch: etag });
      expect((await bodyOf(context, key)).toString()).toBe('new');
    },
  },
  {
    title:
      'of eight concurrent completions with If-None-Match: * exactly one wins, and its bytes are whole',
    run: async (context) => {
      const key = `${context.place}a`;
      const uploads = await Promise.all(Array.from({ length: 8 }, () => openUpload(context, key)));
      const parts = await Promise.all(
        uploads.map((upload, index) => upload.part(1, Buffer.from(`upload ${index}`))),
      );
      const outcomes = await Promise.all(
        uploads.map((upload, index) =>
          errorOf(upload.complete([parts[index] as CompletedPart], { IfNoneMatch: '*' })),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'none')).toHaveLength(1);
      expect((await bodyOf(context, key)).toString()).toBe(`upload ${outcomes.indexOf('none')}`);
    },
  },
  {
    number: 22,
    title: 'a small part that is not the last is EntityTooSmall',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      const parts = [
        await upload.part(1, randomBytes(fiveMebibytes - 1)),
        await upload.part(2, Buffer.from('tail')),
      ];
      expect(await errorOf(upload.complete(parts))).toBe('EntityTooSmall 400');
    },
  },
  {
    number: 23,
    title: 'after an abort everything about the upload is NoSuchUpload, never 500',
    run: async (context) => {
      const { client, place } = context;
      const upload = await openUpload(context, `${place}a`);
      const part = await upload.part(1, Buffer.from('x'));
      await client.send(new AbortMultipartUploadCommand(upload.which));
      expect(await errorOf(upload.part(2, Buffer.from('y')))).toBe('NoSuchUpload 404');
      expect(await errorOf(upload.complete([part]))).toBe('NoSuchUpload 404');
      expect(await errorOf(client.send(new ListPartsCommand(upload.which)))).toBe(
        'NoSuchUpload 404',
      );
      expect(await errorOf(client.send(new AbortMultipartUploadCommand(upload.which)))).toBe(
        'NoSuchUpload 404',
      );
      const foreign = { ...upload.which, UploadId: '../../etc' };
      expect(await errorOf(client.send(new ListPartsCommand(foreign)))).toBe('NoSuchUpload 404');
    },
  },
  {
    title: 'ListParts pages by part number',
    run: async (context) => {
      const { client, place } = context;
      const upload = await openUpload(context, `${place}a`);
      for (const number of [7, 1, 3, 10_000, 4])
        await upload.part(number, Buffer.from(`part ${number}`));
      const pages: (number | undefined)[][] = [];
      for (let marker: string | undefined = '0'; marker !== undefined;) {
        const page: {
          Parts?: { PartNumber?: number | undefined }[] | undefined;
          IsTruncated?: boolean | undefined;
          NextPartNumberMarker?: string | undefined;
        } = await client.send(
          new ListPartsCommand({ ...upload.which, MaxParts: 2, PartNumberMarker: marker }),
        );
        pages.push((page.Parts ?? []).map(({ PartNumber }) => PartNumber));
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      }
      expect(pages).toEqual([[1, 3], [4, 7], [10_000]]);
    },
  },
  {
    title: 'part numbers outside 1 to 10,000 are InvalidArgument',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      for (const number of [0, 10_001]) {
        expect(await errorOf(upload.part(number, Buffer.from('x')))).toBe('InvalidArgument 400');
      }
    },
  },
  {
    title: 'ListMultipartUploads pages in the middle of the uploads of one key, and knows prefixes',
    run: async (context) => {
      const { client, bucket, place } = context;
      const keys = ['b', 'a', 'b', 'c'].map((key) => `${place}${key}`);
      const uploads: TestUpload[] = [];
      for (const key of keys) uploads.push(await openUpload(context, key));
      const expected = [1, 0, 2, 3].map((index) => uploads[index]?.id);
      const seen: (string | undefined)[] = [];
      let markers:
        { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
      while (markers !== undefined) {
        const page: Awaited<ReturnType<typeof listUploadsPage>> = await listUploadsPage(
          context,
          markers,
        );
        seen.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
        markers = page.IsTruncated
          ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
          : undefined;
      }
      expect([...seen].sort()).toEqual([...expected].sort());
      expect(seen[0]).toBe(expected[0]);
      expect(seen[3]).toBe(expected[3]);
      const { Uploads } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: `${place}c` }),
      );
      expect(Uploads?.map(({ UploadId }) => UploadId)).toEqual([uploads[3]?.id]);
    },
  },
  {
    title: 'a completion whose body is no such document is MalformedXML',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      const target = `/${context.bucket}/${context.place}a?uploadId=${upload.id}`;
      for (const text of [
        '<CompleteMultipartUpload>',
        '<CompleteMultipartUpload></CompleteMultipartUpload>',
        'no xml',
      ]) {
        const answer = await sendRaw(context.server, {
          method: 'POST',
          target,
          body: Buffer.from(text),
        });
        expect(`${answer.code} ${answer.status}`).toBe('MalformedXML 400');
      }
    },
  },
  {
    title: 'a part whose client goes away in the middle is not listed',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`);
      const target = `/${context.bucket}/${context.place}a?partNumber=1&uploadId=${upload.id}`;
      const outgoing = openRaw(context.server, {
        method: 'PUT',
        target,
        headers: { 'content-length': '1000000' },
      });
      const ended = new Promise((resolve) =>
        outgoing.once('error', resolve).once('close', resolve),
      );
      await new Promise((resolve) => outgoing.write(randomBytes(400_000), resolve));
      outgoing.destroy();
      await ended;
      await sleep(300);
      expect((await context.client.send(new ListPartsCommand(upload.which))).Parts ?? []).toEqual(
        [],
      );
    },
  },
];

async function listUploadsPage(
  { client, bucket, place }: CheckContext,
  markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined },
) {
  return client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: place, MaxUploads: 2, ...markers }),
  );
}
