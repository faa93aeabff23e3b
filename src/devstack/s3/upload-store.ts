/**
 * Open multipart uploads over a folder. Keeps true: an upload and each of its parts appear and disappear in
 * one step; ids rise with the time of creation, so order by id is order by age; parts that arrive after the
 * end of their upload are refused and leave nothing.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Folders, incomingPath, writeJson } from './folders.js';
import { compareKeys } from './key-order.js';
import { KeyLock } from './key-lock.js';
import {
  type PartRecord,
  partRecord,
  readRecord,
  type UploadRecord,
  uploadRecord,
} from './record.js';
import { S3Error } from './s3-error.js';

export interface OpenUpload {
  readonly record: UploadRecord;
  readonly parts: Map<number, PartRecord>;
}

export class UploadStore {
  readonly #folders: Folders;
  readonly #uploads = new Map<string, OpenUpload>();
  readonly #locks = new KeyLock();
  #lastIdTime = 0;

  private constructor(folders: Folders) {
    this.#folders = folders;
  }

  /** Reads the open uploads of a folder. Throws if a metadata file is damaged. */
  static async open(folders: Folders): Promise<UploadStore> {
    const store = new UploadStore(folders);
    for (const id of await readdir(folders.uploads)) await store.#load(id);
    return store;
  }

  get size(): number {
    return this.#uploads.size;
  }

  /** The open uploads of a bucket by key, then by age. */
  list(bucket: string): readonly OpenUpload[] {
    return [...this.#uploads.values()]
      .filter(({ record }) => record.bucket === bucket)
      .sort(
        (a, b) => compareKeys(a.record.key, b.record.key) || compareKeys(a.record.id, b.record.id),
      );
  }

  /** Throws `NoSuchUpload` unless the upload is open and of that key. */
  require(id: string, bucket: string, key: string): OpenUpload {
    const upload = this.#uploads.get(id);
    if (upload === undefined || upload.record.bucket !== bucket || upload.record.key !== key) {
      throw new S3Error(
        'NoSuchUpload',
        `There is no open upload "${id.slice(0, 64)}" of the key "${key}": it was never created, or was completed or aborted.`,
      );
    }
    return upload;
  }

  /** Runs `work` while no part is added to the upload and nobody else ends it. */
  async whileHeld<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#locks.hold(id, work);
  }

  async create(upload: Omit<UploadRecord, 'id'>): Promise<UploadRecord> {
    const record = { id: this.#nextId(), ...upload };
    const beside = incomingPath(this.#folders);
    await mkdir(beside);
    await writeJson(this.#folders, join(beside, 'upload.json'), record);
    await rename(beside, this.#folder(record.id));
    this.#uploads.set(record.id, { record, parts: new Map() });
    return record;
  }

  /** Adds or replaces a part, whose bytes lie in the incoming folder. Throws `NoSuchUpload`. */
  async putPart(
    upload: OpenUpload,
    stagedFile: string,
    part: Omit<PartRecord, 'file'>,
  ): Promise<void> {
    const { id, bucket, key } = upload.record;
    await this.whileHeld(id, async () => {
      this.require(id, bucket, key);
      const record = { ...part, file: `${part.number}.${basename(stagedFile)}` };
      const replaced = upload.parts.get(part.number);
      await rename(stagedFile, join(this.#folder(id), record.file));
      await writeJson(this.#folders, join(this.#folder(id), `${part.number}.json`), record);
      upload.parts.set(part.number, record);
      if (replaced !== undefined) await rm(join(this.#folder(id), replaced.file), { force: true });
    });
  }

  /** Ends the upload and frees its bytes. Throws `NoSuchUpload`. */
  async abort(id: string, bucket: string, key: string): Promise<void> {
    await this.whileHeld(id, async () => {
      this.require(id, bucket, key);
      const gone = incomingPath(this.#folders);
      await rename(this.#folder(id), gone);
      this.#uploads.delete(id);
      await rm(gone, { recursive: true, force: true });
    });
  }

  /** Forgets an upload whose files are gone because its object was put. */
  forget(id: string): void {
    this.#uploads.delete(id);
  }

  /** The file with the bytes of a part. */
  partFile(upload: OpenUpload, part: PartRecord): string {
    return join(this.#folder(upload.record.id), part.file);
  }

  async #load(id: string): Promise<void> {
    const folder = this.#folder(id);
    const record = await readRecord(join(folder, 'upload.json'), uploadRecord);
    if (record.id !== id)
      throw new Error(
        `Reading the folder of the S3 server: ${folder} holds the upload "${record.id}". Delete it.`,
      );
    const parts = new Map<number, PartRecord>();
    for (const name of (await readdir(folder)).filter((file) => /^\d+\.json$/.test(file))) {
      const part = await readRecord(join(folder, name), partRecord);
      parts.set(part.number, part);
    }
    this.#uploads.set(id, { record, parts });
  }

  #folder(id: string): string {
    return join(this.#folders.uploads, id);
  }

  #nextId(): string {
    this.#lastIdTime = Math.max(Date.now(), this.#lastIdTime + 1);
    return this.#lastIdTime.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  }
}
