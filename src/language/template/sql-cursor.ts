/** The cursor column as a query's own predicate names it (D23): `updated_at > '{{ metadata.last_cursor }}'`. */
import type { SqlPiece, SqlText } from '../../core/plan/rows.js';

const part = '(?:"(?:[^"]|"")+"|[A-Za-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*)';
const column = `((?:${part}\\s*\\.\\s*)*${part})`;
/** `CAST('…' AS timestamp)`, `timestamp '…'`: what may stand between the sign and the literal. */
const typed = '(?:(?:cast\\s*\\(|timestamptz|timestamp|datetime|date)\\s*)?';
const before = new RegExp(`${column}\\s*>=?\\s*${typed}$`, 'i');
const behind = new RegExp(`^\\s*<=?\\s*${column}`);

const lastName = (path: string): string => {
  const name = new RegExp(`${part}$`).exec(path.trim())?.[0] ?? path;
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
};

export const isMark = (piece: SqlPiece | undefined, name: 'last_cursor' | 'now'): boolean =>
  typeof piece === 'object' && 'mark' in piece && piece.mark === name;

export const readsMark = (sql: SqlText): boolean =>
  sql.some((piece) => isMark(piece, 'last_cursor'));

/**
 * The column that `metadata.last_cursor` is compared with, as written and without its quotes; null when there is none,
 * or when several disagree.
 */
export const cursorInSql = (sql: SqlText): string | null => {
  const found = sql.flatMap((piece, index) => {
    if (!isMark(piece, 'last_cursor')) return [];
    const left = sql[index - 1];
    const right = sql[index + 1];
    const match =
      (typeof left === 'string' ? before.exec(left) : null) ??
      (typeof right === 'string' ? behind.exec(right) : null);
    return [match?.[1] === undefined ? null : lastName(match[1])];
  });
  const [first = null] = found;
  return found.every((name) => name === first) ? first : null;
};
