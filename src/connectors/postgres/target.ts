/** Rows of one connection as a target: staged page by page, judged, published in one transaction. */
import { createHash } from 'node:crypto';
import type { Column, LoadPlan } from '../../core/plan/rows.js';
import type { LedgerName } from '../../core/run/ledger.js';
import type { CheckSpec } from '../../core/plan/plan.js';
import type { CheckResult } from '../../core/run/receipt.js';
import type { OpenContext } from '../connector.js';
import type {
  LaneProgress,
  LedgerStore,
  LoadOrder,
  LoadOutcome,
  PreparedLoad,
  PublishOrder,
  RowTarget,
  StagedPage,
  StagedRows,
} from '../row-connector.js';
import { checkStaged } from './check-staged.js';
import { openClient, type PgClient, type PgSession } from './client.js';
import { loadColumns, tableColumns } from './columns.js';
import { ledgerStore, namesIn } from './ledger-store.js';
import { ensureLedgerTables, haveLedgerTables, ledgerTables } from './ledger-tables.js';
import { nativeFormatOf } from './native-format.js';
import type { PostgresConnection } from './options.js';
import { publishLoad } from './publish.js';
import { quoteTable } from './quoting.js';
import {
  createStaging,
  dropStagings,
  emptyStaging,
  laneProgress,
  stagePage,
  stagingName,
} from './staging.js';

/** By what sessions of one ledger and token are told apart: at most 63 characters. */
const sessionName = ({ project, asset, partition }: LedgerName, token: number): string => {
  const whose = JSON.stringify([project, asset, partition]);
  return `tidemark ${createHash('sha256').update(whose).digest('hex').slice(0, 16)} ${String(token)}`;
};

/** Sessions of attempts that another one has overtaken; their statements would hold locks for nothing. */
const endOlderSessions = async (
  session: PgSession,
  { ledger, window }: LoadOrder,
  signal: AbortSignal,
): Promise<void> => {
  const [, digest = ''] = sessionName(ledger, window.token).split(' ');
  await session.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename = current_user AND pid <> pg_backend_pid()
       AND application_name ~ ('^tidemark ' || $1 || ' [0-9]+$')
       AND split_part(application_name, ' ', 3)::bigint < $2::bigint`,
    [digest, String(window.token)],
    signal,
  );
};

class PostgresTarget implements RowTarget {
  readonly #client: PgClient;

  constructor(client: PgClient) {
    this.#client = client;
  }

  ledger(schema: string): LedgerStore {
    return ledgerStore(this.#client, schema);
  }

  stagingName(_plan: LoadPlan, ledger: LedgerName, windowId: string): string {
    return stagingName(ledger, windowId);
  }

  #session(load: LoadOrder, doing: string, signal: AbortSignal): Promise<PgSession> {
    const { plan, ledger, window } = load;
    return this.#client.session(
      `${doing} ${quoteTable(plan.table)}`,
      signal,
      sessionName(ledger, window.token),
    );
  }

  async prepare(
    order: LoadOrder,
    incoming: readonly Column[] | null,
    signal: AbortSignal,
  ): Promise<PreparedLoad> {
    const { plan, ledger, window } = order;
    await using session = await this.#session(order, 'preparing the load of', signal);
    await ensureLedgerTables(session, plan.ledgerSchema, signal);
    await endOlderSessions(session, order, signal);
    const existing = await tableColumns(session, plan.table, signal);
    const { columns, stagingColumns } = loadColumns(plan, existing, incoming);
    const staging = stagingName(ledger, window.id);
    const table = ledgerTables(plan.ledgerSchema).staging(staging);
    await createStaging(session, table, stagingColumns, signal);
    return { plan, ledger, window, staging, columns, stagingColumns };
  }

  async nativeFormat(
    load: PreparedLoad,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<string | null> {
    await using session = await this.#session(load, 'loading', signal);
    const { schema, name } = { schema: load.plan.ledgerSchema, name: load.staging };
    const held = await tableColumns(session, { schema, name }, signal);
    const types = new Map((held ?? []).map((column) => [column.name, column]));
    const columns = names.flatMap((column) => types.get(column) ?? []);
    return columns.length === names.length ? nativeFormatOf(columns) : null;
  }

  async progress(load: PreparedLoad, lane: number, signal: AbortSignal): Promise<LaneProgress> {
    await using session = await this.#session(load, 'loading', signal);
    return await laneProgress(session, load, lane, signal);
  }

  async loadedFiles(
    order: LoadOrder,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    const { loadedFile } = ledgerTables(order.plan.ledgerSchema);
    await using session = await this.#session(order, 'loading', signal);
    const { rows } = await session.query(
      `SELECT path, digest FROM ${loadedFile} WHERE project = $1 AND asset = $2 AND partition = $3
         AND path IN (SELECT jsonb_array_elements_text($4::jsonb))`,
      [...namesIn(order.ledger), JSON.stringify(paths)],
      signal,
    );
    return Object.fromEntries(rows.map(([path, digest]) => [path ?? '', digest ?? '']));
  }

  async stage(
    load: PreparedLoad,
    page: StagedPage,
    body: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<StagedRows> {
    await using session = await this.#session(load, 'loading', signal);
    return await stagePage(session, load, page, { body, signal });
  }

  async restart(load: PreparedLoad, signal: AbortSignal): Promise<void> {
    await using session = await this.#session(load, 'starting again', signal);
    await emptyStaging(session, load, signal);
  }

  async check(
    load: PreparedLoad,
    checks: readonly CheckSpec[],
    signal: AbortSignal,
  ): Promise<readonly CheckResult[]> {
    await using session = await this.#session(load, 'checking the load of', signal);
    return await checkStaged(session, load, checks, signal);
  }

  publish(order: PublishOrder, signal: AbortSignal): Promise<LoadOutcome> {
    const { ledger, window } = order.load;
    return publishLoad(this.#client, order, sessionName(ledger, window.token), signal);
  }

  async discard(plan: LoadPlan, names: readonly string[], signal: AbortSignal): Promise<void> {
    await using session = await this.#client.session('discarding what a load staged', signal);
    if (!(await haveLedgerTables(session, plan.ledgerSchema, signal))) return;
    await dropStagings(session, plan.ledgerSchema, names, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

export const openTarget = (connection: PostgresConnection, context: OpenContext): RowTarget =>
  new PostgresTarget(openClient(connection, context));
