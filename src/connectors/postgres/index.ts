/** The declaration of the PostgreSQL connector. It loads no driver: `open` does, on first use. */
import { defineConnector, type OptionFinding } from '../connector.js';
import { ledgerErrors } from '../ledger-errors.js';
import { loadErrors } from '../load-errors.js';
import { postgresFindings, unusedCertificate } from './diagnostics.js';
import { postgresErrors } from './errors.js';
import { checkSql } from './from-clause.js';
import {
  connectionOptions,
  sourceOptions,
  targetOptions,
  type PostgresConnection,
  type PostgresSourceOptions,
  type PostgresTargetOptions,
} from './options.js';
import { classifySql } from './statements.js';

const identity = ({ host, port, database, user }: PostgresConnection) => ({
  host,
  port: String(port),
  database,
  user,
});

const checkConnection = ({ sslmode, sslrootcert }: PostgresConnection): readonly OptionFinding[] =>
  sslrootcert !== undefined && sslmode !== 'verify-full'
    ? [
        {
          path: ['sslrootcert'],
          kind: unusedCertificate,
          message: `sslrootcert has no effect with sslmode ${sslmode}`,
          fix: 'write sslmode: verify-full',
        },
      ]
    : [];

const placeOf = ({ host, database }: PostgresConnection): string =>
  `postgres://${host}/${database}`;

const tableOf = (options: {
  readonly schema_name?: string | undefined;
  readonly schema?: string | undefined;
  readonly table_name?: string | undefined;
}): string => {
  const schema = options.schema_name ?? options.schema;
  if (options.table_name === undefined) return 'a query';
  return schema === undefined ? options.table_name : `${schema}.${options.table_name}`;
};

export const postgres = defineConnector<
  PostgresConnection,
  PostgresSourceOptions,
  PostgresTargetOptions
>({
  kind: 'postgres',
  type: 'POSTGRES',
  title: 'PostgreSQL',
  summary:
    'Reads rows by COPY in pages between keys, and loads them by COPY into a staging table that is published in one transaction',
  since: '0.2.0',
  stability: 'stable',
  connection: {
    types: ['PostgresResource', 'PostgreSQLResource'],
    options: connectionOptions,
    identity,
    check: checkConnection,
  },
  load: () => import('./client.js'),
  rowSource: {
    options: sourceOptions,
    capabilities: {
      writes: ['csv', 'jsonl'],
      resumes: 'key-pages',
      ceiling: 'open-transactions',
      cancelsQueries: true,
    },
    describe: (connection, options) => `${placeOf(connection)} ${tableOf(options)}`,
    checkSql,
    open: async (connection, context) =>
      (await import('./source.js')).openSource(connection, context),
  },
  rowTarget: {
    options: targetOptions,
    capabilities: {
      reads: ['csv', 'jsonl'],
      modes: ['append', 'upsert', 'replace'],
      publishes: 'transaction',
      cancelsQueries: true,
    },
    describe: (connection, options) => `${placeOf(connection)} ${tableOf(options)}`,
    classifySql,
    open: async (connection, context) =>
      (await import('./target.js')).openTarget(connection, context),
  },
  findings: postgresFindings,
  errors: [...postgresErrors, ...loadErrors, ...ledgerErrors],
  examples: [
    {
      title: 'A database, with its password from the environment',
      yaml: [
        'resources:',
        '  shop:',
        '    type: PostgresResource',
        '    config:',
        '      host: db.example.com',
        '      user: reader',
        '      password: "{{ env.SHOP_PASSWORD }}"',
        '      database: shop',
      ].join('\n'),
    },
  ],
  limits: [
    'Rights of a source: SELECT. With pg_read_all_stats the end of a window is exact; without it `settle` stands for it.',
    'Rights of a target: INSERT, UPDATE, DELETE and SELECT on the table, CREATE in the schema of the ledger (or CREATE on the database, so that it can be made).',
    'Staging tables are unlogged: a crash of the server empties them, and the load starts again.',
    'An exact window needs cursors that are stamped inside the transaction that writes them (now(), clock_timestamp(), a sequence).',
    'Types without an exact order (json, float, interval, …) cannot be cursors or keys; every type can be moved.',
  ],
});
