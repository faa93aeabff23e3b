/** Tables in memory as a target of rows: the whole contract, with the declared faults in its way. */
import type { LedgerStore, RowTarget } from '../row-connector.js';
import { lostConnection, nextFault, suffer } from './faults.js';
import { judgeStaged, publishLoad } from './publish.js';
import { type OpenTables, seed } from './source.js';
import { ledgerKey, noPages, prepareLoad, stagePage, stagingNameOf, stagingOf } from './staging.js';

const ledgerOf = ({ database }: OpenTables): LedgerStore => ({
  read: async (name, signal) => {
    signal.throwIfAborted();
    return database.ledgers.get(ledgerKey(name)) ?? null;
  },
  write: async (name, document, expected, signal) => {
    signal.throwIfAborted();
    const key = ledgerKey(name);
    if ((database.ledgers.get(key)?.tag ?? null) !== expected) return null;
    const tag = database.nextTag();
    database.ledgers.set(key, { document, tag });
    return tag;
  },
});

export const openTarget = (open: OpenTables): RowTarget => {
  seed(open);
  const { database, connection } = open;
  return {
    ledger: () => ledgerOf(open),
    stagingName: stagingNameOf,
    prepare: async (order, incoming, signal) => {
      signal.throwIfAborted();
      return prepareLoad(open, order, incoming);
    },
    progress: async (load, lane, signal) => {
      signal.throwIfAborted();
      return stagingOf(database, load).lanes.get(lane) ?? noPages;
    },
    loadedFiles: async ({ ledger }, paths, signal) => {
      signal.throwIfAborted();
      const known = database.files.get(ledgerKey(ledger)) ?? new Map<string, string>();
      return Object.fromEntries([...known].filter(([path]) => paths.includes(path)));
    },
    stage: (load, page, body, signal) => stagePage(open, load, page, { body, signal }),
    restart: async (load, signal) => {
      signal.throwIfAborted();
      const staging = stagingOf(database, load);
      staging.table.rows = [];
      staging.lanes.clear();
    },
    check: async (load, checks, signal) => {
      signal.throwIfAborted();
      return judgeStaged(stagingOf(database, load), checks);
    },
    publish: async (order, signal) => {
      const fault = nextFault(database, connection.faults, 'publish');
      const what = order.load.plan.table.name;
      await suffer(fault, { on: 'publish', what }, signal);
      const outcome = publishLoad(database, order);
      if (fault === 'lose-answer') throw lostConnection('publish', what);
      return outcome;
    },
    discard: async (_plan, names, signal) => {
      signal.throwIfAborted();
      for (const name of names) database.stagings.delete(name);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
