/** Errors of the pump; connectors raise their own. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const bufferTooLarge = defineError({
  code: 'transfer/buffer-too-large',
  recovery: 'never',
  summary: 'A part or a small file needs more memory than the worker may use for buffers.',
  fix: 'Start the worker with more `--memory`, or choose a smaller `part_size`.',
});

export const stalled = defineError({
  code: 'transfer/stalled',
  recovery: 'retry',
  summary: 'No byte moved within the stall deadline although the connection was open.',
  fix: 'Nothing: the attempt is ended and repeated. If it repeats, look at the network and the servers.',
});

export const stillChanging = defineError({
  code: 'source/still-changing',
  recovery: 'never',
  summary: 'A source file changed again each time its copy was started.',
  fix: 'Let writers rename finished files into place, or set `check_is_modifying: true`.',
});

export const noProgress = defineError({
  code: 'transfer/no-progress',
  recovery: 'never',
  summary: 'Several attempts in a row moved nothing.',
  fix: 'Repair what the last attempt reported, then run again: finished work is kept. `retry_policy.max_retries` sets the limit.',
});

export const wokeUpLate = defineError({
  code: 'transfer/woke-up-late',
  recovery: 'retry',
  summary: 'The worker process stood still for so long that another attempt may have taken over.',
  fix: 'Nothing: this attempt ends itself before any further I/O. Look for memory pressure or paused machines.',
});

export const draining = defineError({
  code: 'transfer/worker-stops',
  recovery: 'retry',
  summary:
    'The worker was asked to stop: what was under way is finished, the rest is left to another worker.',
  fix: 'Nothing.',
});

export const laneOvertaken = defineError({
  code: 'transfer/lane-overtaken',
  recovery: 'retry',
  summary: 'Another attempt stages the same rows at the same time and was faster with a page.',
  fix: 'Nothing: the attempt is repeated and goes on behind what is staged.',
});

export const rowTooLarge = defineError({
  code: 'rows/row-too-large',
  recovery: 'never',
  summary: 'A single row has more bytes than a page of rows may have in memory.',
  fix: 'Start the worker with more `--memory`, or leave the large columns out.',
});

export const transferErrors: readonly ErrorKind[] = [
  bufferTooLarge,
  stalled,
  stillChanging,
  noProgress,
  wokeUpLate,
  draining,
  laneOvertaken,
  rowTooLarge,
];
