/** AbortMultipartUpload: the upload and its bytes are gone; again is `NoSuchUpload`. */
import { emptyAnswer } from '../answer.js';
import type { Operation } from '../operation.js';

export const abortUpload: Operation = {
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  level: 'object',
  selectedBy: { uploadId: true },
  query: [],
  headers: [],
  run: async ({ store, uploads }, request) => {
    store.index(request.bucket);
    await uploads.abort(request.query.get('uploadId') ?? '', request.bucket, request.key);
    return emptyAnswer(204);
  },
};
