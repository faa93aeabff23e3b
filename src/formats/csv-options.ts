/** `csv_options` as the one spelling of CSV that they ask for. */
import { plainCsv, type CsvFormat } from '../core/plan/rows.js';
import { refuse, type CsvOptions, type Given, type RefusedFormat } from './format-fields.js';

type Written = Given<CsvOptions>;

const refuseOption = (name: keyof CsvOptions, refused: string, fix: string): RefusedFormat =>
  refuse(['csv_options', name], `csv_options.${name} ${refused}`, fix);

/** YAML without double quotes gives two characters for these. */
const spelled: Readonly<Record<string, string>> = { '\\t': '\t', '\\n': '\n', '\\r\\n': '\r\n' };

const unspelled = (value: string): string => spelled[value] ?? value;

/** Any ASCII character but those that end lines and texts. */
const isMark = (value: string): boolean =>
  /^[\x01-\x7f]$/.test(value) && value !== '\n' && value !== '\r';

const oneMark = 'Write one character; \\t is a tab.';

const refuseMarks = (options: Written, outer: string | undefined): RefusedFormat | null => {
  for (const name of ['delimiter', 'quotechar', 'escapechar'] as const) {
    const value = options[name];
    if (value !== undefined && !isMark(unspelled(value)))
      return refuseOption(name, 'is not one ASCII character', oneMark);
  }
  return outer === undefined || isMark(unspelled(outer))
    ? null
    : refuse(['delimiter'], 'delimiter is not one ASCII character', oneMark);
};

/** What would have no effect, or another one than somebody waits for. */
const refuseIdle = (options: Written, outer: string | undefined): RefusedFormat | null => {
  const { fields = [], indexes = [], quoting, quotechar, delimiter } = options;
  const list = fields.length > 0 ? 'fields' : indexes.length > 0 ? 'indexes' : undefined;
  if (list !== undefined)
    return refuseOption(
      list,
      'is not supported',
      `Leave ${list} out; a database source takes columns or sql, and a file names its columns in its header.`,
    );
  if (quoting === 'NONE' && quotechar !== undefined)
    return refuseOption(
      'quotechar',
      'has no effect with quoting NONE',
      'Leave quotechar out, or write another quoting.',
    );
  const isTwofold =
    delimiter !== undefined && outer !== undefined && unspelled(delimiter) !== unspelled(outer);
  return isTwofold
    ? refuse(
        ['delimiter'],
        'delimiter and csv_options.delimiter are different',
        'Leave delimiter out.',
      )
    : null;
};

const marksOf = ({ delimiter, quote, escape, quoting }: CsvFormat): readonly string[] =>
  quoting === 'none' ? [delimiter, escape] : [delimiter, quote, escape];

/** Marks that mean two things at once. */
const refuseEqual = (format: CsvFormat, isOuter: boolean): RefusedFormat | null => {
  const [delimiter, ...others] = marksOf(format);
  if (delimiter !== undefined && others.includes(delimiter))
    return refuse(
      isOuter ? ['delimiter'] : ['csv_options', 'delimiter'],
      'the delimiter is also the quote or the escape character',
      'Write different characters.',
    );
  const isBroken = [...marksOf(format), '\r', '\n'].some((mark) => format.nullText.includes(mark));
  return isBroken
    ? refuseOption(
        'null_string',
        'holds a delimiter, quote, escape or line end',
        'Write a text without them, for instance NULL.',
      )
    : null;
};

const formatOf = (options: Written, outer: string | undefined): CsvFormat => {
  const quoting = (options.quoting ?? 'MINIMAL').toLowerCase() as CsvFormat['quoting'];
  const quote = unspelled(options.quotechar ?? plainCsv.quote);
  const escape = quoting === 'none' ? '\\' : quote;
  return {
    kind: 'csv',
    delimiter: unspelled(options.delimiter ?? outer ?? plainCsv.delimiter),
    quote,
    escape: unspelled(options.escapechar ?? escape),
    quoting,
    nullText: options.null_string ?? '',
    header: options.has_headers ?? true,
    lineTerminator: unspelled(options.lineterminator ?? '\n') as CsvFormat['lineTerminator'],
  };
};

/**
 * `null_string: NULL` without quotes is YAML's null: taken as not written, files would have nothing where their author
 * expects the word.
 */
export const refuseNullText = (options: CsvOptions | undefined): RefusedFormat | null =>
  options?.null_string === null
    ? refuseOption(
        'null_string',
        'is not a text: YAML reads NULL without quotes as null',
        'Write it in quotes, "NULL"; or leave it out, and nothing stands for NULL.',
      )
    : null;

/** `outer`: the `delimiter` beside `csv_options`, which counts where they have none. */
export const csvFormatOf = (
  options: Written,
  outer: string | undefined,
): CsvFormat | RefusedFormat => {
  const refused = refuseMarks(options, outer) ?? refuseIdle(options, outer);
  if (refused !== null) return refused;
  const terminator = unspelled(options.lineterminator ?? '\n');
  if (terminator !== '\n' && terminator !== '\r\n')
    return refuseOption('lineterminator', 'is neither \\n nor \\r\\n', 'Write "\\n" or "\\r\\n".');
  const format = formatOf(options, outer);
  return refuseEqual(format, options.delimiter === undefined) ?? format;
};
