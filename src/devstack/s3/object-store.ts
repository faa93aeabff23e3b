/**
 * Buckets and objects over a folder (layout: folders.ts). Keeps true: the check of a condition and the change
 * that depends on it are one step under the bucket's lock, so of two conditional creates exactly one wins;
 * a reader gets the bytes of the version whose metadata it was told; nothing is visible before it is whole.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { doChange, exists, recordChange, redoChanges } from './change.js';
import { emptyIncoming, type Folders, metadataPath, openFolders } from './folders.js';
import { KeyLock } from './key-lock.js';
import { opaquePath, plainPath } from './key-path.js';
import { ObjectIndex } from './object-index.js';
import { changeRecord, type ObjectRecord, readRecord } from './record.js';
import { S3Error } from './s3-error.js';

/** Called under the lock with what is there now; throws to refuse the change. */
export type Guard = (current: ObjectRecord | undefined) => void;

/** New bytes that lie in the incoming folder, and what to note about them. */
export interface NewObject {
  readonly stagedFile: string;
  readonly record: Omit<ObjectRecord, 'path'>;
  /** The upload whose end this object is; it disappears in the same step. */
  readonly completesUpload?: string;
}

export interface OpenedObject {
  readonly record: ObjectRecord;
  readonly file: FileHandle;
}

const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/;

export class ObjectStore {
  readonly folders: Folders;
  readonly #buckets = new Map<string, { readonly index: ObjectIndex; readonly createdAt: Date }>();
  readonly #locks = new KeyLock();

  private constructor(folders: Folders) {
    this.folders = folders;
  }

  /** Opens the folder, completes interrupted changes and reads all metadata. Throws if a file is damaged. */
  static async open(root: string): Promise<ObjectStore> {
    const store = new ObjectStore(await openFolders(root));
    await redoChanges(store.folders);
    await emptyIncoming(store.folders);
    for (const bucket of await readdir(store.folders.objects)) await store.#loadBucket(bucket);
    return store;
  }

  buckets(): readonly { name: string; createdAt: Date }[] {
    return [...this.#buckets]
      .map(([name, { createdAt }]) => ({ name, createdAt }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The objects of a bucket. Throws `NoSuchBucket`. */
  index(bucket: string): ObjectIndex {
    const found = this.#buckets.get(bucket);
    if (found === undefined)
      throw new S3Error('NoSuchBucket', `The bucket "${bucket}" does not exist.`);
    return found.index;
  }

  hasBucket(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  async createBucket(bucket: string): Promise<void> {
    if (!BUCKET_NAME.test(bucket)) {
      throw new S3Error(
        'InvalidBucketName',
        `"${bucket}" is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens.`,
      );
    }
    await this.#locks.hold(bucket, async () => {
      if (this.#buckets.has(bucket)) {
        throw new S3Error(
          'BucketAlreadyOwnedByYou',
          `The bucket "${bucket}" exists already and is yours.`,
        );
      }
      await mkdir(join(this.folders.root, bucket), { recursive: true });
      await mkdir(join(this.folders.objects, bucket), { recursive: true });
      this.#buckets.set(bucket, { index: new ObjectIndex(), createdAt: new Date() });
    });
  }

  /** Makes the object visible in one step, if `guard` allows it; else the new bytes are removed. */
  async put(bucket: string, object: NewObject, guard: Guard): Promise<ObjectRecord> {
    try {
      return await this.#commit(bucket, object, guard);
    } catch (error) {
      await rm(object.stagedFile, { force: true });
      throw error;
    }
  }

  /** Removes the object if it is there and `guard` allows it. */
  async delete(bucket: string, key: string, guard: Guard): Promise<void> {
    const index = this.index(bucket);
    await this.#locks.hold(bucket, async () => {
      const record = index.get(key);
      guard(record);
      if (record === undefined) return;
      const change = { change: 'delete', bucket, record } as const;
      await doChange(this.folders, change, await recordChange(this.folders, change, randomUUID()));
      index.delete(key);
    });
  }

  /** Metadata and open bytes of one version. Throws `NoSuchKey`; `InternalError` if the bytes were changed. */
  async open(bucket: string, key: string): Promise<OpenedObject> {
    const index = this.index(bucket);
    return this.#locks.hold(bucket, async () => {
      const record = requireObject(index.get(key), key);
      const path = join(this.folders.root, bucket, record.path);
      const file = await open(path).catch(() => undefined);
      const sizeBytes = file === undefined ? 'no' : (await file.stat()).size;
      if (file === undefined || sizeBytes !== record.sizeBytes) {
        await file?.close();
        throw new S3Error(
          'InternalError',
          `The bytes of "${key}" are not the ones that were stored: ${path} has ${sizeBytes} bytes instead of ${record.sizeBytes}.`,
        );
      }
      return { record, file };
    });
  }

  async #commit(bucket: string, object: NewObject, guard: Guard): Promise<ObjectRecord> {
    const index = this.index(bucket);
    return this.#locks.hold(bucket, async () => {
      const current = index.get(object.record.key);
      guard(current);
      const path = current?.path ?? (await this.#freePath(bucket, object.record.key));
      const record: ObjectRecord = { ...object.record, path };
      const change = {
        change: 'put',
        bucket,
        staged: basename(object.stagedFile),
        record,
        ...(object.completesUpload === undefined
          ? {}
          : { completesUpload: object.completesUpload }),
      } as const;
      const file = await recordChange(this.folders, change, randomUUID());
      try {
        await doChange(this.folders, change, file);
      } catch (error) {
        // Bytes that were not moved: nothing happened, and the next start must not try it without them.
        if (await exists(object.stagedFile)) await rm(file, { force: true });
        throw error;
      }
      index.put(record);
      return record;
    });
  }

  async #loadBucket(bucket: string): Promise<void> {
    const folder = join(this.folders.objects, bucket);
    const index = new ObjectIndex();
    for (const name of await readdir(folder)) {
      const { record } = await readRecord(join(folder, name), changeRecord);
      if (metadataPath(this.folders, bucket, record.key) !== join(folder, name)) {
        throw new Error(
          `Reading the folder of the S3 server: ${join(folder, name)} describes the key "${record.key}", which belongs to another file. Delete it.`,
        );
      }
      index.put(record);
    }
    await mkdir(join(this.folders.root, bucket), { recursive: true });
    this.#buckets.set(bucket, { index, createdAt: (await stat(folder)).birthtime });
  }

  /** A path where the bytes of a new key can be written: the readable one unless something is in its way. */
  async #freePath(bucket: string, key: string): Promise<string> {
    const plain = plainPath(key);
    const full = join(this.folders.root, bucket, plain);
    const isFree =
      this.index(bucket).mayUse(plain, key) &&
      (await mkdir(dirname(full), { recursive: true }).then(
        () => true,
        () => false, // a file stands where a folder is needed, or the path is too long
      )) &&
      !(await isFolder(full));
    return isFree ? plain : opaquePath(key);
  }
}

/** Throws `NoSuchKey` if there is no object. */
export function requireObject(record: ObjectRecord | undefined, key: string): ObjectRecord {
  if (record === undefined) throw new S3Error('NoSuchKey', `The key "${key}" does not exist.`);
  return record;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
