/**
 * The options of an SFTP connection. Those of sources and targets are the ones of every connector of folders.
 *
 * Keeps true: a connection without a pinned host key is told so at lint (D21), and pins are read in one place.
 */
import { z } from 'zod';
import type { OptionFinding } from '../connector.js';
import {
  bytesPerSecond,
  choice,
  connectionText,
  field,
  secretText,
  wholeNumber,
} from '../fields.js';
import { hostKeyMissing, hostKeyUnpinned } from './diagnostics.js';

export const sftpConnectionOptions = z.strictObject({
  host: connectionText('Name or address of the server'),
  port: wholeNumber(1, 65_535, 'TCP port of the server').default(22),
  username: connectionText('Account to log in with'),
  password: secretText('Password; used only where there is no private key').optional(),
  private_key: secretText('Private key: a PEM, or the base64 of one').optional(),
  private_key_passphrase: secretText('Passphrase of the private key').optional(),
  public_key: connectionText(
    'Host key of the server, pinned: `ssh-ed25519 AAAA…` or the bare base64. Another key is refused',
  ).optional(),
  known_hosts: connectionText(
    'Lines of an OpenSSH known_hosts file that pin the host keys of this server',
    { ours: true },
  ).optional(),
  key_type: choice(['RSA', 'ECDSA', 'ED25519'], {
    description: 'Accepted from the predecessor; a pinned key says its own type',
    template: 'connection',
  }).optional(),
  strict_host_keys: field(z.boolean(), {
    description: 'Refuse a server whose host key is not pinned, instead of warning',
    ours: true,
  }).default(false),
  max_connections: wholeNumber(
    1,
    16,
    'Most connections that one worker keeps open to this server; many files share one',
    { ours: true },
  ).default(2),
  bytes_per_second: bytesPerSecond(),
});
export type SftpConnection = z.output<typeof sftpConnectionOptions>;

export const checkSftpConnection = (connection: SftpConnection): readonly OptionFinding[] => {
  if (connection.public_key !== undefined || connection.known_hosts !== undefined) return [];
  const strict = connection.strict_host_keys;
  return [
    {
      path: ['public_key'],
      kind: strict ? hostKeyMissing : hostKeyUnpinned,
      message: strict
        ? 'strict_host_keys is true, but no host key is pinned'
        : 'no host key is pinned: whoever answers at this address is trusted',
      fix: `Set public_key to a line of: ssh-keyscan -p ${connection.port} ${connection.host}`,
    },
  ];
};
