/**
 * Files of this process, by connection name. What it keeps true: a file is replaced whole or not at all, every
 * write gets a tag of its own, and a fault that was declared once fires once, however often the folder is opened.
 */
import type { PartRecord } from '../../core/plan/file.js';

export interface MemoryFile {
  readonly bytes: Buffer;
  /** Epoch seconds as text. */
  readonly modified: string;
  readonly tag: string;
  readonly crc32: string;
  readonly unit?: string;
  readonly copiedFrom?: string;
}

export interface MemoryPart {
  readonly record: PartRecord;
  readonly bytes: Buffer;
}

export interface MemoryUpload {
  readonly id: string;
  readonly key: string;
  readonly unit: string;
  readonly startedMs: number;
  readonly parts: Map<number, MemoryPart>;
}

export class MemoryFolder {
  readonly files = new Map<string, MemoryFile>();
  readonly uploads = new Map<string, MemoryUpload>();
  /** How often each declared fault has fired, by its text. */
  readonly fired = new Map<string, number>();
  /** Data sets that were put here already, so that reading what was deleted does not bring it back. */
  readonly seeded = new Set<string>();
  #writes = 0;

  /** A name that this folder never gave before: tag of a version, id of an upload. */
  nextName(prefix: string): string {
    this.#writes += 1;
    return `${prefix}-${String(this.#writes)}`;
  }

  /** Paths in UTF-16 order. */
  paths(): readonly string[] {
    return [...this.files.keys()].sort();
  }
}

export class MemoryStore {
  readonly #folders = new Map<string, MemoryFolder>();

  /** The folder of a connection; empty at first. */
  folder(connectionName: string): MemoryFolder {
    const known = this.#folders.get(connectionName);
    if (known !== undefined) return known;
    const folder = new MemoryFolder();
    this.#folders.set(connectionName, folder);
    return folder;
  }
}
