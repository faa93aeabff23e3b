/**
 * From offsets in a text to lines and columns.
 *
 * Lines end where the renderer of diagnostics ends them (`\r\n`, `\r`, `\n`), so that a caret always stands in the
 * line that its span names.
 */
import type { Span } from '../../core/errors/diagnostic.js';

export interface LineIndex {
  readonly file: string;
  /** The offset of each line's first character, ascending; the first is 0. */
  readonly starts: readonly number[];
  readonly length: number;
}

export const indexLines = (text: string, file: string): LineIndex => {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  return { file, starts, length: text.length };
};

const lineOf = (starts: readonly number[], offset: number): number => {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** The stretch [start, end); offsets outside the text are moved to its edges. */
export const spanOf = (index: LineIndex, start: number, end: number): Span => {
  const from = Math.max(0, Math.min(start, index.length));
  const to = Math.max(from, Math.min(end, index.length));
  const line = lineOf(index.starts, from);
  const endLine = lineOf(index.starts, to);
  return {
    file: index.file,
    line: line + 1,
    column: from - (index.starts[line] ?? 0) + 1,
    endLine: endLine + 1,
    endColumn: to - (index.starts[endLine] ?? 0) + 1,
  };
};
