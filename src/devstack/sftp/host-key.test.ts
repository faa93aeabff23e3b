import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { createHostKey, describeHostKey } from './host-key.js';

const generate = (): string => ssh2.utils.generateKeyPairSync('ed25519').private;

/** A key of ssh2's own generator that its parser refuses: about one of 256. */
function refusedKey(): string {
  for (let made = 0; made < 20_000; made += 1) {
    const pem = generate();
    if (ssh2.utils.parseKey(pem) instanceof Error) return pem;
  }
  throw new Error('ssh2 made 20,000 keys that can all be read: createHostKey need not try again');
}

describe('createHostKey', () => {
  it('gives a key that the server can describe', () => {
    expect(describeHostKey(createHostKey()).publicKey).toMatch(/^ssh-ed25519 AAAA/);
  });

  it('makes another key as long as the new one is refused', () => {
    const refused = refusedKey();
    const good = createHostKey();
    expect(() => describeHostKey(refused)).toThrow(/Malformed OpenSSH private key/);
    const made = [refused, refused, good];
    expect(createHostKey(() => made.shift() ?? '')).toBe(good);
    expect(made).toEqual([]);
  });

  it('gives up after 20 refused keys', () => {
    let made = 0;
    const broken = (): string => {
      made += 1;
      return 'no key';
    };
    expect(() => createHostKey(broken)).toThrow(/creating a host key: 20 new keys/);
    expect(made).toBe(20);
  });
});
