/**
 * What stands at many addresses. A target that is still empty, the usual first run, is found so by a listing
 * instead of one HEAD for each file; only what exists is asked for its metadata.
 */
import type { TargetAddress, TargetObject } from '../../core/plan/file.js';
import type { S3Calls } from './calls.js';
import { declaredError, S3Failure } from './errors.js';
import { targetObjectOf } from './origin.js';
import { withRetries } from './retry.js';

const headsAtOnce = 32;
const listFrom = 5;
const answerKeysMax = 1000;

const commonPrefix = (a: string, b: string): string => {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  // Never half of a surrogate pair: it could not be sent.
  const last = a.charCodeAt(length - 1);
  return a.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
};

/** Every beginning of a key sorts before it; without its last letter, little stands between the two. */
const justBefore = (key: string): string | null => [...key].slice(0, -1).join('') || null;

/** S3 orders keys by their UTF-8 bytes. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Keys of one bucket that may exist: listed, or not reached by a listing that was given up. */
const candidates = async (
  calls: S3Calls,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  const sorted = keys.toSorted(byBytes);
  const first = sorted[0] ?? '';
  const last = sorted.at(-1) ?? '';
  const prefix = commonPrefix(first, last);
  const answersMax = Math.ceil(keys.length / 500) + 2;
  const listed = new Set<string>();
  let startAfter: string | null = justBefore(first);
  for (let answers = 0; answers < answersMax; answers++) {
    const request = { bucket, prefix, startAfter, limit: answerKeysMax };
    const answer = await withRetries(signal, () => calls.list(request, signal));
    for (const object of answer.objects) listed.add(object.key);
    const reached = answer.objects.at(-1)?.key;
    if (!answer.isTruncated || reached === undefined || byBytes(reached, last) >= 0) return listed;
    startAfter = reached;
  }
  const reached = startAfter ?? '';
  for (const key of sorted) if (byBytes(key, reached) > 0) listed.add(key);
  return listed;
};

const mayExist = async (
  calls: S3Calls,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  if (keys.length < listFrom) return new Set(keys);
  try {
    return await candidates(calls, bucket, keys, signal);
  } catch (error) {
    // Who may write objects need not be allowed to list them: then each is asked for.
    if (error instanceof S3Failure && error.status === 403) return new Set(keys);
    throw error;
  }
};

const heads = async (
  calls: S3Calls,
  addresses: readonly TargetAddress[],
  isAsked: (address: TargetAddress) => boolean,
  signal: AbortSignal,
): Promise<readonly (TargetObject | null)[]> => {
  const found: (TargetObject | null)[] = addresses.map(() => null);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < addresses.length; index = next++) {
      const address = addresses[index];
      if (address === undefined || !isAsked(address)) continue;
      const place = { bucket: address.container, key: address.key };
      const head = await withRetries(signal, () => calls.head(place, signal));
      found[index] = head === null ? null : targetObjectOf(head);
    }
  };
  await Promise.all(Array.from({ length: Math.min(headsAtOnce, addresses.length) }, worker));
  return found;
};

export const existingObjects = async (
  calls: S3Calls,
  addresses: readonly TargetAddress[],
  signal: AbortSignal,
): Promise<readonly (TargetObject | null)[]> => {
  const buckets = new Set(addresses.map(({ container }) => container));
  const possible = new Map<string, ReadonlySet<string>>();
  try {
    for (const bucket of buckets) {
      const keys = new Set(addresses.filter((at) => at.container === bucket).map((at) => at.key));
      possible.set(bucket, await mayExist(calls, bucket, [...keys], signal));
    }
    const isAsked = ({ container, key }: TargetAddress): boolean =>
      possible.get(container)?.has(key) === true;
    return await heads(calls, addresses, isAsked, signal);
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    throw declaredError(error, `looking at objects of s3://${[...buckets].join(', s3://')}`);
  }
};
