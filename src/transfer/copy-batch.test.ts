import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type BatchCopy, copyBatch, filesAtOnce, type WrittenFile } from './copy-batch.js';
import { bytesOf, MemoryCopy, never } from './memory-copy.fixture.js';
import { MemoryBudget } from './memory-budget.js';

const prepare = (memory: MemoryCopy, count: number, budgetBytes = 1_000_000) => {
  const written = new Map<number, WrittenFile>();
  const draining = new AbortController();
  const budget = new MemoryBudget(budgetBytes);
  const files = Array.from({ length: count }, (_, index) => ({
    source: memory.put(`f${String(index)}.csv`, bytesOf(100 + index, index)),
    order: memory.order.bind(memory),
  }));
  const copy: BatchCopy = {
    source: memory.heldSource as BatchCopy['source'],
    options: memory.options,
    target: memory.target,
    files,
    budget,
    progress: memory.progress,
    draining: draining.signal,
    written: (index, file) => void written.set(index, file),
  };
  return { copy, written, draining, budget };
};

const isSame = (memory: MemoryCopy, path: string): boolean | undefined =>
  memory.inbox.files
    .get(path)
    ?.bytes.equals(memory.lake.files.get(`raw/${path}`)?.bytes ?? Buffer.of());

describe('copyBatch', () => {
  it('copies every file whole, empty ones too', async () => {
    const memory = new MemoryCopy();
    const { copy, written } = prepare(memory, 30);
    const empty = {
      source: memory.put('empty.csv', Buffer.of()),
      order: memory.order.bind(memory),
    };
    await copyBatch({ ...copy, files: [...copy.files, empty] }, never);
    expect(written.size).toBe(31);
    expect([...memory.inbox.files.keys()].every((path) => isSame(memory, path))).toBe(true);
  });

  it('has at most 64 files under way, and uses them', async () => {
    const memory = new MemoryCopy();
    memory.whileReading = () => sleep(3);
    await copyBatch(prepare(memory, 200).copy, never);
    expect(memory.mostReadsAtOnce).toBe(filesAtOnce);
  });

  it('has no more bytes under way than the budget, however many files (G12)', async () => {
    const memory = new MemoryCopy();
    memory.whileReading = () => sleep(1);
    const { copy, budget } = prepare(memory, 40, 500);
    await copyBatch(copy, never);
    expect(memory.mostReadsAtOnce).toBeLessThanOrEqual(5);
    expect(budget.usedBytes).toBe(0);
  });

  it('copies a file that changes under its hands in the version that it then has (G5)', async () => {
    const memory = new MemoryCopy();
    const { copy, written } = prepare(memory, 3);
    let changes = 0;
    memory.whileReading = () => {
      if (changes++ === 0) memory.put('f0.csv', bytesOf(500, 9));
      return Promise.resolve();
    };
    await copyBatch(copy, never);
    expect(isSame(memory, 'f0.csv')).toBe(true);
    expect(written.get(0)?.identity.size).toBe(500);
  });

  it('gives up on a file that is another one each time it is copied (G5)', async () => {
    const memory = new MemoryCopy();
    const { copy } = prepare(memory, 1);
    let versions = 0;
    memory.whileReading = () => {
      memory.put('f0.csv', bytesOf(100, ++versions));
      return Promise.resolve();
    };
    await expect(copyBatch(copy, never)).rejects.toMatchObject({
      code: 'source/still-changing',
      message: 'f0.csv changed 4 times while it was being copied',
    });
    expect(versions).toBe(4);
    expect(memory.lake.files.size).toBe(0);
  });

  it('says that a file vanished', async () => {
    const memory = new MemoryCopy();
    const { copy } = prepare(memory, 1);
    memory.whileReading = () => Promise.resolve(void memory.inbox.files.delete('f0.csv'));
    await expect(copyBatch(copy, never)).rejects.toMatchObject({ code: 'source/missing' });
  });

  it('ends with the first failure, once all others have ended', async () => {
    const memory = new MemoryCopy();
    const { copy, budget, written } = prepare(memory, 300);
    let reads = 0;
    memory.whileReading = async (_position, signal) => {
      const read = reads++;
      await sleep(2);
      if (read === 10) throw new Error('the disk is gone');
      signal.throwIfAborted();
    };
    await expect(copyBatch(copy, never)).rejects.toThrow('the disk is gone');
    expect([budget.usedBytes, memory.inUse.size]).toEqual([0, 0]);
    expect(written.size).toBeLessThan(200);
  });

  it('finishes the files under way when the worker stops, and leaves the others', async () => {
    const memory = new MemoryCopy();
    const { copy, draining, written } = prepare(memory, 200);
    memory.whileReading = async () => {
      draining.abort();
      await sleep(2);
    };
    await expect(copyBatch(copy, never)).rejects.toMatchObject({
      code: 'transfer/worker-stops',
      message: '136 files are left, the worker stops',
    });
    expect(written.size).toBe(filesAtOnce);
  });

  it('writes over nothing that it did not plan to replace', async () => {
    const memory = new MemoryCopy();
    const { copy } = prepare(memory, 1);
    memory.lake.files.set('raw/f0.csv', {
      bytes: bytesOf(3),
      modified: '1',
      tag: 'foreign',
      crc32: '',
    });
    await expect(copyBatch(copy, never)).rejects.toMatchObject({ code: 'target/conflict' });
    expect(memory.lake.files.get('raw/f0.csv')?.tag).toBe('foreign');
  });
});
