/** What lint can find in the options of a bucket. */
import { defineDiagnostic, type DiagnosticKind } from '../../core/errors/diagnostic.js';

export const halfAKey = defineDiagnostic({
  code: 's3/half-a-key',
  severity: 'error',
  summary: 'One half of a static key is given without the other.',
  fix: 'Give both `access_key` and `secret_key`, or neither, to use the default chain of AWS.',
});

export const unverifiedServer = defineDiagnostic({
  code: 's3/unverified-server',
  severity: 'warning',
  summary:
    'The certificate of the server is not checked, so that whoever answers at its address is trusted.',
  fix: 'Add the certificate of its issuer to NODE_EXTRA_CA_CERTS and leave `verify` out.',
});

export const smallParts = defineDiagnostic({
  code: 's3/small-parts',
  severity: 'error',
  summary: 'The parts that a target asks for are smaller than S3 takes.',
  fix: 'Write a `part_size` of 5 MiB or more, or leave it out.',
});

export const keyAndPattern = defineDiagnostic({
  code: 's3/key-and-pattern',
  severity: 'warning',
  summary: 'A source names exactly one object and has a pattern, which can only leave it out.',
  fix: 'Leave out `pattern`, or write `prefix` instead of `key`.',
});

export const s3Findings: readonly DiagnosticKind[] = [
  halfAKey,
  unverifiedServer,
  smallParts,
  keyAndPattern,
];
