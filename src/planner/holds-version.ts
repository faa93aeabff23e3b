/** Does an object in the target already hold this version of a file? Then it is not copied again. */
import type { FileIdentity, TargetObject } from '../core/plan/file.js';
import { mayBecomeSeveral, type Recoding } from '../core/plan/recoding.js';
import { identityDigest, originDigest } from './digests.js';

/**
 * `keepsOrigin`: the target keeps the digest of what was copied, which decides. Elsewhere size and time decide, in
 * whole seconds: SFTP has no finer time.
 */
export const holdsVersion = (
  found: TargetObject,
  identity: FileIdentity,
  keepsOrigin: boolean,
  recoding?: Recoding,
): boolean => {
  // One object tells nothing of the others, and without an origin nothing tells how it was made.
  if (recoding !== undefined)
    return (
      keepsOrigin &&
      !mayBecomeSeveral(recoding, identity.path) &&
      found.copiedFrom === originDigest(identity, recoding)
    );
  if (found.size !== identity.size) return false;
  if (keepsOrigin) return found.copiedFrom === identityDigest(identity);
  return (
    found.modified !== undefined &&
    Math.floor(Number(found.modified)) === Math.floor(Number(identity.modified))
  );
};
