import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultTiming } from '../src/core/plan/plan.js';
import { memoryProject, type MemoryProject, quietActivity } from '../test/e2e/memory-world.js';
import { type Details, idleAttempts, runAttempt, type Watched } from './heartbeat.js';

const details = (changed: Partial<Details>): Details => ({
  v: 1,
  phase: 'copying',
  object: 'raw/big.bin',
  bytes: 0,
  of: 100,
  percent: 0,
  rate: '0.0 MB/s',
  eta: 'unknown',
  read: 0,
  idle: 0,
  base: 0,
  ...changed,
});

const watched: Watched = {
  timing: defaultTiming,
  attemptsWithoutProgress: 3,
  totalBytes: 100,
  object: 'raw/big.bin',
  movesBytes: true,
};

describe('idleAttempts', () => {
  it('is 0 on the first attempt', () => {
    expect(idleAttempts(null, 1)).toBe(0);
  });

  it('counts every attempt that died before its first heartbeat', () => {
    expect(idleAttempts(null, 4)).toBe(3);
  });

  it('counts one more after an attempt that confirmed nothing, also one that was killed', () => {
    expect(idleAttempts(details({ bytes: 40, base: 40, idle: 2 }), 7)).toBe(3);
  });

  it('starts again after an attempt that confirmed something', () => {
    expect(idleAttempts(details({ bytes: 41, base: 40, idle: 2 }), 7)).toBe(0);
  });

  it('never counts what was only read (G6)', () => {
    expect(idleAttempts(details({ bytes: 40, base: 40, read: 1_000 }), 2)).toBe(1);
  });
});

describe('runAttempt', () => {
  let project: MemoryProject;
  beforeAll(async () => {
    project = await memoryProject({ pipelines: 'jobs: []\n' });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  it('refuses another attempt after too many that moved nothing, for good (G13)', async () => {
    const env = quietActivity({ attempt: 9, heartbeatDetails: details({ idle: 2 }) });
    const run = env.run(() => runAttempt(project.ports(), watched, () => Promise.resolve('moved')));
    await expect(run).rejects.toMatchObject({
      type: 'transfer/no-progress',
      nonRetryable: true,
      message: expect.stringContaining('raw/big.bin: 3 attempts in a row moved nothing') as string,
    });
  });

  it('heartbeats each second with what it has done, and once more when it fails (G6)', async () => {
    const beats: Details[] = [];
    const env = quietActivity();
    env.on('heartbeat', (beat: Details) => beats.push(beat));
    const run = env.run(() =>
      runAttempt(project.ports(), watched, async ({ progress }) => {
        progress.resumeFrom(10);
        progress.read(30);
        await sleep(1100);
        progress.confirmedBytes += 30;
        throw new Error('broken');
      }),
    );
    await expect(run).rejects.toMatchObject({
      type: 'activity/unexpected',
      details: [{ bytesRead: 30 }],
    });
    expect(beats.at(0)).toMatchObject({ bytes: 10, base: 10, read: 30 });
    expect(beats.at(-1)).toMatchObject({ bytes: 40, base: 10, percent: 40 });
  });

  it('adds what earlier attempts read to its own', async () => {
    const env = quietActivity({ attempt: 2, heartbeatDetails: details({ read: 70, bytes: 50 }) });
    const read = await env.run(() =>
      runAttempt(project.ports(), watched, ({ readBefore, retries, previous }) =>
        Promise.resolve([readBefore, retries, previous?.bytes]),
      ),
    );
    expect(read).toEqual([70, 1, 50]);
  });

  it('ends an attempt on which no byte moved for too long, although it is alive (G13)', async () => {
    const timing = { ...defaultTiming, stallMs: 500, firstByteMs: 60_000 };
    const run = quietActivity().run(() =>
      runAttempt(project.ports(), { ...watched, timing }, async ({ progress, signal }) => {
        progress.phase = 'copying';
        progress.read(1);
        await sleep(30_000, undefined, { signal });
      }),
    );
    await expect(run).rejects.toMatchObject({ type: 'transfer/stalled', nonRetryable: false });
  });

  it('gives a slow start its own deadline (G13)', async () => {
    const timing = { ...defaultTiming, stallMs: 500, firstByteMs: 60_000 };
    const run = quietActivity().run(() =>
      runAttempt(project.ports(), { ...watched, timing }, async ({ progress, signal }) => {
        progress.phase = 'copying';
        await sleep(2200, undefined, { signal });
        return 'started late';
      }),
    );
    await expect(run).resolves.toBe('started late');
  });

  it('ends itself after the process stood still: another attempt may have taken over (G7)', async () => {
    let clockMs = 0;
    const ports = project.ports({ nowMs: () => clockMs });
    const run = quietActivity().run(() =>
      runAttempt(ports, watched, async ({ signal }) => {
        clockMs += 25_000;
        await sleep(30_000, undefined, { signal });
      }),
    );
    await expect(run).rejects.toMatchObject({ type: 'transfer/woke-up-late' });
  });

  it('tells the supervisor what is open, and that it is closed, however it ends', async () => {
    const told: string[] = [];
    const supervisor = {
      opened: () => void told.push('opened'),
      beat: () => void told.push('beat'),
      closed: () => void told.push('closed'),
    };
    const run = quietActivity().run(() =>
      runAttempt(project.ports({ supervisor }), watched, () => Promise.reject(new Error('broken'))),
    );
    await expect(run).rejects.toThrow();
    expect(told).toEqual(['opened', 'beat', 'closed']);
  });
});
