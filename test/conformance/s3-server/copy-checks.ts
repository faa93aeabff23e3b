/** Checks of copies that the server makes itself. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { type Check, type CheckContext, errorOf } from './check.js';
import { bodyOf, put } from './object-checks.js';

const copyOf = ({ bucket, place }: CheckContext, more = {}) =>
  new CopyObjectCommand({
    Bucket: bucket,
    Key: `${place}copy ä+`,
    CopySource: `${bucket}/${encodeURIComponent(`${place}source ä+`)}`,
    ...more,
  });

const copyPart = (
  { bucket, place }: CheckContext,
  upload: string | undefined,
  part: { readonly number: number; readonly range: string; readonly etag?: string },
) =>
  new UploadPartCopyCommand({
    Bucket: bucket,
    Key: `${place}parts`,
    UploadId: upload,
    PartNumber: part.number,
    CopySource: `${bucket}/${place}source`,
    CopySourceRange: part.range,
    ...(part.etag === undefined ? {} : { CopySourceIfMatch: part.etag }),
  });

export const copyChecks: readonly Check[] = [
  {
    title: 'a copy has the bytes of its source and the metadata that were asked for',
    run: async (context) => {
      const { client, bucket, place } = context;
      const body = randomBytes(70_000);
      await put(context, `${place}source ä+`, body, { Metadata: { old: '1' } });
      await client.send(copyOf(context, { MetadataDirective: 'REPLACE', Metadata: { own: '2' } }));
      expect((await bodyOf(context, `${place}copy ä+`)).equals(body)).toBe(true);
      const head = new HeadObjectCommand({ Bucket: bucket, Key: `${place}copy ä+` });
      expect((await client.send(head)).Metadata).toEqual({ own: '2' });
    },
  },
  {
    title: 'a copy of another version than the named one is refused, and nothing is there',
    run: async (context) => {
      const { client, place } = context;
      await put(context, `${place}source ä+`, 'first');
      const wrong = copyOf(context, { CopySourceIfMatch: '"00000000000000000000000000000000"' });
      expect(await errorOf(client.send(wrong))).toBe('PreconditionFailed 412');
      expect(await errorOf(bodyOf(context, `${place}copy ä+`))).toBe('NoSuchKey 404');
    },
  },
  {
    title: 'a copy of nothing says so',
    run: async (context) => {
      expect(await errorOf(context.client.send(copyOf(context)))).toBe('NoSuchKey 404');
    },
  },
  {
    title: 'a copy that may only create replaces nothing',
    run: async (context) => {
      const { client, place } = context;
      await put(context, `${place}source ä+`, 'new');
      await put(context, `${place}copy ä+`, 'old');
      const wrong = copyOf(context, { IfNoneMatch: '*' });
      expect(await errorOf(client.send(wrong))).toBe('PreconditionFailed 412');
      expect((await bodyOf(context, `${place}copy ä+`)).toString()).toBe('old');
    },
  },
  {
    title: 'an object of copied ranges has their bytes',
    run: async (context) => {
      const { client, bucket, place } = context;
      const body = randomBytes(5 * 1024 * 1024 + 1000);
      const etag = await put(context, `${place}source`, body);
      const where = { Bucket: bucket, Key: `${place}parts` };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(where));
      const ranges = [
        `bytes=0-${5 * 1024 * 1024 - 1}`,
        `bytes=${5 * 1024 * 1024}-${body.length - 1}`,
      ];
      const parts = await Promise.all(
        ranges.map(async (range, index) => {
          const answer = await client.send(
            copyPart(context, UploadId, { number: index + 1, range, etag }),
          );
          return { PartNumber: index + 1, ETag: answer.CopyPartResult?.ETag };
        }),
      );
      await client.send(
        new CompleteMultipartUploadCommand({
          ...where,
          UploadId,
          MultipartUpload: { Parts: parts },
        }),
      );
      expect((await bodyOf(context, `${place}parts`)).equals(body)).toBe(true);
    },
  },
  {
    title: 'a copied range of another version than the named one is refused',
    run: async (context) => {
      const { client, bucket, place } = context;
      await put(context, `${place}source`, 'some bytes');
      const where = { Bucket: bucket, Key: `${place}parts` };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(where));
      const part = { number: 1, range: 'bytes=0-3', etag: '"00000000000000000000000000000000"' };
      expect(await errorOf(client.send(copyPart(context, UploadId, part)))).toBe(
        'PreconditionFailed 412',
      );
    },
  },
];
