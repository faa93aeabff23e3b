/**
 * Secrets in statements (D12): a plan and everything that is written down of a run have their names only. Here, between
 * an activity and a connector, their values take the places of the names, as texts that the connector quotes.
 *
 * Keeps true: what a connector answers goes into histories, so nothing that it answers may have been filled in; a
 * statement goes in by these calls, and comes back by none.
 */
import type { RowSource, RowTarget } from '../../connectors/row-connector.js';
import { TidemarkError } from '../../core/errors/error.js';
import type { RowQuery, SqlText } from '../../core/plan/rows.js';
import { unsetVariable } from '../../planner/errors.js';

export interface SecretStore {
  /** Undefined for a name that is not set. */
  readonly read: (name: string) => string | undefined;
  /** Called for each value before it is used. */
  readonly saw: (value: string) => void;
}

/** The statement as a connector takes it. Throws `plan/unset-variable`. */
export const filled = (sql: SqlText, { read, saw }: SecretStore): SqlText =>
  sql.map((piece) => {
    if (typeof piece === 'string' || !('secret' in piece)) return piece;
    const value = read(piece.secret) ?? piece.default;
    if (value === undefined)
      throw new TidemarkError(
        unsetVariable,
        `filling in a statement: the secret ${JSON.stringify(piece.secret)} is not set on this worker`,
        { fix: `Set ${piece.secret} for every worker, and start the run again.` },
      );
    saw(value);
    return { value, as: 'text' };
  });

const inQuery = (query: RowQuery, secrets: SecretStore): RowQuery =>
  query.sql === null ? query : { ...query, sql: filled(query.sql, secrets) };

/** What is shown of a statement has the secret's place and not its value. */
const shown: SecretStore = { read: () => '******', saw: () => undefined };

export const withSecretsInQueries = (source: RowSource, secrets: SecretStore): RowSource => {
  const filledIn = <Order extends { readonly query: RowQuery }>(order: Order): Order => ({
    ...order,
    query: inQuery(order.query, secrets),
  });
  return {
    inspect: async (query, signal) => source.inspect(inQuery(query, secrets), signal),
    bound: async (query, shape, start, signal) =>
      source.bound(inQuery(query, secrets), shape, start, signal),
    open: async (order, signal) => source.open(filledIn(order), signal),
    split: async (order, lanes, signal) => source.split(filledIn(order), lanes, signal),
    explain: (order) => source.explain({ ...order, query: inQuery(order.query, shown) }),
    nativeFormat: (columns) => source.nativeFormat?.(columns) ?? null,
    count: async (query, signal) => source.count(inQuery(query, secrets), signal),
    newRows: async (query, start, signal) => source.newRows(inQuery(query, secrets), start, signal),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
};

/** Only a publish runs statements; a prepared load is a result of an activity and keeps the names. */
export const withSecretsInLoads = (target: RowTarget, secrets: SecretStore): RowTarget => ({
  ledger: (schema) => target.ledger(schema),
  stagingName: (plan, ledger, windowId) => target.stagingName(plan, ledger, windowId),
  prepare: (order, incoming, signal) => target.prepare(order, incoming, signal),
  nativeFormat: async (load, columns, signal) =>
    (await target.nativeFormat?.(load, columns, signal)) ?? null,
  progress: (load, lane, signal) => target.progress(load, lane, signal),
  loadedFiles: (order, paths, signal) => target.loadedFiles(order, paths, signal),
  stage: (load, page, body, signal) => target.stage(load, page, body, signal),
  restart: (load, signal) => target.restart(load, signal),
  check: (load, checks, signal) => target.check(load, checks, signal),
  publish: async (order, signal) => {
    const { plan } = order.load;
    const fill = (list: readonly SqlText[]) => list.map((sql) => filled(sql, secrets));
    const known = { ...plan, sqlPre: fill(plan.sqlPre), sqlPost: fill(plan.sqlPost) };
    return target.publish({ ...order, load: { ...order.load, plan: known } }, signal);
  },
  discard: (plan, names, signal) => target.discard(plan, names, signal),
  [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
});
