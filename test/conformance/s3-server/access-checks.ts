/** Checks of who may do what: signatures, clocks, anonymous requests. */
import { HeadBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { type Check, errorOf, type ServerUnderTest } from './check.js';
import { put } from './object-checks.js';
import { sendRaw } from './raw-request.js';

async function outcomeOf(server: ServerUnderTest, bucket: string): Promise<string> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials,
  });
  const outcome = await errorOf(client.send(new ListObjectsV2Command({ Bucket: bucket })));
  client.destroy();
  return outcome;
}

export const accessChecks: readonly Check[] = [
  {
    number: 32,
    title: 'a wrong secret key is SignatureDoesNotMatch',
    run: async ({ server, bucket }) => {
      const stranger = { ...server, secretAccessKey: randomBytes(20).toString('hex') };
      expect(await outcomeOf(stranger, bucket)).toBe('SignatureDoesNotMatch 403');
    },
  },
  {
    title: 'an unknown access key id is InvalidAccessKeyId',
    run: async ({ server, bucket }) => {
      const stranger = { ...server, accessKeyId: `no${randomBytes(6).toString('hex')}` };
      expect(await outcomeOf(stranger, bucket)).toBe('InvalidAccessKeyId 403');
    },
  },
  {
    number: 33,
    title: 'an anonymous get is AccessDenied, of what is there and of what is not',
    run: async (context) => {
      await put(context, `${context.place}a`, 'secret');
      for (const name of ['a', 'absent']) {
        const response = await fetch(
          `${context.server.endpoint}/${context.bucket}/${context.place}${name}`,
        );
        expect(response.status).toBe(403);
        const text = await response.text();
        expect(text).toContain('<Code>AccessDenied</Code>');
        expect(text).not.toContain('secret');
      }
    },
  },
  {
    title:
      'a request that was signed 16 minutes ago or ahead is RequestTimeTooSkewed, 14 minutes are accepted',
    run: async ({ server, bucket }) => {
      const outcome = async (minutes: number): Promise<string> => {
        const now = new Date(Date.now() + minutes * 60_000);
        const answer = await sendRaw(server, {
          method: 'GET',
          target: `/${bucket}?list-type=2&max-keys=1`,
          now,
        });
        return `${answer.code} ${answer.status}`;
      };
      expect(await outcome(-16)).toBe('RequestTimeTooSkewed 403');
      expect(await outcome(16)).toBe('RequestTimeTooSkewed 403');
      expect(await outcome(-14)).toBe(' 200');
    },
  },
  {
    title: 'a signature for another region is refused',
    run: async ({ server, bucket }) => {
      const elsewhere = { ...server, region: 'xx-other-9' };
      const answer = await sendRaw(elsewhere, { method: 'GET', target: `/${bucket}?list-type=2` });
      expect(`${answer.code} ${answer.status}`).toBe('AuthorizationHeaderMalformed 400');
    },
  },
  {
    title: 'fifty clients at once are all answered',
    run: async ({ client, bucket }) => {
      const heads = Array.from({ length: 50 }, () =>
        errorOf(client.send(new HeadBucketCommand({ Bucket: bucket }))),
      );
      expect(new Set(await Promise.all(heads))).toEqual(new Set(['none']));
    },
  },
];
