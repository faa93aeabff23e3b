/**
 * The host key of the server: made new, and described the way that clients show and store it.
 */
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';

/** A new ed25519 private key as PEM text (OpenSSH's format). */
export function createHostKey(): string {
  return ssh2.utils.generateKeyPairSync('ed25519').private;
}

export interface HostKeyIdentity {
  /** As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding. */
  readonly hostKeyFingerprint: string;
  /** As a line of known_hosts has it after the host: `ssh-ed25519 AAAA…`. */
  readonly publicKey: string;
}

/** Fails when `pem` is not a private key without a passphrase. */
export function describeHostKey(pem: string): HostKeyIdentity {
  const parsed = ssh2.utils.parseKey(pem);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) {
    const problem = key instanceof Error ? key.message : 'it holds no private key';
    throw new Error(
      `starting the SFTP server: hostKey cannot be used: ${problem}; give a private key as PEM text ` +
        'without a passphrase, for example from createHostKey()',
    );
  }
  const blob = key.getPublicSSH();
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return {
    hostKeyFingerprint: `SHA256:${digest}`,
    publicKey: `${key.type} ${blob.toString('base64')}`,
  };
}
