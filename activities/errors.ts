/** Errors that activities raise themselves. */
import { defineError, type ErrorKind } from '../src/core/errors/error.js';
import { unexpected, workerShutdown } from './failures.js';

export const tooManyTargets = defineError({
  code: 'plan/too-many-targets',
  recovery: 'never',
  summary: 'More files than can be checked for two sources of one target key.',
  fix: 'Split the source by prefix or pattern into several assets, or leave the target key to the default.',
});

export const crcMismatch = defineError({
  code: 'transfer/crc-mismatch',
  recovery: 'never',
  summary:
    'The CRC32 that the target reports of a finished object is not that of the bytes that were read.',
  fix: 'The object at the target is wrong: run again. If it repeats, look for a broken proxy or disk.',
});

export const otherRunFailed = defineError({
  code: 'run/lost-other-run',
  recovery: 'retry',
  summary: 'The run that this one waits for could not be followed.',
  fix: 'Nothing: it is looked for again.',
});

export const sensorRemembersTooMuch = defineError({
  code: 'sensor/too-many-files',
  recovery: 'never',
  summary: 'A sensor sees more files within its lookback than its mark can remember.',
  fix: 'Set `delete_source` or rename on the job, narrow the prefix or pattern, or shorten `lookback`.',
});

export const nullCursor = defineError({
  code: 'rows/null-cursor',
  recovery: 'never',
  summary: 'Rows have no value in the cursor column, so no mark can say whether they were taken.',
  fix: 'Fill the column, choose another `cursor_column`, or say what becomes of them: `nulls: skip`, or `nulls: include` with a target that upserts.',
});

export const noFiles = defineError({
  code: 'load/no-files',
  recovery: 'never',
  summary: 'A full refresh found no file, and would have emptied its table.',
  fix: 'Look whether the files are late or the prefix is wrong; write `max_shrink: any` if an empty source may empty the table.',
});

export const activityErrors: readonly ErrorKind[] = [
  unexpected,
  workerShutdown,
  tooManyTargets,
  crcMismatch,
  otherRunFailed,
  sensorRemembersTooMuch,
  nullCursor,
  noFiles,
];
