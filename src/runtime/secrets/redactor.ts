/**
 * Replaces every secret that this process resolved, in whatever spelling a driver or a URL may have brought it (raw,
 * URL-encoded, base64, JSON-escaped), before a text reaches a log (promise G10).
 */
const replacement = '******';

/** Shorter values would blank out half of every text; as secrets they are worthless anyway. */
const lengthMin = 4;

const spellings = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret, 'utf8').toString('base64'),
  Buffer.from(secret, 'utf8').toString('base64url'),
  JSON.stringify(secret).slice(1, -1),
];

export class Redactor {
  readonly #secrets = new Set<string>();

  /** Remembers a secret; called wherever one is resolved. */
  add(secret: string): void {
    if (secret.length < lengthMin) return;
    for (const spelling of spellings(secret)) this.#secrets.add(spelling);
  }

  redact = (text: string): string => {
    let result = text;
    // Longest first: a spelling may contain another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length)) {
      result = result.replaceAll(secret, replacement);
    }
    return result;
  };
}
