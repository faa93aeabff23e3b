/** What is outside the scope of our S3 server is refused with 501 and a message that names it. */
import * as s3 from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorOf, messageOf } from './check.js';
import { type OurServer, startOurs } from './ours.js';
import { sendRaw } from './raw-request.js';
import { independentClient } from './suite.js';

let ours: OurServer;
let client: s3.S3Client;
const place = { Bucket: 'bucket', Key: 'a' };

beforeAll(async () => {
  ours = await startOurs({ buckets: ['bucket'] });
  client = independentClient(ours);
});
afterAll(async () => {
  client?.destroy();
  await ours?.close();
});

const requests: readonly [
  name: string,
  send: (client: s3.S3Client) => Promise<unknown>,
  named: RegExp,
][] = [
  [
    'a body with a trailer (#4)',
    (c) =>
      c.send(
        new s3.PutObjectCommand({
          ...place,
          Body: Readable.from([Buffer.from('abc')]),
          ContentLength: 3,
        }),
      ),
    /aws-chunked/,
  ],
  [
    'a SHA-256 checksum',
    (c) => c.send(new s3.PutObjectCommand({ ...place, Body: 'x', ChecksumAlgorithm: 'SHA256' })),
    /checksum.*sha256/i,
  ],
  [
    'DeleteObjects (#29)',
    (c) =>
      c.send(
        new s3.DeleteObjectsCommand({ Bucket: 'bucket', Delete: { Objects: [{ Key: 'a' }] } }),
      ),
    /POST on a bucket.*delete/,
  ],
  [
    'versioning (#35)',
    (c) =>
      c.send(
        new s3.PutBucketVersioningCommand({
          Bucket: 'bucket',
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      ),
    /versioning/,
  ],
  [
    'an object version',
    (c) => c.send(new s3.GetObjectCommand({ ...place, VersionId: 'v' })),
    /versionId/,
  ],
  [
    'notifications (#36)',
    (c) =>
      c.send(
        new s3.PutBucketNotificationConfigurationCommand({
          Bucket: 'bucket',
          NotificationConfiguration: {},
        }),
      ),
    /notification/,
  ],
  [
    'lifecycle (#37)',
    (c) => c.send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket: 'bucket' })),
    /lifecycle/,
  ],
  [
    'tagging (#38)',
    (c) => c.send(new s3.PutObjectTaggingCommand({ ...place, Tagging: { TagSet: [] } })),
    /tagging/,
  ],
  [
    'tags of a put',
    (c) => c.send(new s3.PutObjectCommand({ ...place, Body: 'x', Tagging: 'a=b' })),
    /x-amz-tagging/,
  ],
  [
    'encryption',
    (c) =>
      c.send(new s3.PutObjectCommand({ ...place, Body: 'x', ServerSideEncryption: 'aws:kms' })),
    /x-amz-server-side-encryption: aws:kms/,
  ],
  [
    'ListObjects of version 1',
    (c) => c.send(new s3.ListObjectsCommand({ Bucket: 'bucket' })),
    /version 1/,
  ],
  [
    'DeleteBucket',
    (c) => c.send(new s3.DeleteBucketCommand({ Bucket: 'bucket' })),
    /DELETE on a bucket/,
  ],
  [
    'a part of an object',
    (c) => c.send(new s3.GetObjectCommand({ ...place, PartNumber: 1 })),
    /partNumber/,
  ],
  [
    'a condition on time',
    (c) => c.send(new s3.GetObjectCommand({ ...place, IfModifiedSince: new Date() })),
    /if-modified-since/,
  ],
];

it.each(requests)('%s is 501 and is named', async (_name, send, named) => {
  expect(await errorOf(send(client))).toBe('NotImplemented 501');
  expect(await messageOf(send(client))).toMatch(named);
  expect(await errorOf(client.send(new s3.HeadObjectCommand(place)))).toBe('NotFound 404');
});

it('a presigned URL (#30, #31) is 501 and is named', async () => {
  for (const method of ['GET', 'PUT']) {
    const response = await fetch(
      `${ours.endpoint}/bucket/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00`,
      { method },
    );
    expect(response.status).toBe(501);
    expect(await response.text()).toContain('presigned');
  }
});

it('a method that S3 does not have is MethodNotAllowed', async () => {
  expect(await sendRaw(ours, { method: 'PATCH', target: '/bucket/a' })).toMatchObject({
    status: 405,
    code: 'MethodNotAllowed',
  });
});
