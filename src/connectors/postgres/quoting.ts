/** Names, literals and pieces of SQL as text. COPY takes no parameters, so what is bound is quoted here (D14). */
import { TidemarkError } from '../../core/errors/error.js';
import { invariant } from '../../core/errors/invariant.js';
import type { Mark, SqlText, TableName } from '../../core/plan/rows.js';
import { badData, badTimeZone } from './errors.js';

export const quoteIdent = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** With `standard_conforming_strings` on, which every session pins, a backslash is a character like any other. */
export const quoteLiteral = (text: string): string => {
  if (text.includes('\u0000')) {
    throw new TidemarkError(
      badData,
      'a value of a statement holds the character NUL, which PostgreSQL has not',
    );
  }
  return `'${text.replaceAll("'", "''")}'`;
};

export const quoteTable = ({ schema, name }: TableName): string =>
  schema === null ? quoteIdent(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`;

export const quoteList = (names: readonly string[]): string => names.map(quoteIdent).join(', ');

/** What the marks in a query are. */
export interface MarkValues {
  /** The type of the cursor; null where the asset has no mark. */
  readonly type: string | null;
  /** Null: before the first window. */
  readonly low: string | null;
  /** Null: not known yet; it must not cut. */
  readonly high: string | null;
  /** Instead of every mark, as SQL: only the columns are asked for, and the cursor's type is not known yet. */
  readonly standIn?: string;
}

export const noMarks: MarkValues = { type: null, low: null, high: null };

const integers: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
};

const smallestOf = (type: string | null): string => {
  if (type === null) return '';
  const integer = integers[type];
  if (integer !== undefined) return integer[0];
  if (/^(timestamp|date)/.test(type)) return '-infinity';
  if (type.startsWith('numeric')) return '-Infinity';
  return type === 'uuid' ? '00000000-0000-0000-0000-000000000000' : '';
};

const largestOf = (type: string | null): string => {
  if (type === null) return '';
  const integer = integers[type];
  if (integer !== undefined) return integer[1];
  if (/^(timestamp|date)/.test(type)) return 'infinity';
  if (type.startsWith('numeric')) return 'Infinity';
  return type === 'uuid' ? 'ffffffff-ffff-ffff-ffff-ffffffffffff' : '\uffff';
};

/** An instant as PostgreSQL writes it, with its own offset: `2024-01-01 00:00:00+00`. */
const instantText = (iso: string): string => iso.replace('T', ' ').replace(/Z$/, '+00');

/** `+02:00` of that moment. */
const offsetOf = (at: Date, timeZone: string): string => {
  try {
    const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const name = parts.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    return name.replace(/^GMT/, '').replace('\u2212', '-') || '+00:00';
  } catch (error) {
    throw new TidemarkError(badTimeZone, `time_zone is ${JSON.stringify(timeZone)}; no such zone`, {
      cause: error,
    });
  }
};

const offsetMs = (offset: string): number => {
  const [hours = 0, minutes = 0, seconds = 0] = offset.slice(1).split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 * (offset.startsWith('-') ? -1 : 1);
};

/**
 * Instants as the clock of a zone shows them, with their offset. So one literal means the right moment beside either kind
 * of column: a timestamp with time zone reads the offset, one without reads the clock and ignores the offset (D14).
 */
export const inTimeZone = (sql: SqlText, timeZone: string): SqlText =>
  sql.map((piece) => {
    if (typeof piece === 'string' || !('value' in piece) || piece.as !== 'instant') return piece;
    const at = new Date(piece.value);
    if (Number.isNaN(at.getTime())) return piece;
    const offset = offsetOf(at, timeZone);
    const clock = new Date(at.getTime() + offsetMs(offset)).toISOString().slice(0, 19);
    // A Date has milliseconds only; offsets have no fractions of a second.
    const fraction = /:\d\d(\.\d+)/.exec(piece.value)?.[1] ?? '';
    return { value: `${clock.replace('T', ' ')}${fraction}${offset}`, as: 'text' };
  });

/**
 * The statement as one text. A literal has no type of its own: PostgreSQL gives it that of what it is compared with, so
 * that a mark gets the type of its column; instants go through `inTimeZone` before.
 */
export const renderSql = (sql: SqlText, marks: MarkValues = noMarks): string =>
  sql
    .map((piece) => {
      if (typeof piece === 'string') return piece;
      if ('value' in piece) {
        return quoteLiteral(piece.as === 'instant' ? instantText(piece.value) : piece.value);
      }
      invariant('mark' in piece, 'a secret of a statement reaches a connector as its value');
      if (marks.standIn !== undefined) return marks.standIn;
      const value =
        piece.mark === 'last_cursor'
          ? (marks.low ?? smallestOf(marks.type))
          : (marks.high ?? largestOf(marks.type));
      return quoteLiteral(value);
    })
    .join('');

export const marksOf = (type: string | null, low: Mark | null, high: Mark | null): MarkValues => ({
  type,
  low: low?.value ?? null,
  high: high?.value ?? null,
});
