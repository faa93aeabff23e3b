/** Every lint rule, alphabetical by file. Two of them report under codes that the template stage declares. */
import type { DiagnosticKind } from '../../core/errors/diagnostic.js';
import { badCron } from './bad-cron.js';
import { badName } from './bad-name.js';
import { badSelection } from './bad-selection.js';
import { badTimeZone } from './bad-time-zone.js';
import { constantTargetKey } from './constant-target-key.js';
import { cronBothDays } from './cron-both-days.js';
import { dependencyCycle } from './dependency-cycle.js';
import { missingParameter } from './missing-parameter.js';
import { nameClash } from './name-clash.js';
import { reservedName } from './reserved-name.js';
import type { LintRule } from './rule.js';
import { sensorWithoutEffect } from './sensor-without-effect.js';
import { undeclaredParameter } from './undeclared-parameter.js';
import { undefinedConnection } from './undefined-connection.js';
import { unknownAsset } from './unknown-asset.js';
import { unknownJob } from './unknown-job.js';
import { unsetVariable } from './unset-variable.js';
import { wrongConnectionKind } from './wrong-connection-kind.js';

export const lintRules: readonly LintRule[] = [
  badCron,
  badName,
  badSelection,
  badTimeZone,
  constantTargetKey,
  cronBothDays,
  dependencyCycle,
  missingParameter,
  nameClash,
  reservedName,
  sensorWithoutEffect,
  undeclaredParameter,
  undefinedConnection,
  unknownAsset,
  unknownJob,
  unsetVariable,
  wrongConnectionKind,
];

export const lintDiagnostics: readonly DiagnosticKind[] = lintRules
  .map((rule) => rule.kind)
  .filter((kind) => kind.code.startsWith('lint/'));
