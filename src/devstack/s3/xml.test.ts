import fc from 'fast-check';
import { expect, it } from 'vitest';
import { childText, readXml } from './xml-read.js';
import { xmlDocument } from './xml-write.js';

it('every text that is written is read back, and opens no element', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const root = readXml(
        xmlDocument('Root', [
          ['Key', `[${text}]`],
          ['Absent', undefined],
        ]),
      );
      expect(childText(root, 'Key')).toBe(`[${text}]`);
      expect(root.children.length).toBe(1);
    }),
  );
});

it.each([
  ['', 'nothing'],
  ['text', 'no element'],
  ['<a><b></a></b>', 'crossed elements'],
  ['<a>', 'an open element'],
  ['</a>', 'an element that was not opened'],
  ['<a/><b/>', 'two roots'],
  ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'a DTD'],
  ['<a>&x;</a>', 'an unknown entity'],
  ['<a>&#x110000;</a>', 'a number that is no character'],
  ['<a>'.repeat(20) + '</a>'.repeat(20), 'deep nesting'],
])('%j is refused: %s', (document) => {
  expect(() => readXml(document)).toThrow(expect.objectContaining({ code: 'MalformedXML' }));
});

it('attributes, prefixes, declarations and self-closing elements are understood', () => {
  const root = readXml(
    '<?xml version="1.0"?>\n<s:Root xmlns:s="http://x/"><s:Empty/><A b=\'c\'> 1 </A></s:Root>\n',
  );
  expect(root.name).toBe('Root');
  expect(childText(root, 'Empty')).toBe('');
  expect(childText(root, 'A')).toBe('1');
});
