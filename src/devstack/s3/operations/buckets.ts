/** Operations on buckets: ListBuckets, CreateBucket, HeadBucket. */
import { emptyAnswer, xmlAnswer } from '../answer.js';
import { receiveDocument } from '../body.js';
import type { Operation } from '../operation.js';

export const listBuckets: Operation = {
  name: 'ListBuckets',
  method: 'GET',
  level: 'service',
  selectedBy: {},
  query: [],
  headers: [],
  run: async ({ store }) => {
    const buckets = store.buckets().map(
      ({ name, createdAt }) =>
        [
          'Bucket',
          [
            ['Name', name],
            ['CreationDate', createdAt.toISOString()],
          ],
        ] as const,
    );
    return xmlAnswer('ListAllMyBucketsResult', [
      ['Owner', [['ID', 'tidemark']]],
      ['Buckets', buckets],
    ]);
  },
};

export const createBucket: Operation = {
  name: 'CreateBucket',
  method: 'PUT',
  level: 'bucket',
  selectedBy: {},
  query: [],
  headers: ['content-md5', 'x-amz-checksum-crc32', 'x-amz-sdk-checksum-algorithm'],
  run: async ({ store }, request) => {
    // The document names a region at most; there is only one here.
    await receiveDocument(request);
    await store.createBucket(request.bucket);
    return emptyAnswer(200, { location: `/${request.bucket}` });
  },
};

export const headBucket: Operation = {
  name: 'HeadBucket',
  method: 'HEAD',
  level: 'bucket',
  selectedBy: {},
  query: [],
  headers: [],
  run: async ({ store, region }, request) => {
    store.index(request.bucket);
    return emptyAnswer(200, { 'x-amz-bucket-region': region });
  },
};
