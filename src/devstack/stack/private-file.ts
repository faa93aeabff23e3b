/** Files that only their owner may read, and that are there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Mode 0600 from the first byte; a reader sees the old text or the new one. */
export const writePrivateFile = (path: string, text: string): void => {
  const incoming = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    writeFileSync(incoming, text, { mode: 0o600, flag: 'wx' });
    renameSync(incoming, path);
  } catch (error) {
    rmSync(incoming, { force: true });
    throw error;
  }
};
