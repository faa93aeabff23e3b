/** A receipt as people read it: one line for each asset, then the sum. */
import type { BackfillReceipt } from '../core/run/backfill-run.js';
import type { AssetReceipt, RunReceipt } from '../core/run/receipt.js';
import { decimalBytesText } from './bytes-text.js';
import { columns } from './table.js';

/** 1234567 → 1,234,567. */
export const countText = (count: number): string =>
  String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** `3 inserted, 2 updated`: only what there is. */
const loadNotes = ({ rows }: AssetReceipt): readonly string[] => {
  if (rows?.staged === null || rows === undefined) return [];
  const { inserted, updated, unchanged, duplicates, deleted } = rows;
  const parts = { inserted, updated, unchanged, duplicates, deleted };
  return Object.entries(parts).flatMap(([what, count]) =>
    count === null || count === 0 ? [] : [`${countText(count)} ${what}`],
  );
};

const windowNotes = ({ window }: AssetReceipt): readonly string[] => {
  if (window === undefined) return [];
  const { low, high, waiting } = window;
  return [
    high === null ? 'nothing new' : `${low ?? 'the beginning'} … ${high}`,
    ...(waiting === null || waiting === 0 ? [] : [`${countText(waiting)} wait for a later window`]),
  ];
};

const readTwiceNotes = ({ rows, bytes, retries }: AssetReceipt): readonly string[] => [
  ...(rows !== undefined && rows.read_twice > 0
    ? [`${countText(rows.read_twice)} rows read twice`]
    : []),
  ...(rows === undefined && bytes.read_twice > 0
    ? [`${decimalBytesText(bytes.read_twice)} read twice`]
    : []),
  ...(retries === 0 ? [] : [`${String(retries)} retries`]),
];

const fileNotes = ({ files }: AssetReceipt): readonly string[] => [
  ...(files.skipped === 0 ? [] : [`${String(files.skipped)} were there already`]),
  ...(files.filtered === 0 ? [] : [`${String(files.filtered)} filtered`]),
];

const movedText = ({ rows, files }: AssetReceipt): string =>
  rows === undefined ? `${String(files.copied)} files` : `${countText(rows.read)} rows`;

const assetRow = (asset: AssetReceipt): readonly string[] => [
  asset.asset,
  movedText(asset),
  decimalBytesText(asset.bytes.target),
  `CRC32 ${asset.crc32.source}`,
  asset.reconciled ? 'reconciled' : 'NOT RECONCILED',
  [...windowNotes(asset), ...loadNotes(asset), ...fileNotes(asset), ...readTwiceNotes(asset)].join(
    ', ',
  ),
];

const totalText = (receipt: RunReceipt): string => {
  const rows = receipt.assets.some((asset) => asset.rows !== undefined)
    ? `${countText(receipt.rows)} rows, `
    : '';
  return `${rows}${String(receipt.files)} files, ${decimalBytesText(receipt.bytes)}`;
};

export const receiptLines = (receipt: RunReceipt): readonly string[] => [
  `${receipt.name} succeeded: ${totalText(receipt)}, ${receipt.reconciled ? 'reconciled' : 'NOT RECONCILED'}`,
  ...columns(receipt.assets.map(assetRow), '  '),
  ...receipt.assets.flatMap((asset) => [
    ...asset.differences.map((text) => `  ${asset.asset}: ${text}`),
    ...asset.checks
      .filter(({ passed }) => !passed)
      .map(({ name, message }) => `  ${asset.asset}: check ${name} failed: ${message}`),
  ]),
];

const partitionsText = ({ partitions }: BackfillReceipt): string => {
  const { done, made_before: made, failed } = partitions;
  return [
    `${countText(done)} partitions done`,
    ...(made === 0 ? [] : [`${countText(made)} made before`]),
    ...(failed === 0 ? [] : [`${countText(failed)} failed`]),
  ].join(', ');
};

/** One line: what the child runs did together; each has a receipt of its own. */
export const backfillLines = (receipt: BackfillReceipt): readonly string[] => [
  `${receipt.name} succeeded: ${partitionsText(receipt)}; ${countText(receipt.rows)} rows, ${countText(receipt.files)} files, ${decimalBytesText(receipt.bytes)}`,
];
