/**
 * The layout of the server's folder:
 *
 *   <root>/<bucket>/<key>                     the bytes of an object (names: key-path.ts), nothing else
 *   <root>/.tidemark-s3/objects/<bucket>/     one JSON per object: key, path, ETag, checksum, headers
 *   <root>/.tidemark-s3/uploads/<id>/         one open multipart upload: upload.json, <n>.json and bytes per part
 *   <root>/.tidemark-s3/changes/              changes that are being done; redone at the next start
 *   <root>/.tidemark-s3/incoming/             bytes on their way in; emptied at every start
 *
 * A bucket's name never begins with a dot, so the side folder is none. All of it is one file system: files
 * appear by rename. It survives a kill of the process at any moment; a power cut may lose the last writes
 * (nothing is synced), which the size of the bytes reveals. One process per folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SIDE_FOLDER = '.tidemark-s3';

export interface Folders {
  readonly root: string;
  readonly objects: string;
  readonly uploads: string;
  readonly changes: string;
  readonly incoming: string;
}

/** Creates what is missing. What was on its way in when the process ended is kept until `emptyIncoming`. */
export async function openFolders(root: string): Promise<Folders> {
  const side = join(root, SIDE_FOLDER);
  const folders = {
    root,
    objects: join(side, 'objects'),
    uploads: join(side, 'uploads'),
    changes: join(side, 'changes'),
    incoming: join(side, 'incoming'),
  };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  return folders;
}

/** Removes everything that was on its way in; only while no request runs. */
export async function emptyIncoming(folders: Folders): Promise<void> {
  for (const name of await readdir(folders.incoming)) {
    await rm(join(folders.incoming, name), { recursive: true, force: true });
  }
}

/** A path for new bytes that nobody else uses. */
export function incomingPath(folders: Folders): string {
  return join(folders.incoming, randomUUID());
}

/** Where the metadata of an object lies. A hash, because keys are longer than file names may be. */
export function metadataPath(folders: Folders, bucket: string, key: string): string {
  return join(folders.objects, bucket, `${createHash('sha256').update(key).digest('hex')}.json`);
}

/** Writes a JSON file that is either absent, old or whole. */
export async function writeJson(folders: Folders, file: string, value: unknown): Promise<void> {
  const beside = incomingPath(folders);
  await writeFile(beside, JSON.stringify(value));
  await rename(beside, file);
}
