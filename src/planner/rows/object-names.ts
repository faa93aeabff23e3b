/**
 * Names of objects that rows are written to (D16). Without a key: `<asset>[_<partition>][_<low mark>].<ext>`; before
 * the first mark `start` stands for it. `_<n>` follows where a later window begins at the same low mark, then `_<lane>`
 * with four digits where there are several.
 *
 * Keeps true: a name depends only on the plan and the low mark, so that a second try writes the same object; two
 * windows or lanes of an asset never share a name. Characters of marks that are awkward in keys become `!` and two hex
 * digits for each UTF-8 byte: `04:05` is `04!3A05`.
 */
import type { FileFormat, Mark } from '../../core/plan/rows.js';
import type { AssetPlan } from '../../core/plan/plan.js';

export interface WindowFacts {
  /** Null: the window begins at the beginning. */
  readonly low: Mark | null;
  /** Null: the asset has no mark. */
  readonly high: Mark | null;
  /** 1 for the first window that begins at `low`, 2 for the next one. */
  readonly repeat: number;
  /** From 0. */
  readonly lane: number;
  readonly lanes: number;
}

const escaped = (character: string): string =>
  [...new TextEncoder().encode(character)]
    .map((byte) => `!${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');

const encode = (text: string, kept: RegExp): string =>
  [...text].map((character) => (kept.test(character) ? character : escaped(character))).join('');

/** The beginning of everything has a word of its own, which no mark can be. */
const beginning = 'start';

/** A mark as it stands in names, and as `metadata.window` and its neighbours give it to keys. */
export const markPart = (mark: Mark | null): string => {
  if (mark === null) return beginning;
  const { value } = mark;
  if (value === '') return '!';
  return value === beginning
    ? `${escaped(value.slice(0, 1))}${value.slice(1)}`
    : encode(value, /[A-Za-z0-9.-]/);
};

export const extensionOf = ({ rows, compression, parquet }: FileFormat): string =>
  `${parquet === undefined ? rows.kind : 'parquet'}${compression === 'gzip' ? '.gz' : ''}`;

/** `_2` for the second window from the same mark, `_0003` for the third lane. */
export const nameSuffix = ({ repeat, lane, lanes }: WindowFacts): string =>
  `${repeat > 1 ? `_${repeat}` : ''}${lanes > 1 ? `_${String(lane).padStart(4, '0')}` : ''}`;

/** The name below the target's prefix where no key is written. */
export const defaultName = (
  plan: Pick<AssetPlan, 'name' | 'partition' | 'rows'>,
  window: WindowFacts,
): string => {
  const { rows, partition, name } = plan;
  const isMarked = rows?.mark !== null && rows !== undefined;
  // Behind a partition the mark follows after `_`: there, and only there, its own must not look like one.
  const kept = isMarked ? /[A-Za-z0-9.-]/ : /[A-Za-z0-9._-]/;
  const parts = [
    name,
    ...(partition === null ? [] : [encode(partition, kept)]),
    ...(isMarked ? [markPart(window.low)] : []),
  ];
  const extension = rows === undefined ? 'csv' : extensionOf(rows.format);
  return `${parts.join('_')}${nameSuffix(window)}.${extension}`;
};

/** A written key with the suffix of the window before its extension. */
export const suffixedKey = (key: string, window: WindowFacts): string => {
  const suffix = nameSuffix(window);
  return suffix === '' ? key : key.replace(/((?:\.[A-Za-z0-9]+){0,2})$/, `${suffix}$1`);
};
