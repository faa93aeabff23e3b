/** Everything that can go wrong with finding the Temporal CLI and with running its dev server. */
import { defineError, type ErrorKind } from '../../core/errors/error.js';

export const temporalCliNotFound = defineError({
  code: 'devstack/temporal-cli-not-found',
  recovery: 'never',
  summary: 'No working Temporal CLI was found, and none could be fetched.',
  fix: 'Install the Temporal CLI and put it on PATH, or name it in TEMPORAL_CLI_PATH.',
});

export const temporalPortInUse = defineError({
  code: 'devstack/temporal-port-in-use',
  recovery: 'never',
  summary: 'A port that the Temporal dev server should listen on is taken by another program.',
  fix: 'Stop the other program, or choose another port.',
});

export const temporalServerDied = defineError({
  code: 'devstack/temporal-server-died',
  recovery: 'never',
  summary: 'The Temporal dev server ended before it was ready.',
  fix: 'Read the last lines of its log, which the message shows; the database file may be damaged or locked.',
});

export const temporalServerNotReady = defineError({
  code: 'devstack/temporal-server-not-ready',
  recovery: 'retry',
  summary: 'The Temporal dev server runs but did not answer in time.',
  fix: 'Try again when the machine is less busy; else read its log, which the message names.',
});

export const temporalErrors: readonly ErrorKind[] = [
  temporalCliNotFound,
  temporalPortInUse,
  temporalServerDied,
  temporalServerNotReady,
];
