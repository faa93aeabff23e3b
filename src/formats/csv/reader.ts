/**
 * Records of CSV as cells. Quotes toggle wherever they stand, as PostgreSQL reads them; what stands for NULL counts only
 * without quotes, so that NULL and an empty text stay apart (promise G15).
 *
 * Keeps true: a record is given whole or not at all, however the bytes are cut; a record that has not as many values as
 * the header is refused with its number and never with its values.
 */
import { isUtf8 } from 'node:buffer';
import { TidemarkError } from '../../core/errors/error.js';
import type { CsvFormat } from '../../core/plan/rows.js';
import type { CellKind, RecordReader, RecordSink } from '../codec.js';
import { badHeader, badRecord, notUtf8 } from '../errors.js';
import { csvHead } from './head.js';

const newline = 10;
const carriageReturn = 13;

/** Values of the record at hand; `from` and `to` are offsets in the bytes, or in the scratch where `isScratch`. */
interface Cells {
  count: number;
  readonly from: number[];
  readonly to: number[];
  readonly kind: CellKind[];
  readonly isScratch: boolean[];
}

export class CsvReader implements RecordReader {
  readonly #format: CsvFormat;
  readonly #delimiter: number;
  /** -1 where nothing is quoted. */
  readonly #quote: number;
  readonly #escape: number;
  readonly #nullText: Buffer;
  readonly #wanted: readonly string[] | null;
  /** Which value each written column takes; null: all in their order. */
  #order: readonly number[] | null = null;
  #columns: readonly string[] | null = null;
  /** Values of each record; without a header those of the first one. */
  #width = 0;
  #records = 0;
  #scratch = Buffer.allocUnsafe(4096);
  #scratchUsed = 0;
  readonly #cells: Cells = { count: 0, from: [], to: [], kind: [], isScratch: [] };

  constructor(format: CsvFormat, wanted: readonly string[] | null) {
    this.#format = format;
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#quote = format.quoting === 'none' ? -1 : format.quote.charCodeAt(0);
    this.#escape = format.escape.charCodeAt(0);
    this.#nullText = Buffer.from(format.nullText);
    this.#wanted = wanted;
  }

  get records(): number {
    return this.#records;
  }

  get columns(): readonly string[] {
    return this.#columns ?? [];
  }

  read(bytes: Buffer, isLast: boolean, sink: RecordSink): number {
    let at = 0;
    if (this.#columns === null) {
      const head = csvHead(this.#format, bytes, isLast);
      if (head === null) return 0;
      this.#begin(head.columns, sink);
      at = head.bytes;
    }
    const first = at;
    while (at < bytes.length) {
      const end = this.#record(bytes, at, isLast);
      if (end < 0) break;
      at = end;
      this.#give(bytes, sink);
    }
    if (!isUtf8(bytes.subarray(first, at)))
      throw new TidemarkError(
        notUtf8,
        `reading CSV: what stands before record ${String(this.#records + 1)} is not UTF-8`,
      );
    return at;
  }

  #begin(columns: readonly string[], sink: RecordSink): void {
    this.#columns = columns;
    this.#width = columns.length;
    if (this.#wanted === null) {
      sink.begin(columns);
      return;
    }
    const missing = this.#wanted.find((name) => !columns.includes(name));
    // A file without a byte has no header that could lack a name.
    if (missing !== undefined && columns.length > 0)
      throw new TidemarkError(
        badHeader,
        `reading the header of a CSV file: it has no column ${JSON.stringify(missing)}`,
      );
    this.#order = this.#wanted.map((name) => columns.indexOf(name));
    sink.begin(this.#wanted);
  }

  #give(bytes: Buffer, sink: RecordSink): void {
    const { count, from, to, kind, isScratch } = this.#cells;
    // A blank line is no record, unless a record has one value: then it is an empty one.
    if (count === 1 && this.#width !== 1 && kind[0] === 'null' && from[0] === to[0]) return;
    this.#records++;
    if (this.#width === 0) this.#width = count;
    if (count !== this.#width)
      throw new TidemarkError(
        badRecord,
        `reading CSV: record ${String(this.#records)} has ${String(count)} values, ${this.#format.header ? 'the header' : 'the first'} has ${String(this.#width)}`,
      );
    const one = (index: number): void => {
      sink.cell(
        kind[index] ?? 'null',
        isScratch[index] === true ? this.#scratch : bytes,
        from[index] ?? 0,
        to[index] ?? 0,
      );
    };
    if (this.#order === null) for (let index = 0; index < count; index++) one(index);
    else for (const index of this.#order) one(index);
    sink.endRow();
  }

  /** Takes the record at `at` apart; its end, or -1 when it does not end in these bytes. */
  #record(bytes: Buffer, at: number, isLast: boolean): number {
    this.#cells.count = 0;
    this.#scratchUsed = 0;
    const delimiter = this.#delimiter;
    for (let start = at; ;) {
      const end = this.#value(bytes, start);
      if (end < 0) {
        if (isLast) throw this.#unclosed();
        return -1;
      }
      if (end === bytes.length) return isLast ? end : -1;
      if (bytes[end] !== delimiter) return end + 1;
      start = end + 1;
    }
  }

  #unclosed(): TidemarkError {
    return new TidemarkError(
      badRecord,
      `reading CSV: record ${String(this.#records + 1)} opens a quote and never closes it`,
    );
  }

  /** Offset of the delimiter or newline behind the value, or the length; -1 inside quotes. */
  #value(bytes: Buffer, start: number): number {
    const [delimiter, quote] = [this.#delimiter, this.#quote];
    // Without quotes the escape takes the meaning from the next byte, wherever it stands.
    const escape = quote === -1 ? this.#escape : -1;
    const { length } = bytes;
    if (bytes[start] === quote) return this.#quoted(bytes, start);
    let at = start;
    for (; at < length; at++) {
      const byte = bytes[at];
      if (byte === delimiter || byte === newline) break;
      if (byte === quote || byte === escape) return this.#slow(bytes, start);
    }
    this.#push(start, this.#beforeReturn(bytes, start, at), bytes);
    return at;
  }

  /** A CR before the newline that ends the record belongs to the line end; at the end of the file, too. */
  #beforeReturn(bytes: Buffer, start: number, end: number): number {
    const isEnd = end === bytes.length || bytes[end] === newline;
    return isEnd && end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
  }

  #quoted(bytes: Buffer, start: number): number {
    const [quote, escape] = [this.#quote, this.#escape];
    const { length } = bytes;
    let at = start + 1;
    while (at < length && bytes[at] !== quote && bytes[at] !== escape) at++;
    if (at >= length) return -1;
    const next = bytes[at + 1];
    const isPlain =
      bytes[at] === quote &&
      at + 1 < length &&
      (next === this.#delimiter ||
        next === newline ||
        (next === carriageReturn && bytes[at + 2] === newline));
    if (!isPlain) return this.#slow(bytes, start);
    this.#add('text', start + 1, at, false);
    return next === carriageReturn ? at + 2 : at + 1;
  }

  /** Any value, byte by byte, without its quotes and escapes. */
  #slow(bytes: Buffer, start: number): number {
    return this.#quote === -1 ? this.#slowBare(bytes, start) : this.#slowQuoted(bytes, start);
  }

  #isEnd(byte: number): boolean {
    return byte === this.#delimiter || byte === newline;
  }

  #slowQuoted(bytes: Buffer, start: number): number {
    const [quote, escape] = [this.#quote, this.#escape];
    const from = this.#scratchUsed;
    let [isIn, isText] = [false, false];
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      const next = bytes[at + 1];
      if (isIn && byte === escape && (next === quote || next === escape)) {
        this.#keep(next);
        at++;
      } else if (byte === quote) {
        // The last byte may be half of a doubled quote: the record then ends with the bytes, and is read again.
        isIn = !isIn;
        isText = true;
      } else if (!isIn && this.#isEnd(byte)) break;
      else this.#keep(byte);
    }
    if (isIn) return -1;
    this.#finish(bytes, { from, at, isText });
    return at;
  }

  #slowBare(bytes: Buffer, start: number): number {
    const from = this.#scratchUsed;
    let isText = false;
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === this.#escape) {
        this.#keep(bytes[++at] ?? byte);
        isText = true;
      } else if (this.#isEnd(byte)) break;
      else this.#keep(byte);
    }
    this.#finish(bytes, { from, at: Math.min(at, bytes.length), isText });
    return Math.min(at, bytes.length);
  }

  #finish(
    bytes: Buffer,
    { from, at, isText }: { readonly from: number; readonly at: number; readonly isText: boolean },
  ): void {
    let to = this.#scratchUsed;
    const isEnd = at === bytes.length || bytes[at] === newline;
    // Only a CR that stood outside quotes is part of the line end.
    if (isEnd && to > from && bytes[at - 1] === carriageReturn && this.#scratch[to - 1] === 13)
      to--;
    if (isText) this.#add('text', from, to, true);
    else this.#pushScratch(from, to);
  }

  #keep(byte: number): void {
    if (this.#scratchUsed === this.#scratch.length) {
      const larger = Buffer.allocUnsafe(this.#scratch.length * 2);
      this.#scratch.copy(larger);
      this.#scratch = larger;
    }
    this.#scratch[this.#scratchUsed++] = byte;
  }

  #pushScratch(from: number, to: number): void {
    const isNull = this.#scratch.subarray(from, to).equals(this.#nullText);
    this.#add(isNull ? 'null' : 'text', from, to, true);
  }

  #push(from: number, to: number, bytes: Buffer): void {
    const { length } = this.#nullText;
    const isNull =
      to - from === length &&
      (length === 0 || bytes.compare(this.#nullText, 0, length, from, to) === 0);
    this.#add(isNull ? 'null' : 'text', from, to, false);
  }

  #add(kind: CellKind, from: number, to: number, isScratch: boolean): void {
    const cells = this.#cells;
    const index = cells.count++;
    cells.kind[index] = kind;
    cells.from[index] = from;
    cells.to[index] = to;
    cells.isScratch[index] = isScratch;
  }
}
