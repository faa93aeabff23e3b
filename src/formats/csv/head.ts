/**
 * The header of a CSV file. It ends where the scanner says that the first record ends, so that both always agree on
 * where the data begins.
 *
 * Keeps true: no name stands in a message, because a file without a header has values in its first line.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { CsvFormat } from '../../core/plan/rows.js';
import { byteOrderMarkBytes } from '../byte-order-mark.js';
import { badHeader, notUtf8 } from '../errors.js';
import type { HeadLine } from '../format.js';
import { csvScanner } from './scanner.js';

/** A header is in memory whole; no table has this many bytes of names. */
const headerBytesMax = 1024 * 1024;

const reading = 'reading the header of a CSV file';

const refuse = (reason: string): TidemarkError =>
  new TidemarkError(badHeader, `${reading}: ${reason}`);

/** Offset behind the first record from `from` on; null: it does not end in these bytes. */
const firstEnd = (bytes: Buffer, from: number, format: CsvFormat): number | null => {
  const scanner = csvScanner(format);
  let at = from;
  for (;;) {
    const newline = bytes.indexOf(10, at);
    if (newline === -1) return null;
    if (scanner.scan(bytes.subarray(at, newline + 1)).records > 0) return newline + 1;
    at = newline + 1;
  }
};

const decode = (line: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    throw new TidemarkError(notUtf8, `${reading}: it is not UTF-8`);
  }
};

/** The values of one record, its terminator left out. */
const valuesOf = (line: string, { delimiter, quote, escape, quoting }: CsvFormat) => {
  const isQuoting = quoting !== 'none';
  const values: string[] = [];
  let value = '';
  let inQuotes = false;
  for (let at = 0; at < line.length; at++) {
    const mark = line.charAt(at);
    const next = line.charAt(at + 1);
    const escapes = isQuoting ? inQuotes && (next === quote || next === escape) : next !== '';
    if (mark === escape && escapes) {
      value += next;
      at++;
    } else if (isQuoting && mark === quote) inQuotes = !inQuotes;
    else if (mark === delimiter && !inQuotes) {
      values.push(value);
      value = '';
    } else value += mark;
  }
  if (inQuotes) throw refuse('a quote is opened and never closed');
  return [...values, value];
};

const assertNames = (names: readonly string[]): void => {
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    const place = String(index + 1);
    if (name === '') throw refuse(`column ${place} of ${String(names.length)} has no name`);
    const first = seen.get(name);
    if (first !== undefined)
      throw refuse(`columns ${String(first)} and ${place} have the same name`);
    seen.set(name, index + 1);
  });
};

/** As `FormatDeclaration.head`. A file without a byte has no columns. */
export const csvHead = (format: CsvFormat, bytes: Buffer, isWhole: boolean): HeadLine | null => {
  const from = byteOrderMarkBytes(bytes, isWhole);
  if (from === null) return null;
  if (!format.header || (isWhole && bytes.length === from)) return { columns: [], bytes: from };
  const end = firstEnd(bytes, from, format) ?? (isWhole ? bytes.length : null);
  if ((end ?? bytes.length) - from > headerBytesMax)
    throw refuse(`it does not end within ${String(headerBytesMax)} bytes`);
  if (end === null) return null;
  const line = decode(bytes.subarray(from, end)).replace(/\r?\n$|\r$/, '');
  const columns = valuesOf(line, format).map((name) => name.trim());
  assertNames(columns);
  return { columns, bytes: end };
};
