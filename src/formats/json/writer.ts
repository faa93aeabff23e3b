/** JSON and JSON Lines from cells, or from whole records. One object on each line, in an array or not. */
import type { JsonFormat } from '../../core/plan/recoding.js';
import type { JsonlFormat } from '../../core/plan/rows.js';
import { ByteWriter } from '../byte-writer.js';
import type { CellKind, RecordWriter } from '../codec.js';

const [quote, backslash, newline] = [34, 92, 10];

/** What stands behind the backslash; 1: four hex digits are needed; 0: the byte stands for itself. */
const escapes = ((): Uint8Array => {
  const table = new Uint8Array(256);
  table.fill(1, 0, 32);
  for (const [byte, mark] of [
    [8, 'b'],
    [9, 't'],
    [10, 'n'],
    [12, 'f'],
    [13, 'r'],
    [quote, '"'],
    [backslash, '\\'],
  ] as const)
    table[byte] = mark.charCodeAt(0);
  return table;
})();

const hexDigits = Buffer.from('0123456789abcdef');
const nullWord = Buffer.from('null');

export class JsonWriter implements RecordWriter {
  readonly #isArray: boolean;
  readonly #out = new ByteWriter();
  /** `{"id":`, `,"name":` … */
  #prefixes: readonly Buffer[] = [];
  #column = 0;
  #records = 0;

  constructor(format: JsonFormat | JsonlFormat) {
    this.#isArray = format.kind === 'json';
  }

  get records(): number {
    return this.#records;
  }

  begin(columns: readonly string[]): void {
    this.#prefixes = columns.map((name, index) =>
      Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    );
  }

  cell(kind: CellKind, bytes: Buffer, from: number, to: number): void {
    if (this.#column === 0) this.#beginRecord();
    const prefix = this.#prefixes[this.#column++];
    const out = this.#out;
    out.room((prefix?.length ?? 0) + 6 * (to - from) + 4);
    if (prefix !== undefined) {
      const target = out.bytes;
      let { used } = out;
      for (let at = 0; at < prefix.length; at++) target[used++] = prefix[at] ?? 0;
      out.used = used;
    }
    if (kind === 'text') this.#text(bytes, from, to);
    else if (kind === 'null') out.add(nullWord);
    else this.#raw(bytes, from, to);
  }

  endRow(): void {
    if (this.#column === 0) {
      this.#beginRecord();
      this.#out.byte(123);
    }
    this.#out.byte(125);
    this.#endRecord();
  }

  record(bytes: Buffer, from: number, to: number): void {
    this.#beginRecord();
    this.#out.room(to - from);
    this.#raw(bytes, from, to);
    this.#endRecord();
  }

  take(): Buffer {
    return this.#out.take();
  }

  end(): void {
    if (!this.#isArray) return;
    this.#out.add(Buffer.from(this.#records === 0 ? '[]\n' : '\n]\n'));
  }

  #beginRecord(): void {
    if (this.#isArray) this.#out.add(Buffer.from(this.#records === 0 ? '[\n' : ',\n'));
  }

  #endRecord(): void {
    if (!this.#isArray) this.#out.byte(newline);
    this.#column = 0;
    this.#records++;
  }

  /** Line ends stand only between the values of a nested one: blanks mean the same there. */
  #raw(bytes: Buffer, from: number, to: number): void {
    const target = this.#out.bytes;
    let { used } = this.#out;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      target[used++] = byte === newline || byte === 13 ? 32 : byte;
    }
    this.#out.used = used;
  }

  #text(bytes: Buffer, from: number, to: number): void {
    const target = this.#out.bytes;
    let { used } = this.#out;
    target[used++] = quote;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      const escape = escapes[byte];
      if (escape === 0) {
        target[used++] = byte;
        continue;
      }
      target[used++] = backslash;
      if (escape !== 1) {
        target[used++] = escape ?? 0;
        continue;
      }
      target[used++] = 117;
      target[used++] = 48;
      target[used++] = 48;
      target[used++] = hexDigits[byte >> 4] ?? 48;
      target[used++] = hexDigits[byte & 15] ?? 48;
    }
    target[used++] = quote;
    this.#out.used = used;
  }
}
