/** What the options of both sides ask to be done to files on their way; refused where it cannot be done (D20). */
import { TidemarkError } from '../core/errors/error.js';
import type { Recoding } from '../core/plan/recoding.js';
import type { JsonObject } from '../core/values/json.js';
import { recodingOf } from '../formats/recoding-options.js';
import { assetSubject, fieldPlace } from './asset-mentions.js';
import { badOptions } from './errors.js';
import { fieldName } from './option-fields.js';

/** Options of both sides with the templates of the run resolved. Throws `plan/bad-options`. */
export const planRecoding = (
  asset: string,
  source: JsonObject,
  target: JsonObject,
): Recoding | null => {
  const recoding = recodingOf(source, target);
  if (recoding === null || !('refused' in recoding)) return recoding;
  const { side, path, refused, fix } = recoding;
  throw new TidemarkError(
    badOptions,
    `${fieldPlace(assetSubject(asset), side, fieldName(path))}: ${refused}`,
    { fix },
  );
};
