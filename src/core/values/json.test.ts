import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from './json.js';

describe('canonicalJson', () => {
  it('does not depend on the order in which keys were written', () => {
    expect(canonicalJson({ b: 1, a: { d: [2, null], c: 'x' } })).toBe(
      '{"a":{"c":"x","d":[2,null]},"b":1}',
    );
    expect(canonicalJson({ a: { c: 'x', d: [2, null] }, b: 1 })).toBe(
      '{"a":{"c":"x","d":[2,null]},"b":1}',
    );
  });

  it('is JSON of an equal value, for every value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(canonicalJson(JSON.parse(text) as JsonValue))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('leaves out what is undefined, as JSON does', () => {
    expect(canonicalJson({ a: undefined } as unknown as JsonObject)).toBe('{}');
  });
});

describe('isJsonObject', () => {
  it.each([[null], [[1]], ['text'], [undefined]])('is false for %j', (value) => {
    expect(isJsonObject(value)).toBe(false);
  });
});
