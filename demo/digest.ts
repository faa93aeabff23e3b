/** SHA-256 of streams and files, computed here: an answer that Tidemark has no part in. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export interface Digested {
  /** 64 hex digits, as `sha256sum` prints them. */
  readonly sha256: string;
  readonly bytes: number;
}

export const digestOf = async (chunks: AsyncIterable<Uint8Array>): Promise<Digested> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
};

export const digestOfFile = (path: string): Promise<Digested> =>
  digestOf(createReadStream(path, { highWaterMark: 1024 * 1024 }));
