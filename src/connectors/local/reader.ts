/**
 * One open local file.
 *
 * Keeps true: the handle belongs to the planned version at every open; `verify` also looks at the path again, because
 * a file that was replaced by a rename stays readable through an old handle.
 */
import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import type { ByteProgress, FileReader } from '../connector.js';
import { sourceChanged, sourceTruncated } from '../file-errors.js';
import { isMissing, type ConfinedFolder } from './confined.js';

/** How much of each end of a file goes into `FileIdentity.ends`. */
const END_BYTES = 64 * 1024;
/** Between two looks at the signal. */
const STEP_BYTES = 4 * 1024 * 1024;

/** Decimal epoch seconds with nine digits, without trailing zeros. */
export const modifiedText = (stats: BigIntStats): string => {
  const nanoseconds = stats.mtimeNs;
  const fraction = String(nanoseconds % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = String(nanoseconds / 1_000_000_000n);
  return fraction === '' ? seconds : `${seconds}.${fraction}`;
};

export const identityOf = (path: string, stats: BigIntStats): FileIdentity => ({
  path,
  size: Number(stats.size),
  modified: modifiedText(stats),
});

const changed = (folder: ConfinedFolder, identity: FileIdentity, how: string): TidemarkError =>
  new TidemarkError(
    sourceChanged,
    `connection ${folder.context.connectionName}: ${identity.path} ${how}`,
  );

/** Throws `source/changed` unless that still is the identity. */
export const assertSame = (
  folder: ConfinedFolder,
  identity: FileIdentity,
  stats: BigIntStats,
): void => {
  const now = identityOf(identity.path, stats);
  if (!stats.isFile()) throw changed(folder, identity, 'is no regular file any more');
  if (now.size !== identity.size) {
    throw changed(folder, identity, `has ${now.size} bytes, planned were ${identity.size}`);
  }
  if (now.modified !== identity.modified) {
    throw changed(
      folder,
      identity,
      `was modified at ${now.modified}, planned was ${identity.modified}`,
    );
  }
};

export class LocalReader implements FileReader {
  readonly #folder: ConfinedFolder;
  readonly #identity: FileIdentity;
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(
    folder: ConfinedFolder,
    identity: FileIdentity,
    file: FileHandle,
    path: string,
  ) {
    this.#folder = folder;
    this.#identity = identity;
    this.#file = file;
    this.#path = path;
  }

  static open(
    folder: ConfinedFolder,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<LocalReader> {
    return folder.doing(`opening ${identity.path}`, signal, async () => {
      const path = await folder.real(identity.path);
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
        (error: unknown) => {
          throw isMissing(error) ? changed(folder, identity, 'does not exist any more') : error;
        },
      );
      const reader = new LocalReader(folder, identity, file, path);
      try {
        assertSame(folder, identity, await file.stat({ bigint: true }));
        const { ends } = identity;
        if (ends !== undefined && (await reader.ends(signal)) !== ends) {
          throw changed(folder, identity, 'has other bytes at its ends than when it was planned');
        }
        return reader;
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  /** First 32 hex digits of the SHA-256 of the first and the last 64 KiB; they overlap in small files. */
  async ends(signal: AbortSignal): Promise<string> {
    const { size } = this.#identity;
    const length = Math.min(END_BYTES, size);
    const both = Buffer.allocUnsafeSlow(2 * length);
    await this.#fill(0, both.subarray(0, length), signal, () => undefined);
    await this.#fill(size - length, both.subarray(length), signal, () => undefined);
    return createHash('sha256').update(both).digest('hex').slice(0, 32);
  }

  read(
    position: number,
    buffer: Buffer,
    progress: ByteProgress,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#folder.doing(`reading ${this.#identity.path}`, signal, () =>
      this.#fill(position, buffer, signal, progress),
    );
  }

  async #fill(
    position: number,
    buffer: Buffer,
    signal: AbortSignal,
    progress: ByteProgress,
  ): Promise<void> {
    for (let done = 0; done < buffer.length;) {
      const length = Math.min(STEP_BYTES, buffer.length - done);
      await this.#folder.context.throttle(length, signal);
      signal.throwIfAborted();
      const { bytesRead } = await this.#file.read(buffer, done, length, position + done);
      if (bytesRead === 0) {
        throw new TidemarkError(
          sourceTruncated,
          `connection ${this.#folder.context.connectionName}: ${this.#identity.path} ends at byte ${position + done}, planned were ${this.#identity.size}`,
        );
      }
      done += bytesRead;
      progress(bytesRead);
    }
  }

  verify(signal: AbortSignal): Promise<void> {
    return this.#folder.doing(`checking ${this.#identity.path}`, signal, async () => {
      assertSame(this.#folder, this.#identity, await this.#file.stat({ bigint: true }));
      const atPath = await stat(this.#path, { bigint: true }).catch((error: unknown) => {
        throw isMissing(error)
          ? changed(this.#folder, this.#identity, 'does not exist any more')
          : error;
      });
      assertSame(this.#folder, this.#identity, atPath);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
