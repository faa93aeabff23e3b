/**
 * The types of columns from all their values: a type is taken only where every value keeps its text in it (promise G15).
 * `007`, dates and numbers with more digits than a double holds stay text.
 */
import type { CellKind, RecordWriter } from './codec.js';

export type ColumnType = 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'VARCHAR';

const [zero, nine, minus, point] = [48, 57, 45, 46];
const bigintDigitsMax = 18;
const doubleDigitsMax = 15;

const booleans = ['true', 'false'].map((word) => Buffer.from(word));

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= zero && byte <= nine;

/** Offset behind the digits from `from` on. */
const behindDigits = (bytes: Buffer, from: number, to: number): number => {
  let at = from;
  while (at < to && isDigit(bytes[at])) at++;
  return at;
};

/** `-12.50`: no exponent, no leading zero, no more digits than the type holds. */
const numberType = (bytes: Buffer, from: number, to: number): ColumnType => {
  const first = bytes[from] === minus ? from + 1 : from;
  const at = behindDigits(bytes, first, to);
  const whole = at - first;
  if (whole === 0 || (whole > 1 && bytes[first] === zero)) return 'VARCHAR';
  // A zero with a sign is another text than the number that it becomes.
  if (at === to)
    return whole <= bigintDigitsMax && !isSignedZero(bytes, from) ? 'BIGINT' : 'VARCHAR';
  const isFraction = bytes[at] === point && to > at + 1 && behindDigits(bytes, at + 1, to) === to;
  return isFraction && to - first - 1 <= doubleDigitsMax ? 'DOUBLE' : 'VARCHAR';
};

const isSignedZero = (bytes: Buffer, from: number): boolean =>
  bytes[from] === minus && bytes[from + 1] === zero;

const typeOf = (kind: CellKind, bytes: Buffer, from: number, to: number): ColumnType => {
  if (kind === 'nested') return 'VARCHAR';
  const isWord = booleans.some(
    (word) => word.length === to - from && bytes.compare(word, 0, word.length, from, to) === 0,
  );
  return isWord ? 'BOOLEAN' : numberType(bytes, from, to);
};

const both = (a: ColumnType | null, b: ColumnType): ColumnType => {
  if (a === null || a === b) return b;
  return a !== 'BOOLEAN' && b !== 'BOOLEAN' && a !== 'VARCHAR' && b !== 'VARCHAR'
    ? 'DOUBLE'
    : 'VARCHAR';
};

/** Writes every cell on and notes the type that all cells of its column have. */
export class TypeSink implements RecordWriter {
  readonly #writer: RecordWriter;
  #columns: readonly string[] = [];
  #types: (ColumnType | null)[] = [];
  /** A whole number with more digits than a double holds stands in the column. */
  #isLong: boolean[] = [];
  #at = 0;

  constructor(writer: RecordWriter) {
    this.#writer = writer;
  }

  get columns(): readonly string[] {
    return this.#columns;
  }

  /** By column; text where no value says more. */
  get types(): readonly ColumnType[] {
    return this.#types.map((type, index) =>
      type === 'DOUBLE' && this.#isLong[index] === true ? 'VARCHAR' : (type ?? 'VARCHAR'),
    );
  }

  get records(): number {
    return this.#writer.records;
  }

  begin(columns: readonly string[]): void {
    this.#columns = columns;
    this.#types = columns.map(() => null);
    this.#isLong = columns.map(() => false);
    this.#writer.begin(columns);
  }

  cell(kind: CellKind, bytes: Buffer, from: number, to: number): void {
    const index = this.#at++;
    const known = this.#types[index];
    if (kind !== 'null' && known !== 'VARCHAR') {
      const type = typeOf(kind, bytes, from, to);
      this.#types[index] = both(known ?? null, type);
      if (type === 'BIGINT' && to - from > doubleDigitsMax) this.#isLong[index] = true;
    }
    this.#writer.cell(kind, bytes, from, to);
  }

  endRow(): void {
    this.#at = 0;
    this.#writer.endRow();
  }

  record(bytes: Buffer, from: number, to: number): void {
    this.#writer.record(bytes, from, to);
  }

  take(): Buffer {
    return this.#writer.take();
  }

  end(): void {
    this.#writer.end();
  }
}
