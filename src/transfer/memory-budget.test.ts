import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lease, MemoryBudget } from './memory-budget.js';

const never = new AbortController().signal;
const kibibyte = 1024;

/** Lets everything that is ready go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a memory budget', () => {
  it('gives buffers of exactly the size that was asked for', async () => {
    const budget = new MemoryBudget(100);
    using lease = await budget.take(60, never);
    expect([lease.buffer.length, budget.usedBytes]).toEqual([60, 60]);
  });

  it('refuses more than it has, and says both numbers', async () => {
    await expect(new MemoryBudget(100).take(101, never)).rejects.toMatchObject({
      code: 'transfer/buffer-too-large',
      message: 'a buffer of 101 bytes was asked for, the worker may hold 100',
    });
  });

  it('lets nobody overtake: a small request waits behind a large one', async () => {
    const budget = new MemoryBudget(100);
    const order: string[] = [];
    const first = await budget.take(80, never);
    const large = budget.take(90, never).then((lease) => (order.push('large'), lease));
    const small = budget.take(10, never).then((lease) => (order.push('small'), lease));
    await settled();
    expect(order).toEqual([]);
    first[Symbol.dispose]();
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
  });

  it('gives up a place in the queue on abort, with the reason, and serves those behind', async () => {
    const budget = new MemoryBudget(100);
    const stop = new AbortController();
    const first = await budget.take(50, never);
    const large = budget.take(90, stop.signal);
    const small = budget.take(40, never);
    stop.abort(new Error('cancelled by its run'));
    await expect(large).rejects.toThrow('cancelled by its run');
    using lease = await small;
    expect(budget.usedBytes).toBe(90);
    expect(lease.buffer).not.toBe(first.buffer);
  });

  it('rejects at once where the signal has aborted before', async () => {
    const budget = new MemoryBudget(100);
    await expect(budget.take(1, AbortSignal.abort(new Error('too late')))).rejects.toThrow(
      'too late',
    );
    expect(budget.usedBytes).toBe(0);
  });

  it('counts a lease that is released twice once', async () => {
    const budget = new MemoryBudget(128 * kibibyte);
    const lease = await budget.take(64 * kibibyte, never);
    lease[Symbol.dispose]();
    lease[Symbol.dispose]();
    expect(budget.usedBytes).toBe(0);
    using one = await budget.take(64 * kibibyte, never);
    using two = await budget.take(64 * kibibyte, never);
    expect(one.buffer).not.toBe(two.buffer);
  });

  it('uses a buffer again for the same size', async () => {
    const budget = new MemoryBudget(128 * kibibyte);
    const lease = await budget.take(64 * kibibyte, never);
    lease[Symbol.dispose]();
    using again = await budget.take(64 * kibibyte, never);
    expect(again.buffer).toBe(lease.buffer);
  });

  it('never holds more than its total, in use and spare together, and never one buffer twice (G12)', async () => {
    const request = fc.record({
      bytes: fc.constantFrom(10, 64 * kibibyte, 96 * kibibyte, 128 * kibibyte, 256 * kibibyte),
      release: fc.nat({ max: 5 }),
      aborts: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 40 }), async (requests) => {
        const budget = new MemoryBudget(256 * kibibyte);
        const held: Lease[] = [];
        const pending: Promise<unknown>[] = [];
        const check = (): void => {
          expect(budget.heldBytes).toBeLessThanOrEqual(budget.totalBytes);
          expect(budget.usedBytes).toBe(held.reduce((sum, { buffer }) => sum + buffer.length, 0));
          expect(new Set(held.map(({ buffer }) => buffer.buffer)).size).toBe(held.length);
        };
        for (const { bytes, release, aborts } of requests) {
          const stop = new AbortController();
          const taken = budget.take(bytes, stop.signal).then(
            (lease) => held.push(lease),
            () => undefined,
          );
          pending.push(taken);
          await settled();
          check();
          if (aborts) stop.abort(new Error('stop'));
          held.splice(release, 1)[0]?.[Symbol.dispose]();
          await settled();
          check();
        }
        while (held.length > 0) {
          held.pop()?.[Symbol.dispose]();
          await settled();
        }
        await Promise.all(pending);
        expect(budget.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
