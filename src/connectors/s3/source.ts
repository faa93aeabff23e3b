/**
 * Objects of one connection as files. Listing goes page by page after the last key, so a resume needs nothing but
 * that key. Keys come in the server's order, that of their UTF-8 bytes.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import type { FileSource, ListedFile, ListPage, OpenContext } from '../connector.js';
import { sourceMissing } from '../file-errors.js';
import type { ListedObject, S3Calls } from './calls.js';
import { openClient } from './client.js';
import { declaredError, S3Failure } from './errors.js';
import { identityOfHead, identityOfListed, requireSame } from './identity.js';
import { itemFieldsOf } from './item-fields.js';
import { bucketOf, relativePathOf, selectionOf, type Selection } from './keys.js';
import type { S3Connection, S3SourceOptions } from './options.js';
import { openReader } from './reader.js';
import { withRetries } from './retry.js';

/** Most keys of one answer of S3. */
const answerKeysMax = 1000;
/** Answers looked through in one call, so that a listing that matches little still reports now and then. */
const answersMax = 50;
const modifyingMs = 60_000;

interface OpenSource {
  readonly calls: S3Calls;
  readonly connection: S3Connection;
  readonly context: OpenContext;
}

const sourceError = (error: unknown, doing: string): unknown => {
  if (!(error instanceof S3Failure)) return error;
  const declared = declaredError(error, doing);
  return error.code === 'NoSuchBucket'
    ? new TidemarkError(sourceMissing, declared.message, { details: declared.details })
    : declared;
};

const requiredBucket = ({ connection }: OpenSource, options: S3SourceOptions): string => {
  const bucket = bucketOf(connection, options);
  if (bucket !== '') return bucket;
  throw new TidemarkError(
    sourceMissing,
    'reading from S3: no bucket is named; set `bucket_name` of the source or of its connection',
  );
};

/** Runs one repeatable request; failures become declared errors. */
const asked = async <T>(
  doing: string,
  signal: AbortSignal,
  request: () => Promise<T>,
): Promise<T> => {
  try {
    return await withRetries(signal, request);
  } catch (error) {
    throw sourceError(error, doing);
  }
};

const isPlaceholder = ({ key, size }: ListedObject): boolean => size === 0 && key.endsWith('/');

const isModifying = (options: S3SourceOptions, modifiedMs: number): boolean =>
  (options.check_is_modifying || options.check_is_modifing === true) &&
  Date.now() - modifiedMs < modifyingMs;

interface Listing {
  readonly source: OpenSource;
  readonly options: S3SourceOptions;
  readonly bucket: string;
  readonly selection: Selection;
}

const listedFile = ({ bucket, options }: Listing, object: ListedObject): ListedFile => {
  const relativePath = relativePathOf(options.prefix, object.key);
  return {
    identity: identityOfListed(object),
    relativePath,
    fields: itemFieldsOf({ bucket, prefix: options.prefix, relativePath }, object),
  };
};

/** The one object of an exact key: a page of one file, or an empty one when it is not there (yet). */
const listExact = async (
  listing: Listing,
  key: string,
  after: string | null,
  signal: AbortSignal,
): Promise<ListPage> => {
  const { source, bucket, options } = listing;
  const doing = `listing s3://${bucket}/${key}`;
  if (after !== null && after >= key) return { files: [], next: null };
  const head = await asked(doing, signal, () => source.calls.head({ bucket, key }, signal));
  if (head === null) {
    // HEAD says 404 for a missing bucket too; a listing tells them apart.
    const request = { bucket, prefix: key, startAfter: null, limit: 1 };
    await asked(doing, signal, () => source.calls.list(request, signal));
    return { files: [], next: null };
  }
  const modifiedMs = Number(head.modified) * 1000;
  if (!listing.selection.chooses(key) || isModifying(options, modifiedMs)) {
    return { files: [], next: null };
  }
  const object = { key, size: head.size, etag: head.etag, modifiedMs, storageClass: 'STANDARD' };
  const file = listedFile(listing, object);
  return { files: [{ ...file, identity: identityOfHead(key, head) }], next: null };
};

const listPrefix = async (
  listing: Listing,
  after: string | null,
  pageFiles: number,
  signal: AbortSignal,
): Promise<ListPage> => {
  const { source, bucket, options, selection } = listing;
  const { prefix } = selection;
  const doing = `listing s3://${bucket}/${prefix}`;
  const limit = options.pattern === undefined ? Math.min(pageFiles, answerKeysMax) : answerKeysMax;
  const files: ListedFile[] = [];
  let startAfter = after;
  for (let answers = 0; answers < answersMax; answers++) {
    const request = { bucket, prefix, startAfter, limit };
    const answer = await asked(doing, signal, () => source.calls.list(request, signal));
    for (const object of answer.objects) {
      if (files.length === pageFiles) return { files, next: startAfter };
      startAfter = object.key;
      if (isPlaceholder(object) || !selection.chooses(object.key)) continue;
      if (!isModifying(options, object.modifiedMs)) files.push(listedFile(listing, object));
    }
    if (!answer.isTruncated) return { files, next: null };
    if (files.length === pageFiles) break;
  }
  return { files, next: startAfter };
};

const identify = async (
  source: OpenSource,
  options: S3SourceOptions,
  key: string,
  signal: AbortSignal,
): Promise<FileIdentity | null> => {
  const bucket = requiredBucket(source, options);
  const head = await asked(`looking at s3://${bucket}/${key}`, signal, () =>
    source.calls.head({ bucket, key }, signal),
  );
  return head === null ? null : identityOfHead(key, head);
};

const remove = async (
  source: OpenSource,
  options: S3SourceOptions,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<void> => {
  const bucket = requiredBucket(source, options);
  const doing = `deleting s3://${bucket}/${identity.path}`;
  // Looked at first, because not every server honours `If-Match` on a delete.
  const now = await identify(source, options, identity.path, signal);
  if (now === null) return;
  requireSame(identity, now, doing);
  const place = { bucket, key: identity.path, etag: now.etag };
  try {
    await withRetries(signal, () => source.calls.remove(place, signal));
  } catch (error) {
    if (error instanceof S3Failure && error.status === 404) return;
    if (error instanceof S3Failure && error.status === 412) {
      requireSame(identity, await identify(source, options, identity.path, signal), doing);
    }
    throw sourceError(error, doing);
  }
};

export const openSource = (
  connection: S3Connection,
  context: OpenContext,
): FileSource<S3SourceOptions> => {
  const source: OpenSource = { calls: openClient(connection, context), connection, context };
  return {
    list: async (options, after, pageFiles, signal) => {
      const selection = selectionOf(options);
      const bucket = requiredBucket(source, options);
      const listing = { source, options, bucket, selection };
      return selection.exactKey === null
        ? listPrefix(listing, after, pageFiles, signal)
        : listExact(listing, selection.exactKey, after, signal);
    },
    identify: (options, path, signal) => identify(source, options, path, signal),
    // The entity tag is there from the listing on; a pin looks once more and adds the version where there is one.
    pin: async (options, identity, signal) => {
      const now = await identify(source, options, identity.path, signal);
      const bucket = requiredBucket(source, options);
      requireSame(identity, now, `pinning s3://${bucket}/${identity.path}`);
      return now ?? identity;
    },
    open: async (options, identity, signal) => {
      const bucket = requiredBucket(source, options);
      return openReader({ calls: source.calls, context, bucket, identity }, signal);
    },
    remove: (options, identity, signal) => remove(source, options, identity, signal),
    [Symbol.asyncDispose]: () => {
      source.calls.close();
      return Promise.resolve();
    },
  };
};
