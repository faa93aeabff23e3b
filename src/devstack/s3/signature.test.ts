import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { readRequest, type S3Request } from './request.js';
import { verifySignature } from './signature.js';

// The AWS SDK signs, our code verifies: two independent implementations of the specification.
const credentials = {
  accessKeyId: `AK${randomBytes(6).toString('hex')}`,
  secretAccessKey: randomBytes(20).toString('base64'),
  region: 'eu-test-1',
};

interface Signed {
  readonly url: string;
  readonly headers: Record<string, string>;
}

async function signed(send: (client: S3Client) => Promise<unknown>): Promise<Signed> {
  let seen: Signed | undefined;
  const client = new S3Client({
    region: credentials.region,
    endpoint: 'http://127.0.0.1:9',
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: {
        path: string;
        query: Record<string, string>;
        headers: Record<string, string>;
      }) => {
        const query = Object.entries(request.query).map(
          ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? '')}`,
        );
        seen = {
          url: request.path + (query.length > 0 ? `?${query.join('&')}` : ''),
          headers: request.headers,
        };
        throw new Error('enough was seen');
      },
    },
  });
  await send(client).catch(() => undefined);
  if (seen === undefined) throw new Error('the SDK did not send anything');
  return seen;
}

function requestOf({ url, headers }: Signed): S3Request {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return readRequest(
    { url, method: 'GET', headers: lower } as unknown as IncomingMessage,
    () => undefined,
  );
}

const codeOf = (work: () => void): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

it('every key and every query value that the SDK signs is accepted', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(text, text, async (key, prefix) => {
      const get = await signed((client) =>
        client.send(new GetObjectCommand({ Bucket: 'bucket', Key: key })),
      );
      const list = await signed((client) =>
        client.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: prefix })),
      );
      for (const request of [get, list]) {
        expect(codeOf(() => verifySignature(requestOf(request), credentials, new Date()))).toBe(
          'accepted',
        );
      }
    }),
    { numRuns: 60 },
  );
});

it('a change of the path, the query, a signed header, the key or the clock is refused with its code', async () => {
  const good = await signed((client) =>
    client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a', IfMatch: 'x' })),
  );
  const refusal = (change: Partial<Signed>, using = credentials, now = new Date()): string =>
    codeOf(() => verifySignature(requestOf({ ...good, ...change }), using, now));
  const withHeader = (name: string, value: string): Partial<Signed> => ({
    headers: { ...good.headers, [name]: value },
  });
  expect(refusal({})).toBe('accepted');
  expect(refusal({ url: '/bucket/b' })).toBe('SignatureDoesNotMatch');
  expect(refusal({ url: `${good.url}&prefix=x` })).toBe('SignatureDoesNotMatch');
  expect(refusal(withHeader('host', 'elsewhere'))).toBe('SignatureDoesNotMatch');
  expect(refusal(withHeader('x-amz-meta-new', 'x'))).toBe('AccessDenied');
  expect(refusal(withHeader('authorization', ''))).toBe('AccessDenied');
  expect(refusal(withHeader('authorization', `${good.headers['authorization'] ?? ''}0`))).toBe(
    'AuthorizationHeaderMalformed',
  );
  expect(refusal(withHeader('authorization', 'AWS abc:def'))).toBe('NotImplemented');
  expect(refusal({ url: `${good.url}&X-Amz-Signature=00` })).toBe('NotImplemented');
  expect(refusal({}, { ...credentials, secretAccessKey: 'other' })).toBe('SignatureDoesNotMatch');
  expect(refusal({}, { ...credentials, accessKeyId: 'other' })).toBe('InvalidAccessKeyId');
  expect(refusal({}, { ...credentials, region: 'other' })).toBe('AuthorizationHeaderMalformed');
  expect(refusal({}, credentials, new Date(Date.now() + 16 * 60_000))).toBe('RequestTimeTooSkewed');
  expect(refusal({}, credentials, new Date(Date.now() - 16 * 60_000))).toBe('RequestTimeTooSkewed');
});
