import { describe, expect, it } from 'vitest';
import { filled } from './statement-secrets.js';

const open = (env: Readonly<Record<string, string>>) => {
  const seen: string[] = [];
  return { seen, read: (name: string) => env[name], saw: (value: string) => void seen.push(value) };
};

describe('a secret in a statement', () => {
  it('becomes a text that the connector quotes, and is known to the redactor before', () => {
    const secrets = open({ KEY: "s3cret's" });
    expect(filled(['k = ', { secret: 'KEY' }, { mark: 'now' }], secrets)).toEqual([
      'k = ',
      { value: "s3cret's", as: 'text' },
      { mark: 'now' },
    ]);
    expect(secrets.seen).toEqual(["s3cret's"]);
  });

  it('that is not set is its default, else an error that names it', () => {
    expect(filled([{ secret: 'KEY', default: 'none' }], open({}))).toEqual([
      { value: 'none', as: 'text' },
    ]);
    expect(() => filled([{ secret: 'KEY' }], open({}))).toThrow('the secret "KEY" is not set');
  });
});
