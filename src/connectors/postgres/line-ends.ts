/** The server ends lines with a line feed; some files want a carriage return before it, but not inside quotes. */
import type { CsvFormat } from '../../core/plan/rows.js';
import type { RowStream } from '../row-connector.js';

const lineFeed = 10;
const carriageReturn = 13;
/** No byte is one: without quotes every line feed ends a line. */
const none = -1;

class LineEnds {
  readonly #quote: number;
  readonly #escape: number;
  #isInside = false;
  #isEscaped = false;

  constructor({ quote, escape, quoting }: CsvFormat) {
    this.#quote = quoting === 'none' ? none : quote.charCodeAt(0);
    // A doubled quote flips twice; it needs no other care.
    this.#escape = quoting === 'none' || escape === quote ? none : escape.charCodeAt(0);
  }

  #endsOf(chunk: Buffer): readonly number[] {
    const ends: number[] = [];
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === this.#quote) this.#isInside = !this.#isInside;
      else if (byte === this.#escape && this.#isInside) this.#isEscaped = true;
      else if (byte === lineFeed && !this.#isInside) ends.push(at);
    }
    return ends;
  }

  replaced(chunk: Buffer): Buffer {
    const ends = this.#endsOf(chunk);
    const bytes = Buffer.allocUnsafe(chunk.length + ends.length);
    let from = 0;
    let to = 0;
    for (const end of ends) {
      to += chunk.copy(bytes, to, from, end);
      bytes[to++] = carriageReturn;
      from = end;
    }
    chunk.copy(bytes, to, from);
    return bytes;
  }
}

export const withCarriageReturns = (stream: RowStream, format: CsvFormat): RowStream => ({
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const ends = new LineEnds(format);
    for await (const chunk of stream) yield ends.replaced(chunk);
  },
  rows: () => stream.rows(),
});
