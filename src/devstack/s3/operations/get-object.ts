/** GetObject and HeadObject: one version, whole or one range of it. */
import type { Answer } from '../answer.js';
import { readRange } from '../byte-range.js';
import { checkReadCondition } from '../condition.js';
import { objectHeaders } from '../object-headers.js';
import { requireObject } from '../object-store.js';
import type { Operation } from '../operation.js';
import type { ObjectRecord } from '../record.js';
import { headerOf, type S3Request } from '../request.js';

interface Slice {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly firstByte: number;
  readonly sizeBytes: number;
}

const headers = ['if-match', 'if-none-match', 'range', 'x-amz-checksum-mode'];

export const getObject: Operation = {
  name: 'GetObject',
  method: 'GET',
  level: 'object',
  selectedBy: {},
  query: [],
  headers,
  run: async ({ store }, request): Promise<Answer> => {
    const { record, file } = await store.open(request.bucket, request.key);
    try {
      const { status, headers: sent, firstByte, sizeBytes } = sliceOf(request, record);
      return { status, headers: sent, body: { file, firstByte, sizeBytes } };
    } catch (error) {
      await file.close();
      throw error;
    }
  },
};

export const headObject: Operation = {
  name: 'HeadObject',
  method: 'HEAD',
  level: 'object',
  selectedBy: {},
  query: [],
  headers,
  run: async ({ store }, request): Promise<Answer> => {
    const record = requireObject(store.index(request.bucket).get(request.key), request.key);
    const { status, headers: sent } = sliceOf(request, record);
    return { status, headers: sent };
  },
};

function sliceOf(request: S3Request, record: ObjectRecord): Slice {
  checkReadCondition(request, record);
  const range = readRange(headerOf(request, 'range'), record.sizeBytes);
  const { firstByte, sizeBytes } = range ?? { firstByte: 0, sizeBytes: record.sizeBytes };
  // The checksum is one of the whole object; on a slice clients would compare it with the slice.
  const isWhole = sizeBytes === record.sizeBytes;
  const withChecksum =
    isWhole && headerOf(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  return {
    status: range === undefined ? 200 : 206,
    firstByte,
    sizeBytes,
    headers: {
      ...objectHeaders(record, withChecksum),
      'content-length': String(sizeBytes),
      ...(range === undefined
        ? {}
        : {
            'content-range': `bytes ${firstByte}-${firstByte + sizeBytes - 1}/${record.sizeBytes}`,
          }),
    },
  };
}
