import { describe, expect, it } from 'vitest';
import type { CheckSpec } from '../plan/plan.js';
import { assetPlan } from './asset-plan.fixture.js';
import { type CopyTotals, startCopy } from './copy-state.js';
import { addMoved } from './copy-totals.js';
import { summariseAsset } from './receipt.js';

const moved = {
  files: 2,
  bytes: 30,
  targetBytes: 30,
  crc32: 'fffffff0',
  targetCrc32: 'fffffff0',
  bytesRead: 40,
  retries: 1,
  keys: ['raw/b.csv', 'raw/a.csv'],
};

const totals = (changed: Partial<CopyTotals> = {}): CopyTotals => ({
  ...addMoved(startCopy().totals, moved, 'lake'),
  scanned: 2,
  ...changed,
});

describe('a receipt', () => {
  it('reconciles when bytes, checksums and counts agree (G14)', () => {
    const receipt = summariseAsset(assetPlan(), totals());
    expect(receipt).toMatchObject({ reconciled: true, differences: [], files: { copied: 2 } });
  });

  it.each([
    ['bytes', { targetBytes: 29 }, 'read 30 bytes, the target holds 29'],
    [
      'checksums',
      { targetCrc32: '00000001' },
      'CRC32 at the source fffffff0, at the target 00000001',
    ],
    ['files', { scanned: 3 }, '3 files were planned, 2 were copied'],
    [
      'files that were left out',
      { scanned: 4, filtered: 1 },
      '3 files were planned, 2 were copied',
    ],
  ])('says which %s differ (G14)', (_what, changed, difference) => {
    const receipt = summariseAsset(assetPlan(), totals(changed));
    expect(receipt).toMatchObject({ reconciled: false, differences: [difference] });
  });

  it('compares no checksum where the target reports none', () => {
    const receipt = summariseAsset(assetPlan(), totals({ targetCrc32: null }));
    expect(receipt).toMatchObject({ reconciled: true, crc32: { target: null } });
  });

  it('compares nothing where nothing was to be written', () => {
    const plan = assetPlan({ route: 'list-only', target: null });
    expect(summariseAsset(plan, { ...startCopy().totals, scanned: 7 }).reconciled).toBe(true);
  });

  it('counts what was read twice', () => {
    expect(summariseAsset(assetPlan(), totals()).bytes).toEqual({
      source: 30,
      target: 30,
      read: 40,
      read_twice: 10,
    });
  });

  it('gives downstreams the bucket and the deepest folder that everything written shares (D4)', () => {
    const more = addMoved(totals(), { ...moved, keys: ['raw/x/c.csv'] }, 'lake');
    expect(summariseAsset(assetPlan(), more).result).toMatchObject({
      bucket_name: 'lake',
      prefix: 'raw',
      keys: ['raw/a.csv', 'raw/b.csv', 'raw/x/c.csv'],
    });
  });

  it('names a thousand keys, and says where there are more', () => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, at) => `raw/${String(at).padStart(5, '0')}`);
    const resultAfter = (...batches: readonly (readonly string[])[]) =>
      summariseAsset(
        assetPlan(),
        batches.reduce(
          (sum, keys) => addMoved(sum, { ...moved, keys }, 'lake'),
          startCopy().totals,
        ),
      ).result;
    expect(resultAfter(names(1000))).toMatchObject({ keys: names(1000) });
    expect(resultAfter(names(1000)).keys_cut).toBeUndefined();
    expect(resultAfter(names(600), names(1001).slice(600))).toMatchObject({
      keys: names(1000),
      keys_cut: true,
    });
  });

  it('gives no bucket where there is none, and no prefix before the first key', () => {
    expect(summariseAsset(assetPlan(), totals({ container: '' })).result.bucket_name).toBeNull();
    expect(summariseAsset(assetPlan(), startCopy().totals).result.prefix).toBeNull();
  });
});

describe('the checks of a receipt', () => {
  const check: Extract<CheckSpec, { type: 'observation_diff' }> = {
    name: 'all there',
    type: 'observation_diff',
    sourceKey: 'files_scanned',
    targetKey: 'files_uploaded',
    threshold: 1,
    severity: 'abort',
  };
  const checked = (changed: Partial<typeof check>, found: Partial<CopyTotals> = {}) =>
    summariseAsset(assetPlan({ checks: [{ ...check, ...changed }] }), totals(found)).checks[0];

  it('passes up to the threshold and fails above it', () => {
    expect(checked({}, { scanned: 3 })?.passed).toBe(true);
    expect(checked({}, { scanned: 4 })?.passed).toBe(false);
  });

  it('counts files that the target held already as arrived', () => {
    expect(checked({ threshold: 0 }, { scanned: 5, skipped: 3 })?.passed).toBe(true);
  });

  it('fails on an observation that nobody makes, and names the known ones', () => {
    const result = checked({ sourceKey: 'rows_red' });
    expect(result?.passed).toBe(false);
    expect(result?.message).toContain(
      'rows_red is not known; known: bytes_read, bytes_transferred',
    );
  });
});
