/**
 * Opens a connection: login, host key, ciphers, SFTP channel.
 *
 * Keeps true: wrong credentials and a changed host key fail at once with a declared error and are never tried again;
 * nothing of the driver's text, no secret and no banner of the server enters a message.
 */
import { TidemarkError } from '../../core/errors/error.js';
import { connectionRefused, loginRefused } from '../file-errors.js';
import { openSsh, isPrivateKey, type ConnectFailure, type SftpClient } from './client.js';
import {
  hostKeyChanged,
  hostKeyUnknown,
  negotiationFailed,
  privateKeyUnreadable,
} from './errors.js';
import {
  fingerprint,
  hostKeyAlgorithms,
  hostKeyPins,
  keyTypeOf,
  type HostKeyPins,
} from './host-keys.js';
import type { SftpConnection } from './options.js';

export interface ConnectContext {
  readonly connectionName: string;
  readonly signal: AbortSignal;
  /** Called with the fingerprint of a key that nothing pins. */
  unpinned(message: string): void;
}

const where = (connection: SftpConnection, context: ConnectContext): string =>
  `connection ${context.connectionName}: ${connection.username}@${connection.host}:${connection.port}`;

const pinsOf = (connection: SftpConnection, context: ConnectContext): HostKeyPins => {
  const pins = hostKeyPins(connection);
  if ('unusable' in pins) {
    throw new TidemarkError(
      hostKeyUnknown,
      `${where(connection, context)}: ${pins.unusable} holds no host key of this server`,
    );
  }
  if (pins.accepted.length === 0 && connection.strict_host_keys) {
    throw new TidemarkError(
      hostKeyUnknown,
      `${where(connection, context)}: strict_host_keys is true, but no host key is pinned`,
    );
  }
  return pins;
};

/** The PEM, from itself or from its base64. */
const pemOf = (text: string): string =>
  text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');

const credentials = (connection: SftpConnection, context: ConnectContext) => {
  if (connection.private_key === undefined) return { password: connection.password ?? '' };
  const privateKey = pemOf(connection.private_key);
  const passphrase = connection.private_key_passphrase;
  if (isPrivateKey(privateKey, passphrase)) {
    return { privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
  }
  throw new TidemarkError(
    privateKeyUnreadable,
    `${where(connection, context)}: private_key cannot be read`,
  );
};

const connectError = (
  failure: ConnectFailure,
  connection: SftpConnection,
  context: ConnectContext,
): TidemarkError => {
  const place = where(connection, context);
  const facts = { cause: failure.cause };
  switch (failure.reason) {
    case 'login':
      return new TidemarkError(loginRefused, `${place}: the login was refused`, facts);
    case 'negotiation':
      return new TidemarkError(negotiationFailed, `${place}: no common algorithm`, facts);
    case 'subsystem':
      return new TidemarkError(negotiationFailed, `${place}: no SFTP subsystem is offered`, facts);
    case 'network':
      return new TidemarkError(
        connectionRefused,
        `${place}: no connection${failure.code === '' ? '' : ` (${failure.code})`}`,
        facts,
      );
  }
};

const isRevoked = (pins: HostKeyPins, key: Buffer): boolean =>
  pins.revoked.some((blob) => blob.equals(key));

/** Connects once; the caller repeats. Takes at most `readyTimeoutMs`. */
export const connect = async (
  connection: SftpConnection,
  context: ConnectContext,
): Promise<SftpClient> => {
  const pins = pinsOf(connection, context);
  let shown: Buffer | undefined;
  let refused: Buffer | undefined;
  const acceptsKey = (key: Buffer): boolean => {
    shown = key;
    const pinned = pins.accepted.length > 0;
    const accepted = !isRevoked(pins, key) && (!pinned || pins.accepted.some((p) => p.equals(key)));
    if (!accepted) refused = key;
    return accepted;
  };
  const answer = await openSsh({
    host: connection.host,
    port: connection.port,
    username: connection.username,
    ...credentials(connection, context),
    hostKeyAlgorithms: hostKeyAlgorithms(pins.accepted),
    acceptsKey,
    signal: context.signal,
  });
  if (refused !== undefined) {
    throw new TidemarkError(
      hostKeyChanged,
      `${where(connection, context)}: the server shows ${keyTypeOf(refused)} ${fingerprint(refused)}, which is not the pinned key`,
    );
  }
  if ('reason' in answer) throw connectError(answer, connection, context);
  if (pins.accepted.length === 0 && shown !== undefined) {
    context.unpinned(
      `${where(connection, context)}: host key accepted without a pin: ${keyTypeOf(shown)} ${fingerprint(shown)}`,
    );
  }
  return answer;
};
