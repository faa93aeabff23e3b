/**
 * Writes one object whose size nobody knows before its last byte: in one conditional step if it fits a part, else in
 * parts.
 *
 * Keeps true: nothing is visible before `finish`; an object that will not be finished leaves no upload behind.
 */
import { crc32 } from 'node:zlib';
import type { FileTarget } from '../connectors/connector.js';
import type { ObjectOrder, PartRecord, UploadHandle, WrittenObject } from '../core/plan/file.js';
import { formatCrc32 } from '../core/values/crc32.js';
import type { LaneBuffers, Region } from './lane-buffers.js';
import { partBytesOf } from './page-sizer.js';
import { crcOfPieces } from './parts.js';
import type { TransferProgress } from './transfer-progress.js';

/** How long the removal of an upload may take after its activity was told to end. */
const discardMs = 10_000;

export interface ObjectPlace {
  readonly target: FileTarget;
  readonly order: ObjectOrder;
  readonly buffers: LaneBuffers;
  readonly partBytes: number;
  /** Epoch ms at which the owner began. */
  readonly startedAfterMs: number;
  readonly progress: TransferProgress;
  readonly signal: AbortSignal;
  /** An attempt before this one may have written the object. */
  readonly isRetry: boolean;
  /** Called for each part that the target confirmed. */
  confirmed(): void;
}

export interface FinishedObject {
  readonly object: WrittenObject;
  readonly bytes: number;
  readonly crc32: string;
}

export class ObjectWriter {
  readonly #place: ObjectPlace;
  #region: Region | null = null;
  #used = 0;
  #upload: UploadHandle | null = null;
  #position = 0;
  #closed = 0;
  readonly #parts: PartRecord[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: Error | null = null;

  constructor(place: ObjectPlace) {
    this.#place = place;
  }

  async write(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length;) {
      if (this.#failure !== null) throw this.#failure;
      const room = await this.#room();
      const taken = piece.copy(room, 0, at);
      at += taken;
      this.#used += taken;
      if (taken === room.length) await this.#send();
    }
  }

  /** `verify`: whether what was read still is what it was; asked last, just before the object appears. */
  async finish(verify: () => Promise<void>): Promise<FinishedObject> {
    const { target, order, signal } = this.#place;
    const whole =
      this.#upload === null ? (this.#region?.buffer.subarray(0, this.#used) ?? null) : null;
    if (this.#upload === null) {
      const body = whole ?? Buffer.alloc(0);
      await verify();
      const crc = formatCrc32(crc32(body));
      const object = await target.put({ ...order, size: body.length }, body, crc, signal);
      this.#place.confirmed();
      this.#giveBack();
      return { object, bytes: body.length, crc32: crc };
    }
    if (this.#used > 0) await this.#send();
    await Promise.all(this.#running);
    if (this.#failure !== null) throw this.#failure;
    this.#giveBack();
    await verify();
    const parts = this.#parts.toSorted((a, b) => a.number - b.number);
    const object = await target.complete(this.#upload, parts, signal);
    // An object that an earlier attempt had completed counts, and leaves this attempt's upload open.
    if (!this.#place.isRetry) this.#upload = null;
    return { object, bytes: this.#position, crc32: crcOfPieces(parts) };
  }

  /** Nothing of it stays but an object that is finished. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#giveBack();
    const upload = this.#upload;
    this.#upload = null;
    // The activity's own signal has fired already; what cannot be removed now is found by the next attempt.
    if (upload !== null)
      await this.#place.target.abort(upload, AbortSignal.timeout(discardMs)).catch(() => undefined);
  }

  #giveBack(): void {
    this.#region?.giveBack();
    this.#region = null;
    this.#used = 0;
  }

  async #room(): Promise<Buffer> {
    const { buffers, partBytes, signal } = this.#place;
    const wanted = partBytesOf(partBytes, this.#closed + 1);
    if (this.#region === null) {
      if (wanted > buffers.bufferBytes) {
        await Promise.all(this.#running);
        buffers.grow(wanted);
      }
      this.#region = await buffers.take(signal);
    }
    const size = Math.min(wanted, this.#region.buffer.length);
    return this.#region.buffer.subarray(this.#used, size);
  }

  async #send(): Promise<void> {
    const { target, order, partBytes, startedAfterMs, progress, signal } = this.#place;
    this.#upload ??= await target.openUpload(order, partBytes, startedAfterMs, signal);
    const upload = this.#upload;
    const region = this.#region;
    if (region === null) return;
    const body = region.buffer.subarray(0, this.#used);
    const part = {
      number: ++this.#closed,
      position: this.#position,
      crc32: formatCrc32(crc32(body)),
    };
    this.#position += body.length;
    this.#region = null;
    this.#used = 0;
    const sent = target
      .writePart(upload, part, body, { progress: progress.written, signal })
      .then(
        (record) => {
          this.#parts.push(record);
          this.#place.confirmed();
        },
        (error: unknown) => {
          this.#failure ??= error instanceof Error ? error : new Error(String(error));
        },
      )
      .finally(() => {
        region.giveBack();
        this.#running.delete(sent);
      });
    this.#running.add(sent);
  }
}
