/**
 * Ledgers as objects, replaced by compare-and-swap: `If-None-Match: *` for the first, `If-Match` for every later one.
 *
 * Keeps true: a write is sent once, because a repetition could replace what another run wrote in between on the tag that
 * it gave; after any doubt the object is read, and the own document in it is success.
 */
import { addAbortSignal } from 'node:stream';
import { buffer as bytesOf } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { TidemarkError } from '../../core/errors/error.js';
import type { TargetAddress } from '../../core/plan/file.js';
import { formatCrc32 } from '../../core/values/crc32.js';
import { ledgerText, parseLedger } from '../ledger-document.js';
import { ledgerDamaged } from '../ledger-errors.js';
import { ledgerKey } from '../ledger-place.js';
import type { LedgerStore } from '../row-connector.js';
import type { Place, S3Calls } from './calls.js';
import { declaredError, failureOf, isDoubtful, S3Failure } from './errors.js';
import { withRetries } from './retry.js';

/** A ledger of two marks with 20,000 ties each has 2 MB. */
const ledgerBytesMax = 16 * 1024 * 1024;

const urlOf = ({ bucket, key }: Place): string => `s3://${bucket}/${key}`;

interface Found {
  readonly text: string;
  readonly tag: string;
}

const download = async (calls: S3Calls, place: Place, signal: AbortSignal): Promise<Found> => {
  const { head, body } = await calls.get({ ...place, etag: undefined }, signal);
  if (head.size > ledgerBytesMax) {
    body.destroy();
    const what = `it has ${String(head.size)} bytes`;
    throw new TidemarkError(ledgerDamaged, `reading the ledger ${urlOf(place)}: ${what}`);
  }
  const bytes = await bytesOf(addAbortSignal(signal, body));
  // A connection that broke in the middle may look like the end.
  if (bytes.length !== head.size) throw new S3Failure(0, 'IncompleteBody', undefined);
  return { text: bytes.toString(), tag: head.etag };
};

const find = async (calls: S3Calls, place: Place, signal: AbortSignal): Promise<Found | null> => {
  try {
    return await withRetries(signal, () => download(calls, place, signal));
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    if (error.status === 404 && error.code !== 'NoSuchBucket') return null;
    throw declaredError(error, `reading the ledger ${urlOf(place)}`);
  }
};

const write = async (
  calls: S3Calls,
  place: Place,
  change: { readonly text: string; readonly expected: string | null },
  signal: AbortSignal,
): Promise<string | null> => {
  const { text } = change;
  const body = Buffer.from(text);
  const expected = change.expected === null ? { absent: true as const } : { tag: change.expected };
  const object = { ...place, expected, metadata: {}, crc32: formatCrc32(crc32(body)) };
  try {
    return (await calls.put(object, body, signal)).etag;
  } catch (error) {
    signal.throwIfAborted();
    const failure = failureOf(error);
    const declared = declaredError(failure, `writing the ledger ${urlOf(place)}`);
    if (!isDoubtful(failure) || failure.code === 'NoSuchBucket') throw declared;
    const found = await find(calls, place, signal);
    if (found?.text === text) return found.tag;
    // Refused, or somebody else has written: this document is not and will not be there.
    const isRefused = [404, 409, 412].includes(failure.status);
    if (isRefused || (found?.tag ?? null) !== change.expected) return null;
    throw declared;
  }
};

export const openLedger = (calls: S3Calls, folder: TargetAddress): LedgerStore => ({
  read: async (name, signal) => {
    const place = { bucket: folder.container, key: ledgerKey(folder, name) };
    const found = await find(calls, place, signal);
    if (found === null) return null;
    return { document: parseLedger(found.text, urlOf(place), name), tag: found.tag };
  },
  write: (name, document, expected, signal) => {
    const place = { bucket: folder.container, key: ledgerKey(folder, name) };
    return write(calls, place, { text: ledgerText(document), expected }, signal);
  },
});
