/**
 * Records of JSON Lines and of JSON arrays. With columns each record becomes cells, else it is given whole.
 *
 * Keeps true: numbers stay the text that they are; a record is given whole or not at all; a key that a record has twice
 * is refused, because nobody knows which value is meant.
 */
import { isUtf8 } from 'node:buffer';
import { TidemarkError } from '../../core/errors/error.js';
import type { JsonFormat } from '../../core/plan/recoding.js';
import type { JsonlFormat } from '../../core/plan/rows.js';
import { byteOrderMarkBytes } from '../byte-order-mark.js';
import type { CellKind, RecordReader, RecordSink } from '../codec.js';
import { badRecord, notUtf8 } from '../errors.js';
import {
  behindColon,
  endOfNameText,
  endOfValue,
  isBlank,
  more,
  skipBlank,
  wrong,
} from './syntax.js';

const [openArray, closeArray, openObject, closeObject, comma, quote] = [91, 93, 123, 125, 44, 34];

/** No table has more columns; a file whose keys are data has no end of them. */
const columnsMax = 10_000;

/* Loops instead of calls: both are asked for every value, and a call costs more than a value has bytes. */

const isEscaped = (bytes: Buffer, from: number, to: number): boolean => {
  for (let at = from; at < to; at++) if (bytes[at] === 92) return true;
  return false;
};

const isSame = (known: Buffer, bytes: Buffer, from: number, to: number): boolean => {
  if (known.length !== to - from) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
};

interface Known {
  readonly name: string;
  /** As the keys stand in the file, without escapes. */
  readonly bytes: Buffer;
}

export class JsonReader implements RecordReader {
  readonly #isArray: boolean;
  readonly #wanted: readonly string[] | null;
  #place: 'start' | 'first' | 'record' | 'behind' | 'end' = 'start';
  #records = 0;
  readonly #known: Known[] = [];
  readonly #byName = new Map<string, number>();
  /** By column: the record that had it last, so that a key is noticed twice. */
  readonly #seenIn: number[] = [];
  readonly #kind: CellKind[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #text: (Buffer | null)[] = [];

  constructor(format: JsonFormat | JsonlFormat, wanted: readonly string[] | null) {
    this.#isArray = format.kind === 'json';
    this.#wanted = wanted;
    for (const name of wanted ?? []) this.#know(name);
  }

  get records(): number {
    return this.#records;
  }

  get columns(): readonly string[] {
    return this.#known.map(({ name }) => name);
  }

  read(bytes: Buffer, isLast: boolean, sink: RecordSink): number {
    let at = 0;
    if (this.#place === 'start') {
      const begin = byteOrderMarkBytes(bytes, isLast);
      if (begin === null) return 0;
      at = begin;
      this.#place = 'first';
      if (this.#wanted !== null) sink.begin(this.#wanted);
    }
    for (;;) {
      const next = this.#isArray
        ? this.#inArray(bytes, at, sink)
        : this.#onLines(bytes, at, isLast, sink);
      if (next === more) break;
      at = next;
    }
    if (isLast) this.#assertEnd(bytes, at);
    if (!isUtf8(bytes.subarray(0, at)))
      throw new TidemarkError(
        notUtf8,
        `reading JSON: what stands before record ${String(this.#records + 1)} is not UTF-8`,
      );
    return at;
  }

  /** One step: the offset behind it, or `more`. */
  #inArray(bytes: Buffer, from: number, sink: RecordSink): number {
    const at = skipBlank(bytes, from);
    const byte = bytes[at];
    if (byte === undefined) return more;
    switch (this.#place) {
      case 'start':
      case 'first':
        if (byte !== openArray) throw this.#refuse('the file is no array of objects');
        this.#place = 'record';
        return at + 1;
      case 'record':
        if (byte === closeArray && this.#records === 0) {
          this.#place = 'end';
          return at + 1;
        }
        return this.#record(bytes, at, sink, 'behind');
      case 'behind':
        if (byte !== comma && byte !== closeArray)
          throw this.#refuse(
            'neither a comma nor the end of the array stands behind the one before',
          );
        this.#place = byte === comma ? 'record' : 'end';
        return at + 1;
      case 'end':
        throw this.#refuse('something follows behind the end of the array');
    }
  }

  #onLines(bytes: Buffer, from: number, isLast: boolean, sink: RecordSink): number {
    let at = from;
    if (this.#place === 'behind') {
      while (at < bytes.length && bytes[at] !== 10 && isBlank(bytes[at])) at++;
      if (at >= bytes.length) return isLast && at > from ? at : more;
      if (bytes[at] !== 10) throw this.#refuse('it does not begin on a line of its own');
      this.#place = 'record';
      return at + 1;
    }
    at = skipBlank(bytes, at);
    if (at >= bytes.length) return at > from ? at : more;
    return this.#record(bytes, at, sink, 'behind');
  }

  #assertEnd(bytes: Buffer, at: number): void {
    const rest = skipBlank(bytes, at);
    if (rest < bytes.length) throw this.#refuse('the file ends within it');
    if (this.#isArray && this.#place !== 'end')
      throw this.#refuse('the file ends before its array does');
  }

  #refuse(what: string): TidemarkError {
    return new TidemarkError(
      badRecord,
      `reading ${this.#isArray ? 'JSON' : 'JSONL'}: record ${String(this.#records + 1)}: ${what}`,
    );
  }

  #record(bytes: Buffer, at: number, sink: RecordSink, behind: 'behind'): number {
    if (bytes[at] !== openObject) throw this.#refuse('it is no object');
    const end = this.#object(bytes, at);
    if (end === more) {
      this.#forget();
      return more;
    }
    if (end === wrong) throw this.#refuse('it is no valid JSON');
    this.#records++;
    this.#place = behind;
    if (this.#wanted === null) sink.record(bytes, at, end);
    else this.#give(bytes, sink, this.#wanted.length);
    return end;
  }

  #give(bytes: Buffer, sink: RecordSink, count: number): void {
    for (let index = 0; index < count; index++) {
      if (this.#seenIn[index] !== this.#records) sink.cell('null', bytes, 0, 0);
      else {
        const text = this.#text[index] ?? null;
        if (text === null)
          sink.cell(
            this.#kind[index] ?? 'null',
            bytes,
            this.#from[index] ?? 0,
            this.#to[index] ?? 0,
          );
        else sink.cell('text', text, 0, text.length);
      }
    }
    sink.endRow();
  }

  #know(name: string): number {
    const index = this.#known.length;
    if (index >= columnsMax)
      throw this.#refuse(`the file has more than ${String(columnsMax)} different keys`);
    this.#known.push({ name, bytes: Buffer.from(name) });
    this.#byName.set(name, index);
    this.#seenIn.push(0);
    return index;
  }

  /** Which column the key is; -1 for one that is not wanted. `guess`: most records have the order of the one before. */
  #columnOf(bytes: Buffer, from: number, to: number, guess: number): number {
    const known = this.#known[guess]?.bytes;
    if (known !== undefined && isSame(known, bytes, from, to)) return guess;
    const name = this.#textOf(bytes, from, to).toString();
    const index = this.#byName.get(name);
    if (index !== undefined) return index;
    return this.#wanted === null ? this.#know(name) : -1;
  }

  /** A text without its escapes. */
  #textOf(bytes: Buffer, from: number, to: number): Buffer {
    const inner = bytes.subarray(from, to);
    if (!inner.includes(92)) return inner;
    const text = JSON.parse(`"${inner.toString()}"`) as string;
    if (/[\ud800-\udfff]/u.test(text))
      throw this.#refuse('it holds half of a character (a lone surrogate)');
    return Buffer.from(text);
  }

  #object(bytes: Buffer, from: number): number {
    let at = skipBlank(bytes, from + 1);
    if (bytes[at] === closeObject) return at + 1;
    for (let guess = 0; ;) {
      const nameEnd = endOfNameText(bytes, at);
      if (nameEnd < 0) return nameEnd;
      const value = behindColon(bytes, nameEnd);
      if (value < 0) return value;
      const end = endOfValue(bytes, value);
      if (end < 0) return end;
      const column = this.#columnOf(bytes, at + 1, nameEnd - 1, guess);
      if (column >= 0) {
        this.#notice(column);
        this.#keep(bytes, column, value, end);
        guess = column + 1;
      }
      at = skipBlank(bytes, end);
      if (at >= bytes.length) return more;
      if (bytes[at] === closeObject) return at + 1;
      if (bytes[at] !== comma) return wrong;
      at = skipBlank(bytes, at + 1);
    }
  }

  #notice(column: number): void {
    const record = this.#records + 1;
    if (this.#seenIn[column] === record) throw this.#refuse('it has a key twice');
    this.#seenIn[column] = record;
  }

  /** The record is read again with more bytes: what was seen of it does not count. */
  #forget(): void {
    const record = this.#records + 1;
    for (let index = 0; index < this.#seenIn.length; index++)
      if (this.#seenIn[index] === record) this.#seenIn[index] = 0;
  }

  #keep(bytes: Buffer, column: number, from: number, end: number): void {
    if (this.#wanted === null) return;
    const byte = bytes[from];
    this.#text[column] = null;
    if (byte === quote) {
      this.#kind[column] = 'text';
      this.#from[column] = from + 1;
      this.#to[column] = end - 1;
      if (isEscaped(bytes, from + 1, end - 1))
        this.#text[column] = this.#textOf(bytes, from + 1, end - 1);
      return;
    }
    this.#kind[column] =
      byte === openObject || byte === openArray ? 'nested' : byte === 110 ? 'null' : 'literal';
    this.#from[column] = from;
    this.#to[column] = end;
  }
}
