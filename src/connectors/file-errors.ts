/** Errors that every connector of files raises in the same situation; each adds its own driver's errors. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const sourceChanged = defineError({
  code: 'source/changed',
  recovery: 'retry',
  summary: 'A source file is not the version that the run planned to copy.',
  fix: 'Nothing: the unit starts again with the new version, at most a few times. Writers should rename finished files into place.',
});

export const sourceTruncated = defineError({
  code: 'source/truncated',
  recovery: 'retry',
  summary: 'A source file ended before the size that it had when it was listed.',
  fix: 'Nothing: the unit starts again with the new version. Writers should rename finished files into place.',
});

export const sourceMissing = defineError({
  code: 'source/missing',
  recovery: 'never',
  summary: 'The folder, bucket or file that a source names does not exist.',
  fix: 'Correct the path, bucket or key of the source, or create it.',
});

export const targetConflict = defineError({
  code: 'target/conflict',
  recovery: 'never',
  summary: 'Somebody else wrote the target object after this run had planned to write it.',
  fix: 'Find out who else writes this key; then run again: the run plans with what stands there now.',
});

export const targetBadKey = defineError({
  code: 'target/bad-key',
  recovery: 'never',
  summary: 'The key or path of a target is empty, too long or leaves the target folder.',
  fix: 'Correct `key` or `prefix`, or the template in it.',
});

export const uploadGone = defineError({
  code: 'target/upload-gone',
  recovery: 'retry',
  summary:
    'The multipart upload of a unit does not exist any more, and its object is not there either.',
  fix: 'Nothing: the unit starts again. If it repeats, look for a lifecycle rule that aborts uploads early.',
});

export const targetMismatch = defineError({
  code: 'target/mismatch',
  recovery: 'never',
  summary: 'What the target reports differs from what was read at the source.',
  fix: 'Run again; if it repeats, check the network path and the target for corruption.',
});

export const partsDiffer = defineError({
  code: 'target/parts-differ',
  recovery: 'retry',
  summary: 'The parts that the target holds are not the parts that were recorded.',
  fix: 'Nothing: the unit is sent again. If it repeats, somebody else writes into the same upload.',
});

export const connectionRefused = defineError({
  code: 'connection/refused',
  recovery: 'retry',
  summary: 'A server did not accept the connection, or the connection broke.',
  fix: 'Check host, port and network; the attempt is repeated.',
});

export const loginRefused = defineError({
  code: 'connection/login-refused',
  recovery: 'never',
  summary: 'A server refused the credentials of a connection.',
  fix: 'Correct user, password or key of the connection; then run again.',
});

export const accessDenied = defineError({
  code: 'connection/access-denied',
  recovery: 'never',
  summary: 'The server knows the user but does not allow this operation.',
  fix: 'Grant the operation that the message names.',
});

export const fileErrors: readonly ErrorKind[] = [
  sourceChanged,
  sourceTruncated,
  sourceMissing,
  targetConflict,
  targetBadKey,
  uploadGone,
  targetMismatch,
  partsDiffer,
  connectionRefused,
  loginRefused,
  accessDenied,
];
