/** DeleteObject: done is done; a key that does not exist is no error. */
import { emptyAnswer } from '../answer.js';
import { writeCondition } from '../condition.js';
import type { Operation } from '../operation.js';

export const deleteObject: Operation = {
  name: 'DeleteObject',
  method: 'DELETE',
  level: 'object',
  selectedBy: {},
  query: [],
  headers: ['if-match'],
  run: async ({ store }, request) => {
    await store.delete(request.bucket, request.key, writeCondition(request));
    return emptyAnswer(204);
  },
};
