/**
 * CSV from cells. A text that would be read as something else without quotes has them, an empty one and one that looks
 * like NULL too, so that what is read again is what was written (promise G15).
 */
import { invariant } from '../../core/errors/invariant.js';
import { TidemarkError } from '../../core/errors/error.js';
import type { CsvFormat } from '../../core/plan/rows.js';
import { ByteWriter } from '../byte-writer.js';
import type { CellKind, RecordWriter } from '../codec.js';
import { quoteCsvNames } from '../csv-names.js';
import { badRecord } from '../errors.js';

/** What must not stand in a value without quotes, or without an escape where nothing is quoted. */
const marksOf = ({ delimiter, quote, escape, quoting }: CsvFormat): Uint8Array => {
  const marks = new Uint8Array(256);
  for (const mark of [delimiter, '\n', '\r', ...(quoting === 'none' ? [escape] : [quote])])
    marks[mark.charCodeAt(0)] = 1;
  return marks;
};

export class CsvWriter implements RecordWriter {
  readonly #format: CsvFormat;
  readonly #out = new ByteWriter();
  readonly #marks: Uint8Array;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #nullText: Buffer;
  readonly #lineEnd: Buffer;
  #isFirst = true;
  #records = 0;

  constructor(format: CsvFormat) {
    this.#format = format;
    this.#marks = marksOf(format);
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#quote = format.quote.charCodeAt(0);
    this.#escape = format.escape.charCodeAt(0);
    this.#nullText = Buffer.from(format.nullText);
    this.#lineEnd = Buffer.from(format.lineTerminator);
  }

  get records(): number {
    return this.#records;
  }

  begin(columns: readonly string[]): void {
    if (this.#format.header && columns.length > 0)
      this.#out.add(Buffer.from(quoteCsvNames(columns, this.#format)));
  }

  cell(kind: CellKind, bytes: Buffer, from: number, to: number): void {
    if (this.#isFirst) this.#isFirst = false;
    else this.#out.byte(this.#delimiter);
    if (kind === 'null') {
      this.#null();
      return;
    }
    const { quoting } = this.#format;
    if (quoting === 'none') this.#escaped(kind, bytes, from, to);
    else if (
      quoting === 'all' ||
      (quoting === 'nonnumeric' && kind !== 'literal') ||
      this.#needsQuotes(bytes, from, to)
    )
      this.#quoted(bytes, from, to);
    else this.#plain(bytes, from, to);
  }

  endRow(): void {
    this.#out.add(this.#lineEnd);
    this.#isFirst = true;
    this.#records++;
  }

  record(): void {
    invariant(false, 'CSV is written from cells');
  }

  take(): Buffer {
    return this.#out.take();
  }

  end(): void {
    // Nothing ends a file of CSV.
  }

  #null(): void {
    this.#out.add(this.#nullText);
  }

  #isNullText(bytes: Buffer, from: number, to: number): boolean {
    const { length } = this.#nullText;
    return (
      to - from === length &&
      (length === 0 || bytes.compare(this.#nullText, 0, length, from, to) === 0)
    );
  }

  #needsQuotes(bytes: Buffer, from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (this.#marks[bytes[at] ?? 0] === 1) return true;
    return this.#isNullText(bytes, from, to);
  }

  #plain(bytes: Buffer, from: number, to: number): void {
    const out = this.#out;
    out.room(to - from);
    const target = out.bytes;
    let { used } = out;
    for (let at = from; at < to; at++) target[used++] = bytes[at] ?? 0;
    out.used = used;
  }

  #quoted(bytes: Buffer, from: number, to: number): void {
    const [out, quote, escape] = [this.#out, this.#quote, this.#escape];
    out.room(2 * (to - from) + 2);
    const target = out.bytes;
    let { used } = out;
    target[used++] = quote;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote || byte === escape) target[used++] = escape;
      target[used++] = byte;
    }
    target[used++] = quote;
    out.used = used;
  }

  #escaped(kind: CellKind, bytes: Buffer, from: number, to: number): void {
    if (kind !== 'literal' && this.#isNullText(bytes, from, to))
      throw new TidemarkError(
        badRecord,
        `writing CSV: record ${String(this.#records + 1)} holds a text that without quotes means NULL`,
        { fix: 'Write another csv_options.quoting than NONE, or another null_string.' },
      );
    const out = this.#out;
    out.room(2 * (to - from));
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#marks[byte] === 1) out.bytes[out.used++] = this.#escape;
      out.bytes[out.used++] = byte;
    }
  }
}
