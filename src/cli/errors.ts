/** Errors of the command line itself. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const badUsage = defineError({
  code: 'cli/bad-usage',
  recovery: 'never',
  summary: 'A command was called with an argument or option that it does not take.',
  fix: 'Look at `tidemark <command> --help`.',
});

export const noProject = defineError({
  code: 'cli/no-project',
  recovery: 'never',
  summary: 'No project was found in this folder or above it.',
  fix: 'Go into a project, or name it with --project DIR. A project has a tidemark.yaml or a folder pipelines.',
});

export const fileExists = defineError({
  code: 'cli/file-exists',
  recovery: 'never',
  summary: 'Files that would be written are there already.',
  fix: 'Name another folder, or move those files away.',
});

export const cliErrors: readonly ErrorKind[] = [badUsage, fileExists, noProject];
