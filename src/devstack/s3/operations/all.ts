/** Every operation of the server, in alphabetical order of the file names. */
import type { Operation } from '../operation.js';
import { abortUpload } from './abort-upload.js';
import { createBucket, headBucket, listBuckets } from './buckets.js';
import { completeUpload } from './complete-upload.js';
import { copyObject } from './copy-object.js';
import { createUpload } from './create-upload.js';
import { deleteObject } from './delete-object.js';
import { getObject, headObject } from './get-object.js';
import { listObjects } from './list-objects.js';
import { listParts } from './list-parts.js';
import { listUploads } from './list-uploads.js';
import { putObject } from './put-object.js';
import { uploadPartCopy } from './upload-part-copy.js';
import { uploadPart } from './upload-part.js';

export const allOperations: readonly Operation[] = [
  abortUpload,
  createBucket,
  headBucket,
  listBuckets,
  completeUpload,
  copyObject,
  createUpload,
  deleteObject,
  getObject,
  headObject,
  listObjects,
  listParts,
  listUploads,
  putObject,
  uploadPartCopy,
  uploadPart,
];
