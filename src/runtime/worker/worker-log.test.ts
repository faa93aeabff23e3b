import { describe, expect, it } from 'vitest';
import { logLine } from './worker-log.js';

const entry = { level: 'WARN', timestampNanos: 1_700_000_000_000_000_000n } as const;

describe('a line of the worker log', () => {
  it('names the run and the innermost reason', () => {
    const error = new Error('Activity task failed', { cause: new Error('login refused') });
    const line = logLine({
      ...entry,
      message: 'Workflow failed',
      meta: { workflowId: 'shop/asset/orders', error },
    });
    expect(line).toBe(
      '2023-11-14T22:13:20.000Z warn Workflow failed: login refused workflowId=shop/asset/orders',
    );
  });

  it('leaves out the hint that the queue of transfers has no workflows', () => {
    expect(logLine({ ...entry, message: 'No workflows registered, not polling' })).toBeNull();
  });
});
