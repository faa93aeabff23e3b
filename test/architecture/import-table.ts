/**
 * Who may import whom: the table of the design (§3) as data. A file belongs to the first row that matches; what its row
 * does not name is forbidden. Tests, demo and benches stand outside the table.
 */
import { importsOf, isProduct, type Import, type Rule, type SourceFile } from './tree.js';

export interface Row {
  /** The number in design.md §3. */
  readonly number: number;
  readonly name: string;
  readonly files: RegExp;
  /** Rows whose files it may import; its own row and folder are always allowed unless `ownFolderOnly`. */
  readonly rows: readonly string[];
  /** Rows of which it may import types only. */
  readonly types?: readonly string[];
  /** Packages that it may import anywhere; `*` is any. */
  readonly packages?: readonly string[];
  /** Packages that only one file of the row may load. `*` is any other: a connector's driver. */
  readonly oneFile?: readonly string[];
  /** Node's own modules: all, none, or these. */
  readonly node: boolean | readonly string[];
  /** Files of the row may import each other only within one sub-folder: one connector never sees another. */
  readonly ownFolderOnly?: boolean;
  readonly reason: string;
}

const core = ['core/values', 'core/errors', 'core/plan', 'core/run'] as const;
const contracts = ['connector contracts', 'format contracts'] as const;
const language = ['document', 'template', 'partitions', 'definition', 'lint', 'schema'] as const;
const sandbox = 'core must run in the workflow sandbox: no package, no Node, no clock';

export const importTable: readonly Row[] = [
  {
    number: 1,
    name: 'core/values',
    files: /^src\/core\/values\//,
    rows: [],
    node: false,
    reason: sandbox,
  },
  {
    number: 1,
    name: 'core/errors',
    files: /^src\/core\/errors\//,
    rows: ['core/values'],
    node: false,
    reason: sandbox,
  },
  {
    number: 1,
    name: 'core/plan',
    files: /^src\/core\/plan\//,
    rows: ['core/values', 'core/errors'],
    node: false,
    reason: sandbox,
  },
  {
    number: 1,
    name: 'core/run',
    files: /^src\/core\/run\//,
    rows: ['core/values', 'core/errors', 'core/plan'],
    node: false,
    reason: sandbox,
  },
  {
    number: 2,
    name: 'document',
    files: /^src\/language\/document\//,
    rows: core,
    oneFile: ['yaml'],
    node: false,
    reason: 'reading YAML knows nothing of what the YAML means',
  },
  {
    number: 2,
    name: 'template',
    files: /^src\/language\/template\//,
    rows: core,
    oneFile: ['nunjucks', 'croner'],
    node: false,
    reason: 'evaluation is pure: no clock, environment or files',
  },
  {
    number: 2,
    name: 'partitions',
    files: /^src\/language\/partitions\//,
    rows: core,
    oneFile: ['croner', 'luxon'],
    node: false,
    reason: 'keys and pieces of time are arithmetic: the clock arrives as an argument',
  },
  {
    number: 2,
    name: 'definition',
    files: /^src\/language\/definition\//,
    rows: [...core, ...contracts, 'document', 'template', 'partitions'],
    packages: ['zod'],
    node: ['fs', 'fs/promises', 'path', 'crypto'],
    reason: 'lists of connectors arrive as an argument',
  },
  {
    number: 2,
    name: 'lint',
    files: /^src\/language\/lint\//,
    rows: [...core, ...contracts, 'document', 'template', 'partitions', 'definition'],
    packages: ['zod'],
    node: false,
    reason: 'lists of connectors arrive as an argument',
  },
  {
    number: 2,
    name: 'schema',
    files: /^src\/language\/schema\//,
    rows: [...core, ...contracts, 'definition'],
    packages: ['zod'],
    node: false,
    reason: 'a schema is made from declarations: it reads no files and no templates',
  },
  {
    number: 2,
    name: 'connector list',
    files: /^src\/connectors\/all\.ts$/,
    rows: ['connectors', 'connector contracts'],
    node: false,
    reason: 'the list names the connectors and does nothing else',
  },
  {
    number: 2,
    name: 'format list',
    files: /^src\/formats\/all\.ts$/,
    rows: ['formats', 'format contracts'],
    node: false,
    reason: 'the list names the formats and does nothing else',
  },
  {
    number: 2,
    name: 'connector contracts',
    files: /^src\/connectors\/[^/]+\.ts$/,
    rows: [...core, ...contracts],
    packages: ['zod'],
    node: true,
    reason: 'contracts know no driver and no Temporal',
  },
  {
    number: 2,
    name: 'format contracts',
    files: /^src\/formats\/[^/]+\.ts$/,
    rows: [...core, ...contracts],
    packages: ['zod'],
    node: true,
    reason: 'contracts know no driver and no Temporal',
  },
  {
    number: 3,
    name: 'planner',
    files: /^src\/planner\//,
    rows: [...core, ...language, ...contracts],
    oneFile: ['croner', 'luxon'],
    node: ['crypto'],
    reason: 'the planner sees no particular connector; lists arrive as an argument',
  },
  {
    number: 4,
    name: 'connectors',
    files: /^src\/connectors\/[^/]+\//,
    rows: [...core, ...contracts],
    packages: ['zod'],
    oneFile: ['*'],
    node: true,
    ownFolderOnly: true,
    reason: 'a connector knows its own driver, never another connector, Temporal or the planner',
  },
  {
    number: 4,
    name: 'formats',
    files: /^src\/formats\/[^/]+\//,
    rows: [...core, ...contracts],
    packages: ['zod'],
    oneFile: ['*'],
    node: true,
    ownFolderOnly: true,
    reason: 'a format knows its own library, never another format, Temporal or the planner',
  },
  {
    number: 5,
    name: 'transfer',
    files: /^src\/transfer\//,
    rows: [...core, ...contracts],
    node: true,
    reason: 'moving data knows no Temporal and no particular connector',
  },
  {
    number: 6,
    name: 'workflows',
    files: /^workflows\//,
    rows: core,
    types: ['activities'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
    node: false,
    reason: 'workflows are replayed: only core, the sandbox library and its error classes',
  },
  {
    number: 6,
    name: 'activities',
    files: /^activities\//,
    rows: [...core, ...contracts, 'transfer'],
    types: ['planner'],
    packages: ['@temporalio/activity'],
    node: true,
    reason: 'planner, secrets and telemetry come to the activities as ports',
  },
  {
    number: 7,
    name: 'runtime',
    files: /^src\/runtime\//,
    rows: [
      ...core,
      ...language,
      ...contracts,
      'connector list',
      'format list',
      'connectors',
      'formats',
      'planner',
      'transfer',
      'activities',
      'devstack',
    ],
    packages: ['*'],
    node: true,
    reason: 'workflows are named by path, and the command line is above',
  },
  {
    number: 7,
    name: 'devstack',
    files: /^src\/devstack\//,
    rows: [
      ...core,
      ...language,
      ...contracts,
      'connector list',
      'format list',
      'transfer',
      'runtime',
    ],
    packages: ['*'],
    node: true,
    reason: 'stand-ins speak the wire, not our connectors; the command line is above',
  },
  {
    number: 7,
    name: 'cli',
    files: /^src\/(cli\/|index\.ts$)/,
    rows: [
      ...core,
      ...language,
      ...contracts,
      'connector list',
      'format list',
      'connectors',
      'formats',
      'planner',
      'transfer',
      'activities',
      'runtime',
      'devstack',
    ],
    packages: ['*'],
    node: true,
    reason: 'workflows are named by path, never imported',
  },
];

const rowOf = (path: string): Row | undefined => importTable.find(({ files }) => files.test(path));

/** Every import of the product that the table does not allow. */
export const forbiddenImports: Rule = (files) => {
  const product = files.filter(({ path }) => isProduct(path));
  return [...product.flatMap(violationsOf), ...driversInSeveralFiles(product)];
};

const violationsOf = (file: SourceFile): readonly string[] => {
  const row = rowOf(file.path);
  if (row === undefined) return [`${file.path}: no row of the import table knows this folder`];
  return importsOf(file)
    .filter((imported) => !isAllowed(file, row, imported))
    .map((imported) => sentence(file, row, imported));
};

const isAllowed = (file: SourceFile, row: Row, imported: Import): boolean => {
  if (imported.path !== undefined)
    return isAllowedFile(file, row, imported.path, imported.typeOnly);
  if (imported.specifier.startsWith('node:')) {
    return (
      row.node === true ||
      (row.node !== false && row.node.includes(imported.specifier.slice('node:'.length)))
    );
  }
  const name = packageName(imported.specifier);
  if (name.startsWith('@temporalio/'))
    return (row.packages ?? []).some((known) => known === '*' || known === name);
  return [...(row.packages ?? []), ...(row.oneFile ?? [])].some(
    (known) => known === '*' || known === name,
  );
};

const isAllowedFile = (file: SourceFile, row: Row, target: string, typeOnly: boolean): boolean => {
  const other = rowOf(target);
  if (other === undefined) return false;
  if (other === row)
    return row.ownFolderOnly !== true || kindFolder(file.path) === kindFolder(target);
  return row.rows.includes(other.name) || (typeOnly && (row.types ?? []).includes(other.name));
};

/** `src/connectors/sftp` of `src/connectors/sftp/pool.ts`. */
const kindFolder = (path: string): string => path.split('/').slice(0, 3).join('/');

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const sentence = (file: SourceFile, row: Row, { specifier, line, typeOnly }: Import): string =>
  `${file.path}:${line}: row ${row.number} (${row.name}) may not import ${typeOnly ? 'even the types of ' : ''}${specifier}: ${row.reason}`;

const driversInSeveralFiles: Rule = (files) => {
  const users = new Map<string, string[]>();
  for (const file of files) {
    for (const name of guardedPackages(file)) {
      const place = `${name} in ${rowOf(file.path)?.ownFolderOnly === true ? kindFolder(file.path) : rowOf(file.path)?.name}`;
      users.set(place, [...(users.get(place) ?? []), file.path]);
    }
  }
  return [...users]
    .filter(([, paths]) => paths.length > 1)
    .map(
      ([place, paths]) =>
        `${place} is loaded by ${paths.length} files, one may: ${paths.join(', ')}`,
    );
};

/** Packages that this file loads at run time and that only one file of its row may. */
const guardedPackages = (file: SourceFile): ReadonlySet<string> => {
  const row = rowOf(file.path);
  const loaded = importsOf(file).filter(
    ({ path, specifier, typeOnly }) =>
      path === undefined && !typeOnly && !specifier.startsWith('node:'),
  );
  const isGuarded = (name: string): boolean =>
    (row?.oneFile ?? []).some((known) => known === name || known === '*') &&
    !(row?.packages ?? []).includes(name);
  return new Set(loaded.map(({ specifier }) => packageName(specifier)).filter(isGuarded));
};
