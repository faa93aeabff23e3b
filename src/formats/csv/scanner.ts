/**
 * Ends of CSV records. Quotes toggle wherever they stand, as PostgreSQL reads them; a newline between quotes is data.
 *
 * Keeps true: what is found does not depend on how the stream is cut into chunks; nothing looks ahead.
 */
import type { CsvFormat } from '../../core/plan/rows.js';
import type { RecordScanner } from '../format.js';

const newline = 10;

/** Where records end; state goes from chunk to chunk. */
interface EndFinder {
  /** Offset behind the last end in the chunk (0: none), and how many there are. */
  find(chunk: Buffer): { readonly end: number; readonly records: number };
}

/** A share of one quote in so many bytes is looked for byte by byte: a call for each would cost more. */
const denseQuoteBytes = 24;
const sliceBytes = 32 * 1024;

/** A doubled quote toggles twice, so the parity of quotes is all there is to know. */
class ParityFinder implements EndFinder {
  readonly #quote: number;
  #inQuotes = false;
  #isDense = false;

  constructor(quote: number) {
    this.#quote = quote;
  }

  find(chunk: Buffer): { readonly end: number; readonly records: number } {
    let end = 0;
    let records = 0;
    for (let from = 0; from < chunk.length; from += sliceBytes) {
      const slice = chunk.subarray(from, from + sliceBytes);
      const found = this.#isDense ? this.#eachByte(slice) : this.#eachMark(slice);
      this.#isDense = found.quotes * denseQuoteBytes > slice.length;
      if (found.end > 0) end = from + found.end;
      records += found.records;
    }
    return { end, records };
  }

  #eachMark(slice: Buffer) {
    let [end, records, quotes] = [0, 0, 0];
    let quoteAt = slice.indexOf(this.#quote);
    let newlineAt = slice.indexOf(newline);
    while (newlineAt !== -1) {
      // The parity up to this newline decides whether it ends a record.
      while (quoteAt !== -1 && quoteAt < newlineAt) {
        this.#inQuotes = !this.#inQuotes;
        quotes++;
        quoteAt = slice.indexOf(this.#quote, quoteAt + 1);
      }
      if (!this.#inQuotes) {
        end = newlineAt + 1;
        records++;
      }
      newlineAt = slice.indexOf(newline, newlineAt + 1);
    }
    while (quoteAt !== -1) {
      this.#inQuotes = !this.#inQuotes;
      quotes++;
      quoteAt = slice.indexOf(this.#quote, quoteAt + 1);
    }
    return { end, records, quotes };
  }

  #eachByte(slice: Buffer) {
    const quote = this.#quote;
    let inQuotes = this.#inQuotes;
    let [end, records, quotes] = [0, 0, 0];
    for (let at = 0; at < slice.length; at++) {
      const byte = slice[at];
      if (byte === quote) {
        inQuotes = !inQuotes;
        quotes++;
      } else if (byte === newline && !inQuotes) {
        end = at + 1;
        records++;
      }
    }
    this.#inQuotes = inQuotes;
    return { end, records, quotes };
  }
}

/**
 * `quoting: none`: the escape takes the meaning from the byte behind it, wherever it stands. Otherwise only between
 * quotes, where it keeps a quote from closing.
 */
class EscapeFinder implements EndFinder {
  /** -1 where nothing is quoted. */
  readonly #quote: number;
  readonly #escape: number;
  #inQuotes = false;
  #isEscaped = false;

  constructor(quote: number, escape: number) {
    this.#quote = quote;
    this.#escape = escape;
  }

  find(chunk: Buffer): { readonly end: number; readonly records: number } {
    const [quote, escape, everywhere] = [this.#quote, this.#escape, this.#quote === -1];
    let [inQuotes, isEscaped] = [this.#inQuotes, this.#isEscaped];
    let [end, records] = [0, 0];
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (isEscaped) isEscaped = false;
      else if (byte === escape && (inQuotes || everywhere)) isEscaped = true;
      else if (byte === quote) inQuotes = !inQuotes;
      else if (byte === newline && !inQuotes) {
        end = at + 1;
        records++;
      }
    }
    this.#inQuotes = inQuotes;
    this.#isEscaped = isEscaped;
    return { end, records };
  }
}

const finderOf = ({ quote, escape, quoting }: CsvFormat): EndFinder => {
  const [quoteByte, escapeByte] = [quote.charCodeAt(0), escape.charCodeAt(0)];
  if (quoting === 'none') return new EscapeFinder(-1, escapeByte);
  return quote === escape ? new ParityFinder(quoteByte) : new EscapeFinder(quoteByte, escapeByte);
};

class CsvScanner implements RecordScanner {
  readonly #finder: EndFinder;
  #isInside = false;

  constructor(format: CsvFormat) {
    this.#finder = finderOf(format);
  }

  scan(chunk: Buffer): { readonly end: number; readonly records: number } {
    const found = this.#finder.find(chunk);
    if (chunk.length > 0) this.#isInside = found.end < chunk.length;
    return found;
  }

  get isInside(): boolean {
    return this.#isInside;
  }
}

export const csvScanner = (format: CsvFormat): RecordScanner => new CsvScanner(format);
