/** CSV: as PostgreSQL reads and writes it, in any of its spellings. */
import { invariant } from '../../core/errors/invariant.js';
import type { RecordFormat } from '../../core/plan/recoding.js';
import type { CsvFormat } from '../../core/plan/rows.js';
import type { Codec } from '../codec.js';
import type { FormatDeclaration } from '../format.js';
import { csvHead } from './head.js';
import { CsvReader } from './reader.js';
import { csvScanner } from './scanner.js';
import { CsvWriter } from './writer.js';

const asCsv = (format: RecordFormat): CsvFormat => {
  invariant(format.kind === 'csv', 'the CSV format is asked about CSV only');
  return format;
};

export const csv: FormatDeclaration = {
  kind: 'csv',
  title: 'CSV',
  extension: 'csv',
  scanner: (format) => csvScanner(asCsv(format)),
  head: (format, firstBytes, isWhole) => csvHead(asCsv(format), firstBytes, isWhole),
};

export const csvCodec: Codec = {
  kind: 'csv',
  title: 'CSV',
  reader: (format, columns) => new CsvReader(asCsv(format), columns),
  takesRecords: false,
  namesColumns: true,
  writer: (format) => new CsvWriter(asCsv(format)),
};
