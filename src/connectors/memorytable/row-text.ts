/** Rows as text of the formats and back. Values stay the text that they are; NULL and the empty text stay apart. */
import type { Column, CsvFormat } from '../../core/plan/rows.js';
import { invariant } from '../../core/errors/invariant.js';
import type { WireFormat } from '../row-connector.js';
import type { Row } from './store.js';

const numbers = new Set(['integer', 'decimal', 'float']);

const quoted = (text: string, format: CsvFormat): string =>
  format.quote + text.replaceAll(format.quote, format.escape + format.quote) + format.quote;

const needsQuotes = (text: string, column: Column, format: CsvFormat): boolean => {
  if (format.quoting === 'all') return true;
  if (format.quoting === 'none') return false;
  if (format.quoting === 'nonnumeric' && !numbers.has(column.family)) return true;
  return (
    text === format.nullText ||
    [format.delimiter, format.quote, '\n', '\r'].some((mark) => text.includes(mark))
  );
};

const csvLine = (columns: readonly Column[], row: Row, format: CsvFormat): string =>
  columns
    .map((column, index) => {
      const value = row[index] ?? null;
      if (value === null) return format.nullText;
      return needsQuotes(value, column, format) ? quoted(value, format) : value;
    })
    .join(format.delimiter) + format.lineTerminator;

const jsonValue = (column: Column, value: string | null): string => {
  if (value === null) return 'null';
  const isBare = numbers.has(column.family) || column.family === 'boolean';
  return isBare ? value : JSON.stringify(value);
};

const jsonLine = (columns: readonly Column[], row: Row): string =>
  `{${columns
    .map(
      (column, index) => `${JSON.stringify(column.name)}:${jsonValue(column, row[index] ?? null)}`,
    )
    .join(',')}}\n`;

const noNative = 'tables in memory have no native format';

export const writeRow = (columns: readonly Column[], row: Row, format: WireFormat): string => {
  invariant(format.kind !== 'native', noNative);
  return format.kind === 'csv' ? csvLine(columns, row, format) : jsonLine(columns, row);
};

export const writeHeader = (columns: readonly Column[], format: CsvFormat): string =>
  csvLine(
    columns.map((column) => ({ ...column, family: 'text' })),
    columns.map(({ name }) => name),
    format,
  );

/** Reads one CSV text from its beginning to its end. */
class CsvText {
  readonly #text: string;
  readonly #format: CsvFormat;
  #at = 0;
  /** The record that is being read, from 1. */
  #record = 1;

  constructor(text: string, format: CsvFormat) {
    this.#text = text;
    this.#format = format;
  }

  get #isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #isAtLineEnd(): boolean {
    return /[\r\n]/.test(this.#text[this.#at] ?? '');
  }

  #bare(): string | null {
    const start = this.#at;
    const { delimiter, nullText } = this.#format;
    while (!this.#isAtEnd && !this.#isAtLineEnd() && !this.#text.startsWith(delimiter, this.#at)) {
      this.#at++;
    }
    const found = this.#text.slice(start, this.#at);
    return found === nullText ? null : found;
  }

  #quoted(): string {
    const { quote, escape } = this.#format;
    let value = '';
    for (this.#at++; ; this.#at++) {
      if (this.#isAtEnd) throw new RangeError(String(this.#record));
      const isEscaped = this.#text.startsWith(escape + quote, this.#at);
      if (isEscaped) this.#at++;
      else if (this.#text[this.#at] === quote) break;
      value += this.#text[this.#at] ?? '';
    }
    this.#at++;
    return value;
  }

  #field(): string | null {
    const { quote, quoting } = this.#format;
    return this.#text[this.#at] === quote && quoting !== 'none' ? this.#quoted() : this.#bare();
  }

  /** Null where a field is NULL. Throws a RangeError with the number of the bad record. */
  rows(): readonly Row[] {
    const rows: Row[] = [];
    const { delimiter } = this.#format;
    for (; !this.#isAtEnd; this.#record++) {
      const row = [this.#field()];
      while (this.#text.startsWith(delimiter, this.#at)) {
        this.#at += delimiter.length;
        row.push(this.#field());
      }
      if (!this.#isAtEnd && !this.#isAtLineEnd()) throw new RangeError(String(this.#record));
      this.#at += this.#text.startsWith('\r\n', this.#at) ? 2 : 1;
      rows.push(row);
    }
    return rows;
  }
}

const member = /\s*("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,{}[\]"]+)\s*([,}])/y;

/** One flat object; numbers keep their digits. */
const readObject = (line: string, columns: readonly string[]): Row => {
  const found = new Map<string, string | null>();
  member.lastIndex = line.indexOf('{') + 1;
  for (;;) {
    const match = member.exec(line);
    if (match === null) throw new RangeError('not a flat object');
    const [, name = '', value = '', end] = match;
    const text = value.startsWith('"') ? (JSON.parse(value) as string) : value;
    found.set(JSON.parse(name) as string, value === 'null' ? null : text);
    if (end === '}') break;
  }
  return columns.map((column) => found.get(column) ?? null);
};

const readJsonl = (text: string, columns: readonly string[]): readonly Row[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      try {
        return readObject(line, columns);
      } catch {
        throw new RangeError(String(index + 1));
      }
    });

/** Rows of a page; `columns` are the names in its order. */
export const readRows = (
  text: string,
  columns: readonly string[],
  format: WireFormat,
): readonly Row[] => {
  invariant(format.kind !== 'native', noNative);
  if (format.kind === 'jsonl') return readJsonl(text, columns);
  const rows = new CsvText(text, format).rows();
  const bad = rows.findIndex((row) => row.length !== columns.length);
  if (bad >= 0) throw new RangeError(String(bad + 1));
  return rows;
};
