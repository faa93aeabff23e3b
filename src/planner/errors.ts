/** Every error that planning raises. All are `never`: planning again with the same input gives the same answer. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const unknownName = defineError({
  code: 'plan/unknown-name',
  recovery: 'never',
  summary: 'A run was started under a name that is no job, asset or sensor of the project.',
  fix: 'Start one of the names that `tidemark list` shows as the workflow type.',
});

export const badRequest = defineError({
  code: 'plan/bad-request',
  recovery: 'never',
  summary: 'The input of a run has a field that is unknown, of the wrong type or too large.',
  fix: 'Pass one JSON object with the fields partition, partition_range, params, assets, tags, trigger, config and full_refresh; all are optional.',
});

export const unknownAsset = defineError({
  code: 'plan/unknown-asset',
  recovery: 'never',
  summary: 'The input of a run names an asset that the job does not have.',
  fix: 'Name assets of the job; `tidemark list` shows them.',
});

export const noPartitions = defineError({
  code: 'plan/no-partitions',
  recovery: 'never',
  summary: 'A run was asked for a partition, and none of its assets is partitioned.',
  fix: 'Leave `partition` and `partition_range` out of the input.',
});

export const partitionNeeded = defineError({
  code: 'plan/partition-needed',
  recovery: 'never',
  summary: 'A run of a partitioned job or asset does not say which partition it is for.',
  fix: 'Pass `partition`, or `partition_range` for several; `tidemark list` shows which there are.',
});

export const unknownPartition = defineError({
  code: 'plan/unknown-partition',
  recovery: 'never',
  summary: 'A run was asked for a partition that does not exist, or not yet.',
  fix: 'Pass the key of a partition that is over; the message shows what keys look like.',
});

export const overridesRefused = defineError({
  code: 'plan/overrides-refused',
  recovery: 'never',
  summary:
    'The input of a run overrides a source or target in a way that the project does not allow.',
  fix: 'Change the YAML, or set `allow_config_overrides: true` in tidemark.yaml; secrets and variables of the environment never come from an input.',
});

export const unknownParameter = defineError({
  code: 'plan/unknown-parameter',
  recovery: 'never',
  summary: 'The input of a run sets a parameter that nothing in the run declares or uses.',
  fix: 'Correct the name, or declare the parameter in `params_schema` of the job.',
});

export const badParameter = defineError({
  code: 'plan/bad-parameter',
  recovery: 'never',
  summary:
    'The value of a parameter is not of the declared type, or not one of the allowed values.',
  fix: 'Pass a value of the declared type; `tidemark list` shows types and choices.',
});

export const missingParameter = defineError({
  code: 'plan/missing-parameter',
  recovery: 'never',
  summary: 'A required parameter has no value.',
  fix: 'Pass it in `params` of the input, or give it a default in `params_schema`.',
});

export const unsetVariable = defineError({
  code: 'plan/unset-variable',
  recovery: 'never',
  summary:
    'A template uses a variable of the environment that is not set where the run is planned.',
  fix: 'Set the variable for every worker, or give the template a default: {{ env.X | default("…") }}.',
});

export const badConnection = defineError({
  code: 'plan/bad-connection',
  recovery: 'never',
  summary: 'A connection of a run is unknown, incomplete or of another kind than its user needs.',
  fix: 'Correct the connection; `tidemark lint` checks all of them.',
});

export const connectionChanged = defineError({
  code: 'plan/connection-changed',
  recovery: 'never',
  summary:
    'A connection leads to another server or account than the one that the run was planned with.',
  fix: 'Start a new run: it is planned with the connection as it is now. Secrets may change during a run, hosts and accounts may not.',
});

export const badTemplate = defineError({
  code: 'plan/bad-template',
  recovery: 'never',
  summary: 'A template could not be resolved with what is known when the run is planned.',
  fix: 'Correct the expression, or give it a default with the filter `default`.',
});

export const badOptions = defineError({
  code: 'plan/bad-options',
  recovery: 'never',
  summary: 'The options of a source or target are not valid once their templates are resolved.',
  fix: 'Correct the field or the value that its template takes; `tidemark describe <type>` shows what it may be.',
});

export const noRoute = defineError({
  code: 'plan/no-route',
  recovery: 'never',
  summary: 'There is no way from this source to this target.',
  fix: 'Choose a pair that `tidemark describe SOURCE TARGET` shows a route for.',
});

export const unsafeSql = defineError({
  code: 'plan/unsafe-sql',
  recovery: 'never',
  summary:
    'A template of a statement would be pasted into its text instead of being bound as a value.',
  fix: "Write quotes around it: '{{ … }}'; outside of quotes only names, numbers and conditions of fn.date.between_* may stand.",
});

export const badPredicate = defineError({
  code: 'plan/bad-predicate',
  recovery: 'never',
  summary: 'A predicate could not be decided for a file, or is neither true nor false.',
  fix: 'Write an expression over the fields of the item that is true or false: file_size > 1048576.',
});

export const sameTarget = defineError({
  code: 'plan/same-target',
  recovery: 'never',
  summary: 'Two source files would be written to one place in the target; nothing was written.',
  fix: 'Make the key depend on more of the item, for example on source.item.path, or narrow the pattern.',
});

export const tooLarge = defineError({
  code: 'plan/too-large',
  recovery: 'never',
  summary: 'A plan is larger than what may travel through Temporal.',
  fix: 'Split the job, shorten `vars`, or pass fewer trigger items and parameters.',
});

export const plannerErrors: readonly ErrorKind[] = [
  unknownName,
  badRequest,
  unknownAsset,
  noPartitions,
  partitionNeeded,
  unknownPartition,
  overridesRefused,
  unknownParameter,
  badParameter,
  missingParameter,
  unsetVariable,
  badConnection,
  connectionChanged,
  badTemplate,
  badOptions,
  noRoute,
  unsafeSql,
  badPredicate,
  sameTarget,
  tooLarge,
];
