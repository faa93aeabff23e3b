/**
 * Which host keys a connection accepts (D21): the pinned ones; without a pin any, with its fingerprint logged.
 *
 * A key is compared as the bytes of its public blob, so spelling and comments of a pin do not matter. Formats:
 * sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT", RFC 4253 §6.6.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SftpConnection } from './options.js';

export interface HostKeyPins {
  /** Public blobs; empty means nothing is pinned. */
  readonly accepted: readonly Buffer[];
  /** Blobs marked `@revoked`: refused even where nothing is pinned. */
  readonly revoked: readonly Buffer[];
}

/** `SHA256:…`, as ssh-keygen -l prints it. */
export const fingerprint = (blob: Buffer): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

/** The algorithm that a public blob names: `ssh-ed25519`. */
export const keyTypeOf = (blob: Buffer): string => {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return blob.subarray(4, 4 + length).toString('latin1');
};

/** The blob in `ssh-ed25519 AAAA… comment` or in bare base64; undefined when there is none. */
export const parsePublicKey = (text: string): Buffer | undefined => {
  for (const word of text.trim().split(/\s+/)) {
    if (!/^[A-Za-z0-9+/]{32,}={0,2}$/.test(word)) continue;
    const blob = Buffer.from(word, 'base64');
    if (/^(ssh|ecdsa|sk)-/.test(keyTypeOf(blob))) return blob;
  }
  return undefined;
};

const matchesHashed = (pattern: string, host: string): boolean => {
  const [, , salt = '', digest = ''] = pattern.split('|');
  const computed = createHmac('sha1', Buffer.from(salt, 'base64')).update(host).digest();
  const expected = Buffer.from(digest, 'base64');
  return computed.length === expected.length && timingSafeEqual(computed, expected);
};

const matchesPattern = (pattern: string, host: string): boolean => {
  if (pattern.startsWith('|1|')) return matchesHashed(pattern, host);
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(host);
};

const lineCovers = (patterns: readonly string[], host: string): boolean =>
  patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, host)) &&
  !patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), host));

const parseKnownHosts = (text: string, host: string): HostKeyPins => {
  const accepted: Buffer[] = [];
  const revoked: Buffer[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const patterns = words.shift() ?? '';
    const blob = parsePublicKey(words.join(' '));
    if (patterns === '' || patterns.startsWith('#') || blob === undefined) continue;
    // Certificate authorities are no host keys; a server that only has a certificate stays unpinned here.
    if (marker === '@cert-authority' || !lineCovers(patterns.split(','), host)) continue;
    (marker === '@revoked' ? revoked : accepted).push(blob);
  }
  return { accepted, revoked };
};

/** What is pinned, or the name of the option that pins nothing although it is set. */
export const hostKeyPins = (
  connection: SftpConnection,
): HostKeyPins | { readonly unusable: 'public_key' | 'known_hosts' } => {
  const own = connection.public_key === undefined ? null : parsePublicKey(connection.public_key);
  if (own === undefined) return { unusable: 'public_key' };
  const name = connection.host.toLowerCase();
  const host = connection.port === 22 ? name : `[${name}]:${connection.port}`;
  const known = parseKnownHosts(connection.known_hosts ?? '', host);
  if (own === null && connection.known_hosts !== undefined && known.accepted.length === 0) {
    return { unusable: 'known_hosts' };
  }
  return {
    accepted: own === null ? known.accepted : [own, ...known.accepted],
    revoked: known.revoked,
  };
};

const preferred = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
] as const;
export type HostKeyAlgorithm = (typeof preferred)[number];

/** Signature algorithms to offer, the pinned types first: else the server might show another key of its own. */
export const hostKeyAlgorithms = (accepted: readonly Buffer[]): HostKeyAlgorithm[] => {
  const types = new Set(accepted.map(keyTypeOf));
  const pinned = (algorithm: string): boolean =>
    types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...preferred.filter(pinned), ...preferred.filter((algorithm) => !pinned(algorithm))];
};
