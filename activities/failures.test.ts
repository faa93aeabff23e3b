import { randomBytes } from 'node:crypto';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { ActivityCancellationDetails } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceChanged, sourceMissing } from '../src/connectors/file-errors.js';
import { TidemarkError } from '../src/core/errors/error.js';
import { invariant } from '../src/core/errors/invariant.js';
import { draining } from '../src/transfer/errors.js';
import { memoryProject, type MemoryProject, quietActivity } from '../test/e2e/memory-world.js';
import { runLight } from './light.js';

describe('what an activity ends with', () => {
  const canary = randomBytes(12).toString('hex');
  let project: MemoryProject;
  beforeAll(async () => {
    project = await memoryProject({ pipelines: 'jobs: []\n' });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  /** The failure of an activity whose body throws that, as it is written into the history. */
  const recorded = async (thrown: () => never, env = quietActivity()) => {
    const failure: unknown = await env
      .run(() => runLight(project.ports(), thrown))
      .catch((error: unknown) => error);
    return {
      failure,
      text: JSON.stringify(
        defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter),
      ),
    };
  };

  it('never holds the text of an error that is not ours (G10)', async () => {
    class DriverError extends Error {
      override readonly name = 'DriverError';
      readonly detail = `Key (mail)=(${canary}) exists`;
    }
    const { failure, text } = await recorded(() => {
      throw new DriverError(`login ${canary} refused`, { cause: new Error(canary) });
    });
    expect(failure).toMatchObject({ type: 'activity/unexpected', nonRetryable: false });
    expect(text).not.toContain(canary);
    expect(text).toContain('DriverError in ');
  });

  it('never holds what one of our errors was caused by (G10)', async () => {
    const { failure, text } = await recorded(() => {
      throw new TidemarkError(sourceMissing, 'a.csv vanished', {
        cause: new Error(`at ${canary}`),
      });
    });
    expect(failure).toMatchObject({ type: 'source/missing' });
    expect(text).not.toContain(canary);
  });

  it('never holds a thrown text or object (G10)', async () => {
    for (const thrown of [canary, { secret: canary }]) {
      const { text } = await recorded(() => {
        // A driver may throw anything.
        throw thrown as unknown as Error;
      });
      expect(text).not.toContain(canary);
    }
  });

  it('says code, message and fix, and is final where trying again cannot help', async () => {
    const { failure } = await recorded(() => {
      throw new TidemarkError(sourceMissing, 'a.csv vanished', {
        fix: 'put it back',
        details: { path: 'a.csv' },
      });
    });
    expect(failure).toMatchObject({
      type: 'source/missing',
      message: 'a.csv vanished. Fix: put it back',
      nonRetryable: true,
      details: [{ path: 'a.csv' }],
    });
  });

  it('is final for a file that changed: its unit starts again, the same attempt does not (G5)', async () => {
    const { failure } = await recorded(() => {
      throw new TidemarkError(sourceChanged, 'a.csv has another size');
    });
    expect(failure).toMatchObject({ type: 'source/changed', nonRetryable: true });
  });

  it('is final for a broken rule of our own', async () => {
    const { failure } = await recorded(() => {
      invariant(false, 'water flows down');
      throw new Error('unreachable');
    });
    expect(failure).toMatchObject({ type: 'core/invariant-broken', nonRetryable: true });
  });

  it('is a retry within a second when the worker stops, and no failure of the work', async () => {
    const { failure } = await recorded(() => {
      throw new TidemarkError(draining, '3 files are left');
    });
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'activity/worker-shutdown',
      nonRetryable: false,
      nextRetryDelay: '1s',
    });
  });

  it('is a cancel only where somebody asked for it, whatever the body threw because of it (G13)', async () => {
    const aborted = (): never => {
      throw new DOMException('This operation was aborted', 'AbortError');
    };
    const asked = quietActivity();
    asked.cancel('CANCELLED');
    expect((await recorded(aborted, asked)).failure).toBeInstanceOf(CancelledFailure);
    const { failure } = await recorded(aborted);
    expect(failure).not.toBeInstanceOf(CancelledFailure);
    expect(failure).toMatchObject({ type: 'activity/unexpected' });
  });

  it('is a retry when the signal comes from a worker that stops', async () => {
    const env = quietActivity();
    env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    const { failure } = await recorded(() => {
      throw new Error('socket closed');
    }, env);
    expect(failure).toMatchObject({ type: 'activity/worker-shutdown', nextRetryDelay: '1s' });
  });
});
