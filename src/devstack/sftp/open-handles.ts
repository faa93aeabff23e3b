/**
 * The files and folders that one channel has open.
 * Keeps true: a handle means one thing for as long as the channel lives (numbers are not used again), and
 * nothing stays open when the channel is gone.
 */
import type { Dir } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { createLane, type Lane } from './lane.js';
import { LIMITS } from './protocol.js';

export interface OpenFile {
  readonly kind: 'file';
  readonly file: FileHandle;
  /** As the client named it. */
  readonly clientPath: string;
  readonly lane: Lane;
}

export interface OpenFolder {
  readonly kind: 'folder';
  readonly folder: Dir;
  readonly lane: Lane;
  /** Whether `.` and `..` have been listed. */
  dotsListed: boolean;
}

type OpenThing = OpenFile | OpenFolder;

export class OpenHandles {
  readonly #things = new Map<number, OpenThing>();
  #nextNumber = 0;
  #gone = false;

  get count(): number {
    return this.#things.size;
  }

  /** Fails with EMFILE when the channel has too many handles; the file is closed then. */
  async addFile(file: FileHandle, clientPath: string): Promise<Buffer> {
    return this.#add({ kind: 'file', file, clientPath, lane: createLane() });
  }

  /** As `addFile`, for a folder that is being listed. */
  async addFolder(folder: Dir): Promise<Buffer> {
    return this.#add({ kind: 'folder', folder, lane: createLane(), dotsListed: false });
  }

  /** Fails with EBADF when the handle is not an open file. */
  file(handle: Buffer): OpenFile {
    const thing = this.#things.get(numberOf(handle));
    if (thing?.kind !== 'file') throw failure('EBADF', 'not the handle of an open file');
    return thing;
  }

  /** Fails with EBADF when the handle is not an open folder. */
  folder(handle: Buffer): OpenFolder {
    const thing = this.#things.get(numberOf(handle));
    if (thing?.kind !== 'folder') throw failure('EBADF', 'not the handle of an open folder');
    return thing;
  }

  /** Forgets the handle at once and closes it after the operations that are under way. */
  async close(handle: Buffer): Promise<void> {
    const number = numberOf(handle);
    const thing = this.#things.get(number);
    if (thing === undefined) throw failure('EBADF', 'not an open handle');
    this.#things.delete(number);
    await thing.lane.exclusive(() => closeThing(thing));
  }

  /** Closes everything; what is opened later is closed at once. */
  async closeAll(): Promise<void> {
    this.#gone = true;
    const things = [...this.#things.values()];
    this.#things.clear();
    await Promise.allSettled(things.map((thing) => thing.lane.exclusive(() => closeThing(thing))));
  }

  async #add(thing: OpenThing): Promise<Buffer> {
    if (this.#gone || this.#things.size >= LIMITS.openHandles) {
      await closeThing(thing);
      throw failure('EMFILE', 'too many open handles');
    }
    const handle = Buffer.allocUnsafe(4);
    handle.writeUInt32BE(this.#nextNumber, 0);
    this.#things.set(this.#nextNumber, thing);
    this.#nextNumber += 1;
    return handle;
  }
}

function closeThing(thing: OpenThing): Promise<void> {
  return thing.kind === 'file' ? thing.file.close() : thing.folder.close();
}

function numberOf(handle: Buffer): number {
  return handle.length === 4 ? handle.readUInt32BE(0) : -1;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
