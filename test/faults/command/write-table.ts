/** The table of the last run in docs/guarantees.md, between two marks. */
import { readFile, writeFile } from 'node:fs/promises';
import type { FaultsOptions } from './options.js';
import { tableOf } from './report.js';
import type { RoundReport } from './suite.js';

const page = 'docs/guarantees.md';
export const beginMark = '<!-- faults: written by `npm run faults -- --write` -->';
export const endMark = '<!-- faults: end -->';

/** The page with another table; throws where the marks are missing. */
export const withTable = (text: string, table: string): string => {
  const begin = text.indexOf(beginMark);
  const end = text.indexOf(endMark);
  if (begin < 0 || end < begin) throw new Error(`${page} has no place for the table`);
  return `${text.slice(0, begin)}${beginMark}\n\n${table}\n\n${text.slice(end)}`;
};

export const writeTable = async (
  { seed }: FaultsOptions,
  reports: readonly RoundReport[],
): Promise<string> => {
  await writeFile(page, withTable(await readFile(page, 'utf8'), tableOf(seed, reports)));
  return `written: ${page}`;
};
