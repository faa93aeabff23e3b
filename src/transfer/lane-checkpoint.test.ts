import { describe, expect, it } from 'vitest';
import { acceptCheckpoint, chainPart, emptyChain, partsDigestChain } from './lane-checkpoint.js';
import { noParts } from './part-builder.js';

const part = (number: number, crc32 = '0000000a', tag = `t${String(number)}`) => ({
  number,
  size: 10,
  crc32,
  tag,
});

const at = (parts: number, digest: string) => ({ ...noParts, parts, digest });

describe('chain digests', () => {
  it('go on from the digest of the parts before', () => {
    const two = partsDigestChain([part(1), part(2)]);
    expect(chainPart(two, part(3))).toBe(partsDigestChain([part(1), part(2), part(3)]));
    expect(partsDigestChain([])).toBe(emptyChain);
  });

  it('differ when any part differs in anything', () => {
    const known = partsDigestChain([part(1), part(2)]);
    expect(partsDigestChain([part(1, '0000000b'), part(2)])).not.toBe(known);
    expect(partsDigestChain([part(1), part(2, '0000000a', 'other')])).not.toBe(known);
    expect(partsDigestChain([part(1), { ...part(2), size: 11 }])).not.toBe(known);
  });
});

describe('acceptCheckpoint', () => {
  const one = at(1, partsDigestChain([part(1)]));
  const two = at(2, partsDigestChain([part(1), part(2)]));

  it('takes the newest that the listed parts reproduce, whatever else is listed', () => {
    expect(acceptCheckpoint([one, null, two], [part(3), part(2), part(1)])).toBe(two);
  });

  it('falls back to an older one where a later part is another', () => {
    expect(acceptCheckpoint([two, one], [part(1), part(2, 'ffffffff')])).toBe(one);
  });

  it('takes none where a part is missing or the first one differs', () => {
    expect(acceptCheckpoint([two, one], [part(2)])).toBeNull();
    expect(acceptCheckpoint([two, one], [part(1, 'ffffffff'), part(2)])).toBeNull();
    expect(acceptCheckpoint([], [part(1)])).toBeNull();
  });
});
