/** The options of a local folder as a connection, and the one error that only it raises. */
import { z } from 'zod';
import { defineError, type ErrorKind } from '../../core/errors/error.js';
import { bytesPerSecond, connectionText } from '../fields.js';
import { fileErrors } from '../file-errors.js';
import { listingTooLarge } from '../folder-walk.js';

export const localConnectionOptions = z.strictObject({
  root: connectionText(
    'Folder on the worker that all paths are below; it must exist. Paths and links that leave it are refused',
  ),
  bytes_per_second: bytesPerSecond(),
});
export type LocalConnection = z.output<typeof localConnectionOptions>;

export const diskFailure = defineError({
  code: 'local/disk-failure',
  recovery: 'retry',
  summary:
    'The operating system refused to read or write a file: full disk, quota, limit of open files.',
  fix: 'See the code of the operating system in the message; the attempt is repeated.',
});

export const localErrors: readonly ErrorKind[] = [...fileErrors, diskFailure, listingTooLarge];
