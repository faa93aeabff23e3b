/** zip: several files in one. */
import type { Archives } from '../conversions.js';
import { pack } from './pack.js';
import { entries } from './unpack.js';

export const zip: Archives = { entries, pack };
