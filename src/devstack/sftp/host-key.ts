/**
 * The host key of the server: made new, and described the way that clients show and store it.
 */
import { createHash } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

const MAX_TRIES = 20;

/**
 * A new ed25519 private key as PEM text (OpenSSH's format). The generator of ssh2 cuts zero bytes off the front of
 * a public key, and its parser refuses such a key, about one of 256: then another one is made. Fails after 20 keys.
 */
export function createHostKey(generate: () => string = generateEd25519): string {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const pem = generate();
    if (!(readKey(pem) instanceof Error)) return pem;
  }
  throw new Error(
    `creating a host key: ${MAX_TRIES} new keys could not be read back, although about one of 256 should ` +
      'be unreadable; the generator of ssh2 does not work here',
  );
}

function generateEd25519(): string {
  return ssh2.utils.generateKeyPairSync('ed25519').private;
}

export interface HostKeyIdentity {
  /** As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding. */
  readonly hostKeyFingerprint: string;
  /** As a line of known_hosts has it after the host: `ssh-ed25519 AAAA…`. */
  readonly publicKey: string;
}

/** The private key, or what is wrong with the text. */
function readKey(pem: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(pem);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error) return key;
  return key?.isPrivateKey() ? key : new Error('it holds no private key');
}

/** Fails when `pem` is not a private key without a passphrase. */
export function describeHostKey(pem: string): HostKeyIdentity {
  const key = readKey(pem);
  if (key instanceof Error) {
    throw new Error(
      `starting the SFTP server: hostKey cannot be used: ${key.message}; give a private key as PEM text ` +
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
