/** Every error that generic code raises; connectors list their own in their declaration. */
import type { ErrorKind } from './error.js';
import { invariantBroken } from './invariant.js';

export const coreErrors: readonly ErrorKind[] = [invariantBroken];
