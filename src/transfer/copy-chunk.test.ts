import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PartRecord, UploadHandle } from '../core/plan/file.js';
import { formatCrc32 } from '../core/values/crc32.js';
import { type ChunkCopy, copyParts } from './copy-chunk.js';
import { bytesOf, MemoryCopy, never } from './memory-copy.fixture.js';
import { MemoryBudget } from './memory-budget.js';
import { partRanges } from './parts.js';

const partBytes = 64 * 1024;

interface Prepared {
  readonly memory: MemoryCopy;
  readonly budget: MemoryBudget;
  readonly bytes: Buffer;
  readonly confirmed: PartRecord[];
  readonly draining: AbortController;
  readonly upload: UploadHandle;
  readonly copy: ChunkCopy;
}

const prepare = async (
  parts: number,
  buffers: number,
  faults: readonly object[] = [],
): Promise<Prepared> => {
  const memory = new MemoryCopy(faults);
  const bytes = bytesOf(parts * partBytes - 100);
  const identity = memory.put('big.bin', bytes);
  const upload = await memory.target.openUpload(memory.order(identity), partBytes, 0, never);
  const budget = new MemoryBudget(buffers * partBytes);
  const draining = new AbortController();
  const confirmed: PartRecord[] = [];
  const copy: ChunkCopy = {
    reader: await memory.reader(identity),
    target: memory.heldTarget,
    upload,
    parts: partRanges(bytes.length, partBytes, 1, parts),
    budget,
    progress: memory.progress,
    draining: draining.signal,
    confirmed: (part) => void confirmed.push(part),
  };
  return { memory, budget, bytes, confirmed, draining, upload, copy };
};

/** A step that only ends some time after it was told to stop, as a request on the wire does. */
const slowToStop =
  (ms: number) =>
  async (_which: number, signal: AbortSignal): Promise<void> => {
    await sleep(ms);
    if (signal.aborted) {
      await sleep(20);
      throw signal.reason;
    }
  };

describe('copyParts', () => {
  it('copies every byte and returns the parts in order with the checksum of what was read (G14)', async () => {
    const { memory, copy, bytes, upload } = await prepare(7, 3);
    const records = await copyParts(copy, never);
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    records.forEach(({ crc32: found, number }) => {
      const part = bytes.subarray((number - 1) * partBytes, number * partBytes);
      expect(found).toBe(formatCrc32(crc32(part)));
    });
    await memory.target.complete(upload, records, never);
    expect(memory.lake.files.get('raw/big.bin')?.bytes.equals(bytes)).toBe(true);
  });

  it('reads ahead while parts are written, as far as the buffers reach', async () => {
    const { memory, copy, budget } = await prepare(9, 3);
    memory.whileReading = () => sleep(5);
    await copyParts(copy, never);
    expect(memory.mostReadsAtOnce).toBe(3);
    expect(budget.usedBytes).toBe(0);
  });

  it('ends with the first failure, starts nothing more and gives every buffer back', async () => {
    const { memory, copy, budget, confirmed } = await prepare(20, 3);
    memory.whileWriting = (part) =>
      part === 2 ? Promise.reject(new Error('no room on the disk')) : Promise.resolve();
    await expect(copyParts(copy, never)).rejects.toThrow('no room on the disk');
    expect(confirmed.length).toBeLessThan(5);
    expect([budget.usedBytes, memory.inUse.size]).toEqual([0, 0]);
  });

  it('gives no buffer back while a read or a write still uses it, after a failure or an abort (G5)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 25 }),
        fc.boolean(),
        fc.nat({ max: 6 }),
        async (abortMs, fails, part) => {
          const { memory, copy, budget } = await prepare(8, 3);
          const stop = new AbortController();
          memory.whileReading = slowToStop(3);
          memory.whileWriting = async (number, signal) => {
            if (fails && number === part) throw new Error('broken');
            await slowToStop(4)(number, signal);
          };
          const timer = setTimeout(() => {
            stop.abort(new Error('cancelled'));
          }, abortMs);
          await copyParts(copy, stop.signal).catch(() => undefined);
          clearTimeout(timer);
          // The pump has ended: nothing uses a buffer, and a second pump may take all of them.
          expect([budget.usedBytes, memory.inUse.size]).toEqual([0, 0]);
          await copyParts(copy, never).catch((error: unknown) => {
            expect(String(error)).toContain('broken');
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('rejects with the reason of an abort, whatever failed because of it', async () => {
    const { memory, copy } = await prepare(8, 2);
    const stop = new AbortController();
    memory.whileReading = async () => {
      stop.abort(new Error('the run was cancelled'));
      await sleep(2);
      throw new Error('socket closed');
    };
    await expect(copyParts(copy, stop.signal)).rejects.toThrow('the run was cancelled');
  });

  it('finishes the parts under way when the worker stops, and leaves the others', async () => {
    const { memory, copy, draining, confirmed, upload } = await prepare(20, 3);
    memory.whileWriting = async (part) => {
      if (part === 2) draining.abort();
      await sleep(2);
    };
    await expect(copyParts(copy, never)).rejects.toMatchObject({ code: 'transfer/worker-stops' });
    expect(confirmed.length).toBeGreaterThanOrEqual(2);
    expect(confirmed.length).toBeLessThan(8);
    const held = await memory.target.listParts(upload, never);
    expect(held.map(({ number }) => number)).toEqual(
      confirmed.map(({ number }) => number).sort((a, b) => a - b),
    );
  });

  it('stops at a file that ends early, and says so', async () => {
    const { copy } = await prepare(4, 4, [{ on: 'read', do: 'truncate', at: 70_000 }]);
    await expect(copyParts(copy, never)).rejects.toMatchObject({ code: 'source/truncated' });
  });

  it('counts what was confirmed, and nothing that was not', async () => {
    const { memory, copy, bytes } = await prepare(5, 2);
    await copyParts(copy, never);
    expect(memory.progress).toMatchObject({
      readBytes: bytes.length,
      confirmedBytes: bytes.length,
    });
  });
});
