/**
 * Where ledgers stand among files: `_tidemark/<project>/<asset>[/<partition>].json`.
 *
 * Keeps true: two ledgers never share a path, and none lies inside another's; no ledger is ever offered as data.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { TargetAddress } from '../core/plan/file.js';
import type { LedgerName } from '../core/run/ledger.js';
import { targetBadKey } from './file-errors.js';

export const ledgerFolderName = '_tidemark';

/** Leaves room for `.json` and for the hidden name under which a ledger is written. */
const segmentCharsMax = 200;

const escapedByte = (byte: number): string =>
  `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

const escaped = (text: string): string =>
  Array.from(new TextEncoder().encode(text), escapedByte).join('');

/**
 * A name as one segment of a path, never equal to that of another name. A dot at the beginning and the one of a final
 * `.json` are escaped too: `..` leads nowhere, and the folder of asset `a.json` is not the ledger of asset `a`.
 */
const segment = (name: string): string => {
  const safe = name.replaceAll(/[^A-Za-z0-9_.-]+/g, escaped).replace(/^\.|\.(?=json$)/g, escaped);
  if (name !== '' && !/\p{Surrogate}/u.test(name) && safe.length <= segmentCharsMax) return safe;
  throw new TidemarkError(
    targetBadKey,
    `choosing the path of a ledger: ${JSON.stringify(name)} is empty, broken or too long as a name; at most ${String(segmentCharsMax)} characters are possible, and three for each that is no letter or digit`,
  );
};

/** Throws `target/bad-key` for a name that no target can hold. */
export const ledgerKey = (
  folder: TargetAddress,
  { project, asset, partition }: LedgerName,
): string => {
  const names = partition === '' ? [project, asset] : [project, asset, partition];
  return `${[folder.key, ...names.map(segment)].join('/')}.json`;
};

/** True for a path below the listed folder that leads into the folder of ledgers at its top. */
export const isLedgerPath = (relativePath: string): boolean =>
  relativePath.startsWith(`${ledgerFolderName}/`);

/** The entries of a folder without that of ledgers, if it is the listed folder itself. */
export const withoutLedgers = <E extends { readonly name: string; readonly kind: string }>(
  entries: readonly E[],
  isListedFolder: boolean,
): readonly E[] =>
  isListedFolder
    ? entries.filter(({ name, kind }) => name !== ledgerFolderName || kind !== 'folder')
    : entries;
