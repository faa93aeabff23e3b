/** Everything that can go wrong with the dev stack as a whole; its servers have errors of their own. */
import { defineError, type ErrorKind } from '../../core/errors/error.js';

export const alreadyRunning = defineError({
  code: 'devstack/already-running',
  recovery: 'never',
  summary: 'Another `tidemark dev` works on the same data folder or for the same project.',
  fix: 'Use the one that runs, stop it, or choose another folder with --data DIR.',
});

export const dataFolderDamaged = defineError({
  code: 'devstack/data-folder-damaged',
  recovery: 'never',
  summary: 'A file in the data folder of the dev stack cannot be used.',
  fix: 'Delete the file or the folder that the message names; the dev stack makes a new one.',
});

export const devPortInUse = defineError({
  code: 'devstack/port-in-use',
  recovery: 'never',
  summary: 'A port that a server of the dev stack should listen on is taken by another program.',
  fix: 'Stop the other program, or leave the option out: a free port is taken then.',
});

export const devServerDied = defineError({
  code: 'devstack/server-died',
  recovery: 'never',
  summary: 'A server of the dev stack ended while it was needed; the others were stopped.',
  fix: 'Read the last lines of its log, which the message shows, and start `tidemark dev` again.',
});

export const devNotRunning = defineError({
  code: 'devstack/not-running',
  recovery: 'never',
  summary: 'No `tidemark dev` runs for this folder or one above it.',
  fix: 'Start `tidemark dev` in another terminal and wait for its table.',
});

export const stackErrors: readonly ErrorKind[] = [
  alreadyRunning,
  dataFolderDamaged,
  devPortInUse,
  devServerDied,
  devNotRunning,
];
