/**
 * Changes of a bucket that are all or nothing: the change is written down, done, and its record then becomes
 * the metadata file. Keeps true: after a kill at any step, doing it again gives the same result, so bytes
 * and metadata never belong to different versions of an object.
 */
import { access, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Folders, metadataPath, writeJson } from './folders.js';
import { changeRecord, type ChangeRecord, readRecord } from './record.js';

/** Writes the change down; from here on a restart completes it. Returns the file of the record. */
export async function recordChange(
  folders: Folders,
  change: ChangeRecord,
  id: string,
): Promise<string> {
  const file = join(folders.changes, `${id}.json`);
  await writeJson(folders, file, change);
  return file;
}

/** Does a recorded change; also one that was done in part before. */
export async function doChange(
  folders: Folders,
  change: ChangeRecord,
  file: string,
): Promise<void> {
  const bytes = join(folders.root, change.bucket, change.record.path);
  const metadata = metadataPath(folders, change.bucket, change.record.key);
  if (change.change === 'delete') {
    await rm(bytes, { force: true });
    await rm(metadata, { force: true });
    await rm(file);
    await removeEmptyFolders(dirname(bytes), join(folders.root, change.bucket));
    return;
  }
  const staged = join(folders.incoming, change.staged);
  if (await exists(staged)) {
    await mkdir(dirname(bytes), { recursive: true });
    await rename(staged, bytes);
  }
  if (change.completesUpload !== undefined) {
    await rm(join(folders.uploads, change.completesUpload), { recursive: true, force: true });
  }
  await rename(file, metadata);
}

/** Completes what a killed process had written down but not done. */
export async function redoChanges(folders: Folders): Promise<void> {
  for (const name of await readdir(folders.changes)) {
    const file = join(folders.changes, name);
    await doChange(folders, await readRecord(file, changeRecord), file);
  }
}

/** Removes folders that became empty, from the inside out, but never `end` itself. */
async function removeEmptyFolders(folder: string, end: string): Promise<void> {
  for (
    let current = folder;
    current !== end && current.startsWith(end);
    current = dirname(current)
  ) {
    try {
      await rmdir(current);
    } catch {
      // Not empty (or gone already): nothing above it is empty either.
      return;
    }
  }
}

/** Whether there is a file or folder. */
export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
