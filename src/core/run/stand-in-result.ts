/** What stands for the result of an upstream that has not run, where an asset is planned only to look at it. */
import type { AssetResult, AssetSpec } from '../plan/plan.js';

const standInResult = (alias: string): AssetResult => ({
  bucket_name: `<bucket of ${alias}>`,
  prefix: `<prefix of ${alias}>`,
  keys: [`<key of ${alias}>`],
  files: 0,
  rows: 0,
  bytes: 0,
  table_name: `<table of ${alias}>`,
});

export const standInResults = ({
  upstreams,
}: Pick<AssetSpec, 'upstreams'>): Readonly<Record<string, AssetResult>> =>
  Object.fromEntries(
    upstreams.flatMap(({ alias }) => (alias === null ? [] : [[alias, standInResult(alias)]])),
  );
