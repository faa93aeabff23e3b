/**
 * What we keep with an object: the unit that wrote it and the digest of what it was copied from, so that a lost
 * answer is recognised as success and an unchanged source is not copied again. The checksum of a small object is
 * kept too; of one in parts it is not known when the upload is opened.
 */
import type { Expectation, ObjectOrder, TargetObject } from '../../core/plan/file.js';
import type { ObjectHead } from './calls.js';
import { crcFromBase64 } from './checksum.js';

const unitKey = 'tidemark-unit';
const sourceKey = 'tidemark-source';
const crcKey = 'tidemark-crc32';

export const originOf = (order: ObjectOrder, crc32?: string): Readonly<Record<string, string>> => ({
  [unitKey]: encodeURI(order.unit),
  [sourceKey]: encodeURI(order.copiedFrom),
  ...(crc32 === undefined ? {} : { [crcKey]: crc32 }),
});

/** Headers hold ASCII only; a text of anybody else's may hold anything. */
const decoded = (text: string): string => {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
};

export const targetObjectOf = (head: ObjectHead): TargetObject => {
  const unit = head.metadata[unitKey];
  const copiedFrom = head.metadata[sourceKey];
  const crc32 = head.metadata[crcKey] ?? crcFromBase64(head.checksum);
  return {
    size: head.size,
    tag: head.etag,
    ...(unit === undefined ? {} : { unit: decoded(unit) }),
    ...(copiedFrom === undefined ? {} : { copiedFrom: decoded(copiedFrom) }),
    ...(crc32 === undefined ? {} : { crc32 }),
  };
};

/** True when that object is what this order wanted to write; of an order without a size the unit alone tells. */
export const isWork = (object: TargetObject | null, order: ObjectOrder): object is TargetObject =>
  object !== null &&
  object.unit === order.unit &&
  (order.size === null || object.size === order.size) &&
  object.copiedFrom === order.copiedFrom;

export const meets = (object: TargetObject | null, expected: Expectation): boolean =>
  'absent' in expected ? object === null : object?.tag === expected.tag;
