/**
 * The last step of every write: one conditional request whose answer may be lost. After any doubt the target is
 * looked at first (correctness §5.2): our own unit is success, our own older try is replaced, anything else that
 * was not planned is a conflict.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { Expectation, ObjectOrder, TargetObject } from '../../core/plan/file.js';
import { targetConflict, uploadGone } from '../file-errors.js';
import type { ObjectHead, S3Calls, Written } from './calls.js';
import { declaredError, failureOf, isDoubtful, type S3Failure } from './errors.js';
import { isWork, meets, targetObjectOf } from './origin.js';
import { pause, retryDelaysMs, withRetries } from './retry.js';

export interface Publishing {
  readonly calls: S3Calls;
  readonly order: ObjectOrder;
  readonly signal: AbortSignal;
  /** True when a failure means that the upload cannot be completed any more. */
  isGone(failure: S3Failure): boolean;
  write(expected: Expectation): Promise<Written>;
}

const urlOf = ({ address }: ObjectOrder): string => `s3://${address.container}/${address.key}`;

export const doingOf = (order: ObjectOrder): string => `writing ${urlOf(order)}`;

const conflict = (order: ObjectOrder, found: TargetObject | null): TidemarkError => {
  const stands =
    found === null
      ? 'what stood there when the run was planned was deleted'
      : found.unit === undefined
        ? 'an object stands there that Tidemark did not write'
        : `unit ${JSON.stringify(found.unit)} has written it since the run was planned`;
  return new TidemarkError(targetConflict, `${doingOf(order)}: ${stands}`, {
    details: { key: order.address.key, unit: order.unit, found: found?.unit ?? null },
  });
};

export const goneError = (order: ObjectOrder): TidemarkError =>
  new TidemarkError(
    uploadGone,
    `${doingOf(order)}: the upload does not exist any more, and the object is not there either`,
    { details: { key: order.address.key, unit: order.unit } },
  );

/** What stands at the order's address. */
export const look = async (
  calls: S3Calls,
  order: ObjectOrder,
  signal: AbortSignal,
): Promise<ObjectHead | null> => {
  const { container, key } = order.address;
  try {
    return await withRetries(signal, () => calls.head({ bucket: container, key }, signal));
  } catch (error) {
    signal.throwIfAborted();
    throw declaredError(failureOf(error), `looking at ${urlOf(order)}`);
  }
};

/** What the next try has to expect, after a look at the target; throws where there is no next try. */
const nextExpectation = (
  { order, isGone }: Publishing,
  failure: S3Failure,
  found: TargetObject | null,
): Expectation => {
  const isOlderTry = found?.unit === order.unit;
  if (!isOlderTry && !meets(found, order.expected)) throw conflict(order, found);
  if (isGone(failure)) throw goneError(order);
  return isOlderTry && found !== null ? { tag: found.tag } : order.expected;
};

/** Writes, or finds that it is written. */
export const publish = async (publishing: Publishing): Promise<Written> => {
  const { calls, order, signal } = publishing;
  let expected = order.expected;
  for (let attempt = 0; ; attempt++) {
    try {
      return await publishing.write(expected);
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      if (!isDoubtful(failure) || failure.code === 'NoSuchBucket') {
        throw declaredError(failure, doingOf(order));
      }
      const head = await look(calls, order, signal);
      const found = head === null ? null : targetObjectOf(head);
      if (head !== null && isWork(found, order)) return head;
      expected = nextExpectation(publishing, failure, found);
      const delayMs = retryDelaysMs[attempt];
      if (delayMs === undefined) throw declaredError(failure, doingOf(order));
      await pause(delayMs, signal);
    }
  }
};
