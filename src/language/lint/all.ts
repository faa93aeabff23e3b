/** Every lint rule, alphabetical by file. Two of them report under codes that the template stage declares. */
import type { DiagnosticKind } from '../../core/errors/diagnostic.js';
import { badCron } from './bad-cron.js';
import { badName } from './bad-name.js';
import { badSelection } from './bad-selection.js';
import { badTimeZone } from './bad-time-zone.js';
import { checkWithoutTable } from './check-without-table.js';
import { constantTargetKey } from './constant-target-key.js';
import { cronBothDays } from './cron-both-days.js';
import { cursorFromSql } from './cursor-from-sql.js';
import { dependencyCycle } from './dependency-cycle.js';
import { implicitAppend } from './implicit-append.js';
import { lanesIntoOnePlace } from './lanes-into-one-place.js';
import { missingParameter } from './missing-parameter.js';
import { nameClash } from './name-clash.js';
import { noCursor } from './no-cursor.js';
import { noResumeKey } from './no-resume-key.js';
import { nullCursorsTwice } from './null-cursors-twice.js';
import { optionsWithoutEffectRule } from './options-without-effect.js';
import { overwrittenKey } from './overwritten-key.js';
import { partitionNotTold } from './partition-not-told.js';
import { partitionTakesAll } from './partition-takes-all.js';
import { partitionsDiffer } from './partitions-differ.js';
import { pastedValue } from './pasted-value.js';
import { queryOrTable } from './query-or-table.js';
import { refusedStatement } from './refused-statement.js';
import { replacedByNewRows } from './replaced-by-new-rows.js';
import { reservedName } from './reserved-name.js';
import type { LintRule } from './rule.js';
import { sensorWithoutEffect } from './sensor-without-effect.js';
import { syncModesDiffer } from './sync-modes-differ.js';
import { undeclaredParameter } from './undeclared-parameter.js';
import { undefinedConnection } from './undefined-connection.js';
import { unknownAsset } from './unknown-asset.js';
import { unknownJob } from './unknown-job.js';
import { unsetVariable } from './unset-variable.js';
import { unsupportedFormat } from './unsupported-format.js';
import { unusedCursor } from './unused-cursor.js';
import { upsertWithoutKey } from './upsert-without-key.js';
import { wrongConnectionKind } from './wrong-connection-kind.js';

export const lintRules: readonly LintRule[] = [
  badCron,
  badName,
  badSelection,
  badTimeZone,
  checkWithoutTable,
  constantTargetKey,
  cronBothDays,
  cursorFromSql,
  dependencyCycle,
  implicitAppend,
  lanesIntoOnePlace,
  missingParameter,
  nameClash,
  noCursor,
  noResumeKey,
  nullCursorsTwice,
  optionsWithoutEffectRule,
  overwrittenKey,
  partitionNotTold,
  partitionTakesAll,
  partitionsDiffer,
  pastedValue,
  queryOrTable,
  refusedStatement,
  replacedByNewRows,
  reservedName,
  sensorWithoutEffect,
  syncModesDiffer,
  undeclaredParameter,
  undefinedConnection,
  unknownAsset,
  unknownJob,
  unsetVariable,
  unsupportedFormat,
  unusedCursor,
  upsertWithoutKey,
  wrongConnectionKind,
];

export const lintDiagnostics: readonly DiagnosticKind[] = lintRules
  .map((rule) => rule.kind)
  .filter((kind) => kind.code.startsWith('lint/'));
