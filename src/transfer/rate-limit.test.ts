import { describe, expect, it } from 'vitest';
import { RateLimit } from './rate-limit.js';

const never = new AbortController().signal;
const now = (): number => performance.now();

describe('a rate limit', () => {
  it('keeps the long-run rate for all who share it, after a quarter of a second at once', async () => {
    const limit = new RateLimit(1_000_000, now);
    const startMs = now();
    let bytes = 0;
    const one = async (): Promise<void> => {
      for (let taken = 0; taken < 20; taken++) {
        await limit.take(20_000, never);
        bytes += 20_000;
      }
    };
    await Promise.all([one(), one()]);
    const ms = now() - startMs;
    // 800 kB less the 250 kB of the bucket, at 1 kB a millisecond.
    expect(bytes).toBe(800_000);
    expect(ms).toBeGreaterThan(500);
    expect(ms).toBeLessThan(900);
  });

  it('rejects with the reason when the signal aborts, and then takes nothing from the others', async () => {
    const limit = new RateLimit(1000, now);
    await limit.take(250, never);
    const stop = new AbortController();
    const waiting = limit.take(1_000_000, stop.signal);
    stop.abort(new Error('cancelled by its run'));
    await expect(waiting).rejects.toThrow('cancelled by its run');
    const startMs = now();
    await limit.take(50, never);
    expect(now() - startMs).toBeLessThan(500);
  });

  it('does not save up while nobody asks', async () => {
    let clockMs = 0;
    const limit = new RateLimit(1_000_000, () => clockMs);
    clockMs = 3_600_000;
    const startMs = now();
    await limit.take(400_000, never);
    expect(now() - startMs).toBeGreaterThan(120);
  });
});
