/** What one may write about PostgreSQL: the connection, a source and a target (dialect §2.4, §4.6, §4.7). */
import { z } from 'zod';
import { bytesPerSecond, choice, connectionText, secretText, wholeNumber } from '../fields.js';
import { rowSourceFields, rowTargetFields } from '../row-fields.js';

export const connectionOptions = z.strictObject({
  host: connectionText('Name or address of the server'),
  port: wholeNumber(1, 65_535, 'Port of the server').default(5432),
  user: connectionText('Role to log in as'),
  password: secretText('Password of the role').optional(),
  database: connectionText('Database'),
  sslmode: choice(['disable', 'prefer', 'require', 'verify-full'], {
    description:
      'prefer: encrypted where the server can; require: always encrypted; verify-full: its certificate is checked too',
    template: 'connection',
    ours: true,
  }).default('prefer'),
  sslrootcert: connectionText(
    'File with the certificate of the issuer, for verify-full; the system knows the usual ones',
    { ours: true },
  ).optional(),
  time_zone: connectionText('Zone in which timestamps without a zone are meant (IANA name)', {
    ours: true,
  }).default('UTC'),
  schema: connectionText(
    'Schema in which tables without one are looked for; the search_path of the role by default',
    { ours: true },
  ).optional(),
  bytes_per_second: bytesPerSecond(),
});
export type PostgresConnection = z.output<typeof connectionOptions>;

export const sourceOptions = z.strictObject(rowSourceFields);
export type PostgresSourceOptions = z.output<typeof sourceOptions>;

export const targetOptions = z.strictObject(rowTargetFields);
export type PostgresTargetOptions = z.output<typeof targetOptions>;
