/**
 * JSON Lines: one object for each line, so a record ends at each newline. Lines that hold nothing are no records.
 *
 * Files do not name their columns: a key may first appear in any record, so the first one does not decide.
 */
import { byteOrderMarkBytes } from '../byte-order-mark.js';
import type { FormatDeclaration, RecordScanner } from '../format.js';

const newline = 10;
/** What JSON takes as blank within a line: tab, CR, space. */
const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 13 || byte === 9;

const hasText = (chunk: Buffer, from: number, to: number): boolean => {
  for (let at = from; at < to; at++) if (!isBlank(chunk[at])) return true;
  return false;
};

class LineScanner implements RecordScanner {
  #isInside = false;

  scan(chunk: Buffer): { readonly end: number; readonly records: number } {
    let [at, end, records] = [0, 0, 0];
    for (;;) {
      const found = chunk.indexOf(newline, at);
      if (found === -1) break;
      if (this.#isInside || hasText(chunk, at, found)) {
        end = found + 1;
        records++;
      }
      this.#isInside = false;
      at = found + 1;
    }
    this.#isInside ||= hasText(chunk, at, chunk.length);
    return { end, records };
  }

  get isInside(): boolean {
    return this.#isInside;
  }
}

export const jsonl: FormatDeclaration = {
  kind: 'jsonl',
  title: 'JSON Lines',
  extension: 'jsonl',
  scanner: () => new LineScanner(),
  head: (_format, firstBytes, isWhole) => {
    const bytes = byteOrderMarkBytes(firstBytes, isWhole);
    return bytes === null ? null : { columns: [], bytes };
  },
};
