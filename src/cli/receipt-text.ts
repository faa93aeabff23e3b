/** A receipt as people read it: one line for each asset, then the sum. */
import type { AssetReceipt, RunReceipt } from '../core/run/receipt.js';
import { columns } from './table.js';

export const bytesText = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let value = bytes;
  let at = 0;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return `${at === 0 ? String(value) : value.toFixed(value < 10 ? 2 : 1)} ${units[at] ?? ''}`;
};

const assetRow = (asset: AssetReceipt): readonly string[] => {
  const { files, bytes, crc32 } = asset;
  const notes = [
    files.skipped === 0 ? '' : `${String(files.skipped)} were there already`,
    files.filtered === 0 ? '' : `${String(files.filtered)} filtered`,
    bytes.read_twice === 0 ? '' : `${bytesText(bytes.read_twice)} read twice`,
    asset.retries === 0 ? '' : `${String(asset.retries)} retries`,
  ].filter((note) => note !== '');
  return [
    asset.asset,
    `${String(files.copied)} files`,
    bytesText(bytes.target),
    `CRC32 ${crc32.source}`,
    asset.reconciled ? 'reconciled' : 'NOT RECONCILED',
    notes.join(', '),
  ];
};

export const receiptLines = (receipt: RunReceipt): readonly string[] => [
  `${receipt.name} succeeded: ${String(receipt.files)} files, ${bytesText(receipt.bytes)}, ${receipt.reconciled ? 'reconciled' : 'NOT RECONCILED'}`,
  ...columns(receipt.assets.map(assetRow), '  '),
  ...receipt.assets.flatMap((asset) => [
    ...asset.differences.map((text) => `  ${asset.asset}: ${text}`),
    ...asset.checks
      .filter(({ passed }) => !passed)
      .map(({ name, message }) => `  ${asset.asset}: check ${name} failed: ${message}`),
  ]),
];
