/** Short names for long things: source identities, units and target addresses. Pure; equal input, equal digest. */
import type { FileIdentity, TargetAddress } from '../core/plan/file.js';
import type { Recoding } from '../core/plan/recoding.js';
import { canonicalJson, type JsonObject } from '../core/values/json.js';
import { sha256Hex } from './hash.js';

/**
 * 16 hex digits over what tells two versions of a file apart at any time: path, size, time, entity tag, version.
 * The hash of both ends is left out: only pinned identities have it, and pinning must not change the digest.
 */
export const identityDigest = (identity: FileIdentity): string => {
  const { path, size, modified, etag, version } = identity;
  const known = { path, size, modified, etag, version };
  return sha256Hex(canonicalJson(known as unknown as JsonObject), 16);
};

/** What is kept with an object: which version it was made from, and how. */
export const originDigest = (identity: FileIdentity, recoding: Recoding | undefined): string =>
  recoding === undefined
    ? identityDigest(identity)
    : `${identityDigest(identity)}-${sha256Hex(canonicalJson(recoding as unknown as JsonObject), 16)}`;

/** The unit that copies this version of a file for this owner: 32 hex digits, safe in any metadata. */
export const unitOf = (owner: string, identity: FileIdentity): string =>
  sha256Hex(`${owner}\n${identityDigest(identity)}`, 32);

/**
 * 8 bytes as 16 hex digits: enough to notice, over all pages of a listing, that two files have one target. Of a
 * million addresses two different ones share a digest once in 37 million runs; the caller then refuses the run.
 */
export const addressDigest = (address: TargetAddress): string =>
  sha256Hex(canonicalJson([address.container, address.key]), 16);
