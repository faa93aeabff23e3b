/** Everything that can go wrong with the PostgreSQL server of the dev stack. */
import { defineError, type ErrorKind } from '../../core/errors/error.js';

export const postgresMissing = defineError({
  code: 'devstack/postgres-missing',
  recovery: 'never',
  summary: 'There is no PostgreSQL server for this platform, or its npm package was not installed.',
  fix: 'Leave it out with --only temporal,s3,sftp and set PG_HOST, PG_PORT, PG_USER, PG_PASSWORD and PG_DATABASE to a server of your own.',
});

export const postgresNoAccount = defineError({
  code: 'devstack/postgres-no-account',
  recovery: 'never',
  summary:
    'PostgreSQL refuses to run as root, and no other account can run it on this data folder.',
  fix: 'Start `tidemark dev` as a normal user, or leave PostgreSQL out with --only temporal,s3,sftp.',
});

export const postgresFolderUnusable = defineError({
  code: 'devstack/postgres-folder-unusable',
  recovery: 'never',
  summary: 'The data folder of PostgreSQL is of another version, another owner, or still in use.',
  fix: 'Delete the folder that the message names, or choose another one with --data DIR; the tables in it are lost.',
});

export const postgresDied = defineError({
  code: 'devstack/postgres-died',
  recovery: 'never',
  summary: 'The PostgreSQL server of the dev stack ended before it was ready.',
  fix: 'Read the last lines of its log, which the message shows; the data folder may be damaged.',
});

export const postgresNotReady = defineError({
  code: 'devstack/postgres-not-ready',
  recovery: 'retry',
  summary: 'The PostgreSQL server of the dev stack runs but took no connection in time.',
  fix: 'Try again when the machine is less busy; else read its log, which the message names.',
});

export const postgresErrors: readonly ErrorKind[] = [
  postgresMissing,
  postgresNoAccount,
  postgresFolderUnusable,
  postgresDied,
  postgresNotReady,
];
