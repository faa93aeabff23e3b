/** Checks of CRC32 over multipart uploads: per part, composite, and of the full object. */
import { GetObjectCommand, HeadObjectCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { type Check, errorOf } from './check.js';
import { fiveMebibytes, openUpload } from './multipart-checks.js';
import { bodyOf, crc32Base64 } from './object-checks.js';

const bodies = [randomBytes(fiveMebibytes), randomBytes(321)] as const;

export const multipartChecksumChecks: readonly Check[] = [
  {
    title: 'a part with a wrong CRC32 is BadDigest and is not listed',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`, { ChecksumAlgorithm: 'CRC32' });
      const wrong = crc32Base64(Buffer.from('another'));
      expect(await errorOf(upload.part(1, Buffer.from('x'), { ChecksumCRC32: wrong }))).toBe(
        'BadDigest 400',
      );
      expect((await context.client.send(new ListPartsCommand(upload.which))).Parts ?? []).toEqual(
        [],
      );
    },
  },
  {
    title: 'ListParts returns the CRC32 of parts of an upload with that algorithm',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`, { ChecksumAlgorithm: 'CRC32' });
      const part = await upload.part(1, bodies[1]);
      expect(part.ChecksumCRC32).toBe(crc32Base64(bodies[1]));
      const { Parts } = await context.client.send(new ListPartsCommand(upload.which));
      expect(Parts?.map(({ ChecksumCRC32 }) => ChecksumCRC32)).toEqual([crc32Base64(bodies[1])]);
    },
  },
  {
    title: 'a composite checksum is the CRC32 of the CRC32s with the number of parts',
    run: async (context) => {
      const { client, bucket, place } = context;
      const upload = await openUpload(context, `${place}a`, { ChecksumAlgorithm: 'CRC32' });
      const parts = [await upload.part(1, bodies[0]), await upload.part(2, bodies[1])];
      const crcs = Buffer.concat(bodies.map((body) => Buffer.from(crc32Base64(body), 'base64')));
      const expected = `${crc32Base64(crcs)}-2`;
      expect((await upload.complete(parts)).ChecksumCRC32).toBe(expected);
      const head = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: `${place}a`, ChecksumMode: 'ENABLED' }),
      );
      expect(head).toMatchObject({ ChecksumCRC32: expected, ChecksumType: 'COMPOSITE' });
      expect(
        (await bodyOf(context, `${place}a`, { ChecksumMode: 'ENABLED' })).equals(
          Buffer.concat([...bodies]),
        ),
      ).toBe(true);
    },
  },
  {
    title:
      'a full-object checksum is the CRC32 of all bytes, verified at the completion and by the SDK at the get',
    run: async (context) => {
      const { client, bucket, place } = context;
      const expected = crc32Base64(Buffer.concat([...bodies]));
      const upload = await openUpload(context, `${place}a`, {
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
      });
      const parts = [await upload.part(1, bodies[0]), await upload.part(2, bodies[1])];
      const wrong = { ChecksumCRC32: crc32Base64(bodies[1]), ChecksumType: 'FULL_OBJECT' };
      expect(await errorOf(upload.complete(parts, wrong))).toBe('BadDigest 400');
      const done = await upload.complete(parts, {
        ChecksumCRC32: expected,
        ChecksumType: 'FULL_OBJECT',
      });
      expect(done.ChecksumCRC32).toBe(expected);
      const got = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: `${place}a`, ChecksumMode: 'ENABLED' }),
      );
      expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).length).toBe(
        fiveMebibytes + 321,
      );
      expect([got.ChecksumCRC32, got.ChecksumType]).toEqual([expected, 'FULL_OBJECT']);
    },
  },
  {
    title: 'a completion with a wrong CRC32 of a part is refused',
    run: async (context) => {
      const upload = await openUpload(context, `${context.place}a`, { ChecksumAlgorithm: 'CRC32' });
      const part = await upload.part(1, bodies[1]);
      const wrong = { ...part, ChecksumCRC32: crc32Base64(bodies[0]) };
      expect(await errorOf(upload.complete([wrong]))).toBe('InvalidPart 400');
      expect(await errorOf(upload.complete([{ ...part, ChecksumCRC32: undefined }]))).toBe(
        'InvalidRequest 400',
      );
    },
  },
];
