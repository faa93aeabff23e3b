/** The header of a CSV file, for sources that write rows and no names. */
import type { CsvFormat } from '../core/plan/rows.js';

const quoted = (name: string, { quote, escape }: CsvFormat): string => {
  const escaped = [...name].map((mark) =>
    mark === quote || mark === escape ? escape + mark : mark,
  );
  return `${quote}${escaped.join('')}${quote}`;
};

const bare = (name: string, { delimiter, escape }: CsvFormat): string =>
  [...name]
    .map((mark) => ([delimiter, escape, '\r', '\n'].includes(mark) ? escape + mark : mark))
    .join('');

/** Would the name be read as something else without quotes? */
const needsQuotes = (name: string, { delimiter, quote, escape, nullText }: CsvFormat): boolean =>
  name === nullText ||
  name !== name.trim() ||
  [delimiter, quote, escape, '\r', '\n'].some((mark) => name.includes(mark));

/** One record with the names, its terminator included. */
export const quoteCsvNames = (names: readonly string[], format: CsvFormat): string => {
  const { quoting, delimiter, lineTerminator } = format;
  const written = names.map((name) => {
    if (quoting === 'none') return bare(name, format);
    // Names are text, so `nonnumeric` quotes them all.
    return quoting !== 'minimal' || needsQuotes(name, format) ? quoted(name, format) : name;
  });
  return written.join(delimiter) + lineTerminator;
};
