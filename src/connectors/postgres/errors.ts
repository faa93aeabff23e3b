/**
 * What can go wrong on a PostgreSQL connection, as declared errors. The server's own message, detail and hint never enter
 * ours: they echo row values. SQLSTATE, object names and positions do.
 */
import { defineError, TidemarkError, type ErrorKind } from '../../core/errors/error.js';
import type { JsonObject } from '../../core/values/json.js';

export const unreachable = defineError({
  code: 'postgres/unreachable',
  recovery: 'retry',
  summary: 'The server could not be reached, or it closed the connection.',
  fix: 'Nothing at first: the attempt is repeated. If it stays, look whether the server runs, and at host, port and firewall.',
});

export const loginRefused = defineError({
  code: 'postgres/login-refused',
  recovery: 'never',
  summary: 'The server refuses the login, or the database does not exist.',
  fix: 'Look at `user`, `password` and `database` of the connection, and at pg_hba.conf of the server.',
});

export const untrusted = defineError({
  code: 'postgres/untrusted-server',
  recovery: 'never',
  summary:
    'The connection is not encrypted as asked, or the certificate of the server is not trusted.',
  fix: 'Look at `sslmode` and `sslrootcert` of the connection, and at ssl in postgresql.conf.',
});

export const badTimeZone = defineError({
  code: 'postgres/bad-time-zone',
  recovery: 'never',
  summary: 'The time zone of the connection is not known.',
  fix: 'Write an IANA name, for instance Europe/Berlin, in `time_zone`.',
});

export const denied = defineError({
  code: 'postgres/denied',
  recovery: 'never',
  summary: 'The role of the connection may not do what the asset needs.',
  fix: 'Grant it: SELECT on what is read; INSERT, UPDATE and DELETE on the target; CREATE in the schema of the ledger.',
});

export const notFound = defineError({
  code: 'postgres/not-found',
  recovery: 'never',
  summary: 'A table, view or schema does not exist.',
  fix: 'Look at its name and schema; names are case-sensitive when they were created in quotes.',
});

export const unknownColumn = defineError({
  code: 'postgres/unknown-column',
  recovery: 'never',
  summary: 'A column that the asset names is not there.',
  fix: 'Write one of the columns that the message lists, or select it in the query.',
});

export const badSql = defineError({
  code: 'postgres/bad-sql',
  recovery: 'never',
  summary: 'The server does not accept a statement.',
  fix: 'Run the statement of `tidemark explain` in psql and correct it in the YAML.',
});

export const badCursor = defineError({
  code: 'postgres/bad-cursor',
  recovery: 'never',
  summary: 'The cursor or key column has a type by which rows cannot be told in order, exactly.',
  fix: 'Choose a column of an integer, numeric, date, timestamp, text or uuid type.',
});

export const badData = defineError({
  code: 'postgres/bad-data',
  recovery: 'never',
  summary: 'A value does not fit where it should go, or breaks a constraint.',
  fix: 'Correct the data, or the type or constraint that the message names.',
});

export const notInJsonLines = defineError({
  code: 'postgres/not-in-jsonl',
  recovery: 'never',
  summary:
    'A value has no spelling of its own in JSON lines: the JSON value null, which would become NULL, or an array that does not begin at 1.',
  fix: "Write object_type: CSV, which keeps it, or select what should be written instead, such as NULLIF(doc::text, 'null')::jsonb AS doc.",
});

export const busy = defineError({
  code: 'postgres/busy',
  recovery: 'retry',
  summary: 'A lock, a deadlock, a limit or a shutdown of the server ended a statement.',
  fix: 'Nothing: the attempt is repeated. If it stays, look for long transactions, full disks and connection limits.',
});

export const failed = defineError({
  code: 'postgres/failed',
  recovery: 'retry',
  summary: 'The server ended a statement with an error that Tidemark does not know.',
  fix: 'Look up the SQLSTATE that the message names; the log of the server has its text.',
});

export const postgresErrors: readonly ErrorKind[] = [
  unreachable,
  loginRefused,
  untrusted,
  badTimeZone,
  denied,
  notFound,
  unknownColumn,
  badSql,
  badCursor,
  badData,
  notInJsonLines,
  busy,
  failed,
];

/** What pg puts on its errors; every field may be missing. */
interface DriverError {
  readonly code?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly dataType?: string;
  readonly position?: string;
  readonly where?: string;
}

/** The longest matching prefix of a SQLSTATE decides. */
const kinds: readonly (readonly [string, ErrorKind])[] = [
  ['08', unreachable],
  ['28', loginRefused],
  ['3D', loginRefused],
  ['42501', denied],
  ['42P01', notFound],
  ['3F', notFound],
  ['42703', unknownColumn],
  ['42', badSql],
  ['0A', badSql],
  ['22', badData],
  ['23', badData],
  ['25', busy],
  ['40', busy],
  ['53', busy],
  ['54', badSql],
  ['55', busy],
  ['57', busy],
];

const kindOf = (sqlstate: string): ErrorKind =>
  kinds
    .filter(([prefix]) => sqlstate.startsWith(prefix))
    .toSorted((a, b) => b[0].length - a[0].length)[0]?.[1] ?? failed;

const isSqlstate = (code: string | undefined): code is string =>
  code !== undefined && /^(?:\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code);

/** Line and column of a COPY, from its context; never the value that follows them. */
const copyPlace = (error: unknown): { readonly line?: number; readonly column?: string } => {
  const { where } = error as DriverError;
  const found = /^COPY [^,]+, line (\d+)(?:, column ([^:\n]+))?/m.exec(where ?? '');
  const [, line, column] = found ?? [];
  return {
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column }),
  };
};

/** Whose messages tell of the server and the session only; all others may echo rows and pieces of a statement. */
const plainClasses = /^(08|25|28|3D|40|53|55|57)/;

/** What the log may have of an error of the server: never the values that it echoes (promise G10). */
const loggable = (error: unknown, sqlstate: string): unknown => {
  if (plainClasses.test(sqlstate)) return error;
  const { routine = '', severity = '' } = error as { routine?: string; severity?: string };
  const cause = new Error(
    `${severity} ${sqlstate} in ${routine}; the text stays with the server, as it may hold rows`.trim(),
  );
  cause.name = 'PostgresError';
  return cause;
};

const namesOf = (error: DriverError): JsonObject => {
  const { schema, table, column, constraint, dataType } = error;
  const names = { schema, table, column, constraint, data_type: dataType };
  const known = Object.entries(names).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as JsonObject;
};

/** `doing`: what was being done, as the beginning of a sentence. Errors of ours are given back as they are. */
export const declaredError = (error: unknown, doing: string): TidemarkError => {
  if (error instanceof TidemarkError) return error;
  const driver = error as DriverError;
  const { code } = driver;
  if (!isSqlstate(code)) {
    return new TidemarkError(unreachable, `${doing}: the connection was lost or refused`, {
      cause: error,
      details: { ...(code === undefined ? {} : { reason: code }) },
    });
  }
  const names = namesOf(driver);
  const place = copyPlace(error);
  const about = Object.entries({ ...names, ...place }).map(
    ([what, value]) => `${what} ${String(value)}`,
  );
  const at = driver.position === undefined ? [] : [`position ${driver.position}`];
  const text = [`SQLSTATE ${code}`, ...about, ...at].join(', ');
  return new TidemarkError(kindOf(code), `${doing}: ${text}`, {
    cause: loggable(error, code),
    details: { sqlstate: code, ...names, ...place },
  });
};

/** The SQLSTATE behind an error of ours; undefined for anything else. */
export const sqlstateOf = (error: unknown): string | undefined => {
  const state = error instanceof TidemarkError ? error.details['sqlstate'] : undefined;
  return typeof state === 'string' ? state : undefined;
};
