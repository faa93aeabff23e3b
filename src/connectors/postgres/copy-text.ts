/** COPY statements in the formats that files have; the server writes them itself. */
import { TidemarkError } from '../../core/errors/error.js';
import type { Column, CsvFormat } from '../../core/plan/rows.js';
import type { WireFormat } from '../row-connector.js';
import { badSql } from './errors.js';
import { quoteIdent, quoteLiteral } from './quoting.js';
import { isNumeric } from './column-types.js';

/**
 * Characters that JSON escapes wherever they stand, so that nothing is ever quoted: a line is the JSON as it is.
 */
const rawLines = `FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'`;

/**
 * `r.*`: a column may be called r. A value of type json keeps the text that it was written with; outside of its strings that
 * may hold line ends, which are blanks like any other.
 */
const jsonLine = `translate(row_to_json(r.*)::text, E'\\n\\r', '  ')`;

const textOptions = ({ delimiter, nullText, escape }: CsvFormat): string => {
  if (escape !== '\\') {
    throw new TidemarkError(
      badSql,
      `quoting is NONE and escapechar is ${JSON.stringify(escape)}; PostgreSQL escapes with a backslash`,
      { fix: 'Leave escapechar out, or choose another quoting.' },
    );
  }
  // Without quotes an empty NULL would be an empty text.
  const empty = nullText === '' ? '\\N' : nullText;
  return `FORMAT text, DELIMITER ${quoteLiteral(delimiter)}, NULL ${quoteLiteral(empty)}`;
};

const csvOptions = ({ delimiter, quote, escape, nullText }: CsvFormat): string =>
  `FORMAT csv, DELIMITER ${quoteLiteral(delimiter)}, QUOTE ${quoteLiteral(quote)}, ESCAPE ${quoteLiteral(escape)}, NULL ${quoteLiteral(nullText)}`;

const forced = (format: CsvFormat, columns: readonly Column[]): string => {
  if (format.quoting === 'all') return ', FORCE_QUOTE *';
  if (format.quoting !== 'nonnumeric') return '';
  const names = columns.filter(({ type }) => !isNumeric(type)).map(({ name }) => quoteIdent(name));
  return names.length === 0 ? '' : `, FORCE_QUOTE (${names.join(', ')})`;
};

/** `select` gives the columns in their order. */
export const copyOutSql = (
  select: string,
  format: WireFormat,
  facts: { readonly columns: readonly Column[]; readonly header: boolean },
): string => {
  if (format.kind === 'native') return `COPY (${select}) TO STDOUT WITH (FORMAT binary)`;
  if (format.kind === 'jsonl') {
    return `COPY (SELECT ${jsonLine} FROM (${select}) AS r) TO STDOUT WITH (${rawLines})`;
  }
  const header = facts.header ? ', HEADER' : '';
  const options =
    format.quoting === 'none'
      ? textOptions(format)
      : csvOptions(format) + forced(format, facts.columns);
  return `COPY (${select}) TO STDOUT WITH (${options}${header})`;
};

/** `columns`: as the lines have them. */
export const copyInSql = (
  table: string,
  columns: readonly string[],
  format: WireFormat,
): string => {
  const list = columns.map(quoteIdent).join(', ');
  if (format.kind === 'native') return `COPY ${table} (${list}) FROM STDIN WITH (FORMAT binary)`;
  if (format.kind === 'jsonl') return `COPY ${table} (${list}) FROM STDIN WITH (${rawLines})`;
  const options = format.quoting === 'none' ? textOptions(format) : csvOptions(format);
  return `COPY ${table} (${list}) FROM STDIN WITH (${options})`;
};
