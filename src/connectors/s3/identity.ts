/** Which version of an object this is, from what S3 says about it; and whether two answers mean the same version. */
import type { FileIdentity } from '../../core/plan/file.js';
import { TidemarkError } from '../../core/errors/error.js';
import { sourceChanged } from '../file-errors.js';
import type { ListedObject, ObjectHead } from './calls.js';

export const identityOfHead = (key: string, head: ObjectHead): FileIdentity => ({
  path: key,
  size: head.size,
  modified: head.modified,
  etag: head.etag,
  ...(head.version === undefined ? {} : { version: head.version }),
});

export const identityOfListed = (object: ListedObject): FileIdentity => ({
  path: object.key,
  size: object.size,
  modified: String(Math.floor(object.modifiedMs / 1000)),
  etag: object.etag,
});

const compared = ['path', 'size', 'modified', 'etag', 'version'] as const;

/** The first field that both have and that differs. */
const difference = (a: FileIdentity, b: FileIdentity): string | undefined =>
  compared.find((name) => a[name] !== undefined && b[name] !== undefined && a[name] !== b[name]);

/** Throws `source/changed` unless what stands there now is the planned version. */
export const requireSame = (
  planned: FileIdentity,
  now: FileIdentity | null,
  doing: string,
): void => {
  const differs = now === null ? 'existence' : difference(planned, now);
  if (differs === undefined) return;
  const what = now === null ? 'it does not exist any more' : `its ${differs} is another one`;
  throw new TidemarkError(sourceChanged, `${doing}: ${what} than when it was listed`, {
    details: { path: planned.path, differs },
  });
};
