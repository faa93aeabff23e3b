/** Where a field of an asset was written, for findings that only a source itself can give. */
import type { Span } from '../../core/errors/diagnostic.js';
import { assetNamed, type ProjectDraft } from '../definition/draft.js';
import { valueAt } from '../definition/placed.js';
import { assetEndpoints } from './endpoints.js';

/** `sql`, or one entry of a list: `primary_key`, `id`. Null: it is not written. */
export type FieldPlaces = (
  asset: string,
  side: 'source' | 'target',
  field: string,
  entry?: string,
) => Span | null;

export const fieldPlaces =
  (draft: ProjectDraft): FieldPlaces =>
  (asset, side, field, entry) => {
    const found = assetNamed(draft, asset);
    const endpoint =
      found && assetEndpoints(draft, found).find((candidate) => candidate.side === side);
    if (endpoint === undefined) return null;
    const value = valueAt(endpoint.configs.value, [field]) ?? null;
    if (value === null) return null;
    const index = Array.isArray(value) && entry !== undefined ? value.indexOf(entry) : -1;
    return endpoint.configs.span(index < 0 ? [field] : [field, index], 'value');
  };
