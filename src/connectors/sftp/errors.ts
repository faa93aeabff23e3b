/**
 * What can go wrong on an SFTP connection, as declared errors. The driver's own text never enters a message: servers
 * put paths and banners into it, and it would cross to Temporal.
 */
import { defineError, TidemarkError, type ErrorKind } from '../../core/errors/error.js';
import { accessDenied, connectionRefused, fileErrors, sourceMissing } from '../file-errors.js';
import { listingTooLarge } from '../folder-walk.js';

export const hostKeyChanged = defineError({
  code: 'sftp/host-key-changed',
  recovery: 'never',
  summary: 'The server shows another host key than the pinned one.',
  fix: 'Ask its operator whether the key was changed; then pin the new one in `public_key` or `known_hosts`.',
});

export const hostKeyUnknown = defineError({
  code: 'sftp/host-key-unknown',
  recovery: 'never',
  summary:
    '`strict_host_keys` is true and no host key of the server is pinned, or the pin cannot be read.',
  fix: 'Pin the key in `public_key` (`ssh-ed25519 AAAA…`) or `known_hosts`.',
});

export const privateKeyUnreadable = defineError({
  code: 'sftp/private-key-unreadable',
  recovery: 'never',
  summary:
    'The private key of a connection is no PEM, no base64 of one, or its passphrase is wrong.',
  fix: 'Set `private_key` to the PEM or its base64, and `private_key_passphrase` where it has one.',
});

export const negotiationFailed = defineError({
  code: 'sftp/negotiation-failed',
  recovery: 'never',
  summary:
    'Client and server share no cipher, key exchange or host key algorithm, or the server offers no SFTP.',
  fix: 'Enable a current algorithm (aes128-gcm, curve25519, ed25519) and the sftp subsystem on the server.',
});

export const serverFailure = defineError({
  code: 'sftp/server-failure',
  recovery: 'retry',
  summary:
    'The server answered an operation with its general failure, which may mean a full disk or a quota.',
  fix: 'Nothing at first: the attempt is repeated. If it stays, look for quota, disk and the log of the server.',
});

export const unsupported = defineError({
  code: 'sftp/unsupported',
  recovery: 'never',
  summary: 'The server does not support an operation that this transfer needs.',
  fix: 'Use a server with SFTP version 3, or another target.',
});

export const sftpErrors: readonly ErrorKind[] = [
  ...fileErrors,
  hostKeyChanged,
  hostKeyUnknown,
  listingTooLarge,
  negotiationFailed,
  privateKeyUnreadable,
  serverFailure,
  unsupported,
];

/** How an operation ended badly: SFTP's own status, or `lost` for a connection that broke or was closed. */
export type SftpStatus = 'missing' | 'denied' | 'failure' | 'unsupported' | 'lost';

/** Stays inside this connector; `declared` makes the error that leaves it. */
export class SftpFailure extends Error {
  override readonly name = 'SftpFailure';
  readonly status: SftpStatus;

  constructor(status: SftpStatus, cause?: unknown) {
    super(`sftp ${status}`, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

export const hasStatus = (error: unknown, status: SftpStatus): boolean =>
  error instanceof SftpFailure && error.status === status;

const kinds: Readonly<Record<SftpStatus, readonly [ErrorKind, string]>> = {
  missing: [sourceMissing, 'does not exist'],
  denied: [accessDenied, 'is not allowed'],
  failure: [serverFailure, 'failed on the server'],
  unsupported: [unsupported, 'is not supported by the server'],
  lost: [connectionRefused, 'was cut off: the connection broke'],
};

/**
 * The declared error for a failure while `doing`: a gerund with the path ("reading /out/a.csv"). Declared errors and
 * cancellations pass unchanged.
 */
export const declared = (error: unknown, connectionName: string, doing: string): unknown => {
  if (!(error instanceof SftpFailure)) return error;
  const [kind, what] = kinds[error.status];
  return new TidemarkError(kind, `connection ${connectionName}: ${doing} ${what}`, {
    cause: error,
  });
};
