import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formatCrc32 } from '../../core/values/crc32.js';
import { agrees, crcFromBase64, crcToBase64, isMadeOf, wholeCrc } from './checksum.js';

const pieces = ['one ', 'two ', 'three'];
const parts = pieces.map((text, index) => ({
  number: index + 1,
  size: text.length,
  crc32: formatCrc32(crc32(text)),
  tag: '',
}));
const whole = formatCrc32(crc32(pieces.join('')));

describe('checksums of S3', () => {
  it('are base64 of four bytes and come back as they went', () => {
    expect(crcToBase64('00000001')).toBe('AAAAAQ==');
    expect(crcFromBase64('AAAAAQ==')).toBe('00000001');
    expect(crcFromBase64('AAAAAQ==-3')).toBeUndefined();
    expect(crcFromBase64('AAAA')).toBeUndefined();
  });

  it('of the whole follow from those of the parts', () => {
    expect(wholeCrc(parts)).toBe(whole);
  });

  it('agree as that of the whole and as that of the checksums, and else disagree', () => {
    const joined = Buffer.concat(parts.map((part) => Buffer.from(part.crc32, 'hex')));
    const composite = `${crcToBase64(formatCrc32(crc32(joined)))}-3`;
    expect(agrees(crcToBase64(whole), parts)).toBe('yes');
    expect(agrees(composite, parts)).toBe('yes');
    expect(agrees(composite, parts.toReversed())).toBe('no');
    expect(agrees(crcToBase64('00000001'), parts)).toBe('no');
    expect(agrees(undefined, parts)).toBe('not-reported');
  });

  it('are proven by an entity tag only when it is the MD5 of the parts and their number', () => {
    const tagged = parts.map((part) => ({ ...part, tag: '"d41d8cd98f00b204e9800998ecf8427e"' }));
    const digests = Buffer.from('d41d8cd98f00b204e9800998ecf8427e'.repeat(3), 'hex');
    const tag = createHash('md5').update(digests).digest('hex');
    expect(isMadeOf(`"${tag}-3"`, tagged)).toBe(true);
    expect(isMadeOf(`"${tag}-2"`, tagged)).toBe(false);
    expect(isMadeOf('"1fcb3cc2b3a3e3d0f3b0ff0fda0fc9bb-3"', tagged)).toBe(false);
    expect(isMadeOf('"x-3"', parts)).toBe(false);
  });
});
