/**
 * Tables of this process, by connection name. Keeps true: rows of an open transaction are seen by nobody until it commits;
 * a publish changes rows, ledger and list of files in one step; a declared fault fires where it is declared.
 */
import type { Column } from '../../core/plan/rows.js';
import type { LedgerDocument } from '../../core/run/ledger.js';
import type { LaneProgress } from '../row-connector.js';
import { families, typeOf } from './values.js';

/** Values in the order of the columns. */
export type Row = readonly (string | null)[];

export interface Table {
  readonly columns: readonly Column[];
  readonly key: readonly string[] | null;
  rows: Row[];
}

export interface Staging {
  /** Owner, so that a name that is not ours is never dropped. */
  readonly ledger: string;
  readonly table: Table;
  readonly lanes: Map<number, LaneProgress>;
}

export const columnsOf = (types: Readonly<Record<string, string>>): readonly Column[] =>
  Object.entries(types).map(([name, type]) => ({
    name,
    type,
    family: families[typeOf(type)],
    nullable: true,
  }));

/** Rows that nobody sees yet. */
export class Transaction {
  readonly #database: Database;
  /** When it began, as the database's clock says. */
  readonly beganAt: string;
  readonly rows: { readonly table: string; readonly row: Row }[] = [];

  constructor(database: Database) {
    this.#database = database;
    this.beganAt = database.now();
  }

  insert(table: string, rows: readonly Row[]): void {
    for (const row of rows) this.rows.push({ table, row });
  }

  commit(): void {
    this.rollback();
    for (const { table, row } of this.rows) this.#database.insert(table, [row]);
  }

  rollback(): void {
    this.#database.transactions.delete(this);
  }
}

export class Database {
  readonly tables = new Map<string, Table>();
  readonly stagings = new Map<string, Staging>();
  readonly ledgers = new Map<string, { readonly document: LedgerDocument; readonly tag: string }>();
  /** Digests of loaded files by ledger and path. */
  readonly files = new Map<string, Map<string, string>>();
  readonly transactions = new Set<Transaction>();
  /** How often each operation was asked for. */
  readonly asked = new Map<string, number>();
  /** Tables that were put here already, so that opening again does not bring old rows back. */
  readonly seeded = new Set<string>();
  /** A test sets it; ISO 8601 in UTC. */
  now: () => string = () => new Date().toISOString();
  #tags = 0;

  nextTag(): string {
    this.#tags += 1;
    return `tag-${String(this.#tags)}`;
  }

  /** A new, empty table in the place of any old one. `types` by column. */
  create(
    name: string,
    types: Readonly<Record<string, string>>,
    key: readonly string[] | null = null,
  ): Table {
    const table: Table = { columns: columnsOf(types), key, rows: [] };
    this.tables.set(name, table);
    return table;
  }

  /** Commits at once. */
  insert(name: string, rows: readonly Row[]): void {
    const table = this.tables.get(name);
    if (table === undefined) throw new Error(`no table ${name} in memory`);
    for (const row of rows) table.rows.push(row);
  }

  begin(): Transaction {
    const transaction = new Transaction(this);
    this.transactions.add(transaction);
    return transaction;
  }
}

export class TableStore {
  readonly #databases = new Map<string, Database>();

  /** The database of a connection; empty at first. */
  database(connectionName: string): Database {
    const known = this.#databases.get(connectionName);
    if (known !== undefined) return known;
    const database = new Database();
    this.#databases.set(connectionName, database);
    return database;
  }
}
