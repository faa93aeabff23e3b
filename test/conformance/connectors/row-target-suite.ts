/**
 * What every target of rows must do: each sentence of the contract (`RowTarget`, `LedgerStore`) is a test. What stands in
 * the tables is read by other means than the connector.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector } from '../../../src/connectors/connector.js';
import type { RowTarget, StagedPage, StagedRows } from '../../../src/connectors/row-connector.js';
import type { CheckSpec } from '../../../src/core/plan/plan.js';
import { type Column, type LoadPlan, type Mark, plainCsv } from '../../../src/core/plan/rows.js';
import { loadPlan } from '../../../src/core/run/asset-plan.fixture.js';
import { openWindow, takeOver } from '../../../src/core/run/ledger-changes.js';
import type { PreparedLoad } from '../../../src/core/run/load.js';
import { codeOf, crcOf, freeLine, patient } from './opening.js';
import type { RowHarness, RowPlace } from './row-source-suite.js';

export const openRowTarget = async (connector: Connector, place: RowPlace): Promise<RowTarget> => {
  if (connector.rowTarget === undefined) throw new Error(`${connector.kind} takes no rows`);
  const connection = connector.connection.options.parse(place.connection);
  return connector.rowTarget.open(connection, freeLine(place.connectionName));
};

const ledgerName = { project: 'suite', asset: 'copies', partition: '' };
const ledgerSchema = 'tidemark';
const nowIso = '2024-01-01T00:00:00.000Z';

const incoming: readonly Column[] = [
  { name: 'id', type: 'bigint', family: 'integer', nullable: false },
  { name: 'note', type: 'text', family: 'text', nullable: true },
];

const planOf = (place: RowPlace, plan: Partial<LoadPlan> = {}): LoadPlan =>
  loadPlan({
    table: { schema: place.schema, name: 'copies' },
    maxShrink: 0.5,
    ledgerSchema,
    ...plan,
  });

const markAt = (value: string): Mark => ({ column: 'id', type: 'bigint', value, seen: null });

interface Opened {
  readonly place: RowPlace;
  readonly target: RowTarget;
}

let windows = 0;

/** Opens a window in the ledger and makes its load ready. */
const begin = async (
  { place, target }: Opened,
  plan: Partial<LoadPlan> = {},
): Promise<PreparedLoad> => {
  const id = `w${String(++windows)}`;
  const store = target.ledger(ledgerSchema);
  const held = await store.read(ledgerName, patient());
  const whole = planOf(place, plan);
  const { document, window } = openWindow(held?.document ?? null, ledgerName, {
    id,
    shapeHash: 'shape',
    low: null,
    high: null,
    assetToken: 0,
    owner: 'run',
    openedAt: nowIso,
    names: [target.stagingName(whole, ledgerName, id)],
  });
  const tag = await store.write(ledgerName, document, held?.tag ?? null, patient());
  if (tag === null) throw new Error('somebody else wrote the ledger');
  return target.prepare({ plan: whole, ledger: ledgerName, window }, incoming, patient());
};

const bodyOf = async function* (text: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += 5) yield Buffer.from(text.slice(at, at + 5));
};

/** Stages a text of `id,note` lines as one page. */
const stage = (
  { target }: Opened,
  load: PreparedLoad,
  text: string,
  page: { readonly lane?: number; readonly number?: number; readonly rows?: number } = {},
): Promise<StagedRows> => {
  const rows = text.split('\n').length - 1;
  const staged: StagedPage = {
    lane: page.lane ?? 1,
    number: page.number ?? 1,
    position: () => `after ${String(page.number ?? 1)}`,
    crc32: () => crcOf(Buffer.from(text)),
    bytes: () => text.length,
    columns: ['id', 'note'],
    format: plainCsv,
    expectedRows: () => page.rows ?? rows,
  };
  return target.stage(load, staged, bodyOf(text), patient());
};

const publish = ({ target }: Opened, load: PreparedLoad, rows: number, mark: Mark | null = null) =>
  target.publish({ load, mark, rows, files: [], nowIso }, patient());

const stageAndPublish = async (opened: Opened, plan: Partial<LoadPlan>, text: string) => {
  const load = await begin(opened, plan);
  const { rows } = await stage(opened, load, text);
  return publish(opened, load, rows);
};

export const describeRowTarget = (connector: Connector, harness: RowHarness): void => {
  describe(`${connector.kind} as a target of rows (${harness.name})`, () => {
    let opened: Opened;
    beforeEach(async () => {
      const place = await harness.start();
      opened = { place, target: await openRowTarget(connector, place) };
      await place.create('copies', { id: 'bigint', note: 'text' }, ['id']);
    });
    afterEach(async () => {
      await opened.target[Symbol.asyncDispose]();
      await opened.place[Symbol.asyncDispose]();
    });
    describeLedger(() => opened);
    describeStaging(() => opened);
    describePublishing(() => opened);
    describeFence(() => opened);
    describeChecks(() => opened);
  });
};

const describeLedger = (opened: () => Opened): void => {
  it('replaces a ledger only while it is what was read', async () => {
    const store = opened().target.ledger(ledgerSchema);
    expect(await store.read(ledgerName, patient())).toBeNull();
    const facts = { shapeHash: 'h', low: null, high: null, assetToken: 0, owner: 'o' };
    const window = { ...facts, id: 'a', openedAt: nowIso, names: [] };
    const { document } = openWindow(null, ledgerName, window);
    const tag = await store.write(ledgerName, document, null, patient());
    expect(tag).not.toBeNull();
    expect(await store.read(ledgerName, patient())).toEqual({ document, tag });
    const other = { ...document, token: 7 };
    expect(await store.write(ledgerName, other, null, patient())).toBeNull();
    expect(await store.write(ledgerName, other, 'another tag', patient())).toBeNull();
    expect(await store.write(ledgerName, other, tag, patient())).not.toBeNull();
    expect((await store.read(ledgerName, patient()))?.document).toEqual(other);
  });
};

const describeStaging = (opened: () => Opened): void => {
  it('stages a page once, however often it is sent', async () => {
    const load = await begin(opened());
    const wasThere = [];
    for (let times = 0; times < 3; times++) {
      wasThere.push((await stage(opened(), load, '1,a\n2,b\n')).wasThere);
    }
    expect(wasThere).toEqual([false, true, true]);
    expect((await opened().target.progress(load, 1, patient())).rows).toBe(2);
    expect((await publish(opened(), load, 2)).staged).toBe(2);
    expect(await opened().place.rows('copies')).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ]);
  });

  it('knows how far each lane is, also after it was prepared again', async () => {
    const load = await begin(opened());
    await stage(opened(), load, '1,a\n');
    await stage(opened(), load, '2,b\n3,c\n', { number: 2 });
    await stage(opened(), load, '9,z\n', { lane: 2 });
    const { target } = opened();
    const order = { plan: load.plan, ledger: load.ledger, window: load.window };
    const again = await target.prepare(order, incoming, patient());
    expect(again).toEqual(load);
    expect(await target.progress(again, 1, patient())).toEqual({
      pages: 2,
      rows: 3,
      bytes: 8,
      position: 'after 2',
      crc32: crcOf(Buffer.from('2,b\n3,c\n')),
    });
    expect((await target.progress(again, 2, patient())).rows).toBe(1);
    const empty = { pages: 0, rows: 0, bytes: 0, position: null, crc32: '00000000' };
    expect(await target.progress(again, 3, patient())).toEqual(empty);
  });

  it('knows the last of many pages', async () => {
    const load = await begin(opened());
    for (let number = 1; number <= 12; number++) {
      await stage(opened(), load, `${String(number)},a\n`, { number });
    }
    expect(await opened().target.progress(load, 1, patient())).toMatchObject({
      pages: 12,
      rows: 12,
      position: 'after 12',
    });
  });

  it('commits no page of another number of rows than the source counted, and takes it when it is right', async () => {
    const load = await begin(opened());
    expect(await codeOf(stage(opened(), load, '1,a\n', { rows: 2 }))).toMatch(
      /counts?-differ|rows-differ/,
    );
    expect((await opened().target.progress(load, 1, patient())).pages).toBe(0);
    await stage(opened(), load, '1,a\n');
    expect((await publish(opened(), load, 1)).staged).toBe(1);
  });

  it('refuses a bad row with its place and without its values', async () => {
    const load = await begin(opened());
    const failure = await stage(opened(), load, '1,a\n2,secret,more\n').catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'load/bad-row' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('secret');
  });

  it('keeps NULL and the empty text apart', async () => {
    await stageAndPublish(opened(), {}, '1,\n2,""\n3,"a,b ""c"""\n');
    expect(await opened().place.rows('copies')).toEqual([
      ['1', null],
      ['2', ''],
      ['3', 'a,b "c"'],
    ]);
  });

  it('begins again with an empty staging table', async () => {
    const load = await begin(opened());
    await stage(opened(), load, '1,a\n');
    await opened().target.restart(load, patient());
    expect((await opened().target.progress(load, 1, patient())).pages).toBe(0);
    await stage(opened(), load, '2,b\n');
    await publish(opened(), load, 1);
    expect(await opened().place.rows('copies')).toEqual([['2', 'b']]);
  });

  it('discards what it is told by name, twice if need be, and nothing else', async () => {
    const mine = await begin(opened());
    const { target, place } = opened();
    await stage(opened(), mine, '1,a\n');
    const other = await begin(opened());
    await stage(opened(), other, '2,b\n');
    await target.discard(mine.plan, mine.window.names, patient());
    await target.discard(mine.plan, mine.window.names, patient());
    await publish(opened(), other, 1);
    expect(await place.rows('copies')).toEqual([['2', 'b']]);
    expect(await place.leftovers()).toEqual([]);
  });

  it('leaves a table alone that was named to be discarded and is not its own', async () => {
    const { target, place } = opened();
    await place.insert('copies', [['1', 'kept']]);
    const name = place.schema === null ? 'copies' : `${place.schema}.copies`;
    await target.discard(planOf(place), [name, 'copies'], patient()).catch(() => undefined);
    expect(await place.rows('copies')).toEqual([['1', 'kept']]);
  });

  it('refuses columns that do not fit and tables that do not exist', async () => {
    const { target, place } = opened();
    const load = await begin(opened());
    const order = { plan: load.plan, ledger: load.ledger, window: load.window };
    const more = [
      ...incoming,
      { name: 'extra', type: 'text', family: 'text', nullable: true } as const,
    ];
    expect(await codeOf(target.prepare(order, more, patient()))).toBe('load/column-mismatch');
    const missing = {
      ...order,
      plan: planOf(place, { table: { schema: place.schema, name: 'none' } }),
    };
    expect(await codeOf(target.prepare(missing, incoming, patient()))).toMatch(/^load\//);
  });
};

const describePublishing = (opened: () => Opened): void => {
  it('appends, and moves the mark in the same step', async () => {
    await opened().place.insert('copies', [['1', 'old']]);
    const load = await begin(opened());
    await stage(opened(), load, '2,new\n');
    const outcome = await publish(opened(), load, 1, markAt('2'));
    expect(outcome).toMatchObject({ staged: 1, inserted: 1, wasPublished: false });
    const held = await opened().target.ledger(ledgerSchema).read(ledgerName, patient());
    expect(held?.document).toMatchObject({ mark: markAt('2'), open: null, windows: 1 });
    expect(await opened().place.rows('copies')).toEqual([
      ['1', 'old'],
      ['2', 'new'],
    ]);
    expect(await opened().place.leftovers()).toEqual([]);
  });

  it('updates by key, counts what it did, and lets the last of equal keys win', async () => {
    await opened().place.insert('copies', [
      ['1', 'old'],
      ['2', 'same'],
    ]);
    const plan = { mode: 'upsert', key: ['id'] } as const;
    const outcome = await stageAndPublish(opened(), plan, '1,new\n2,same\n3,x\n3,y\n');
    expect(outcome).toMatchObject({
      staged: 4,
      inserted: 1,
      updated: 1,
      unchanged: 1,
      duplicates: 1,
    });
    expect(await opened().place.rows('copies')).toEqual([
      ['1', 'new'],
      ['2', 'same'],
      ['3', 'y'],
    ]);
  });

  it('replaces the contents', async () => {
    await opened().place.insert('copies', [['1', 'old']]);
    const outcome = await stageAndPublish(opened(), { mode: 'replace' }, '2,b\n3,c\n');
    expect(outcome).toMatchObject({ inserted: 2, deleted: 1 });
    expect((await opened().place.rows('copies')).map(([id]) => id)).toEqual(['2', '3']);
  });

  it('replaces the rows of its partition and touches no others', async () => {
    await opened().place.insert('copies', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ]);
    const partition = { column: 'note', value: 'b' };
    await stageAndPublish(opened(), { mode: 'replace', partition }, '5,b\n');
    expect(await opened().place.rows('copies')).toEqual([
      ['1', 'a'],
      ['3', 'c'],
      ['5', 'b'],
    ]);
  });

  it.each(['date', 'timestamp', 'timestamptz'])(
    'replaces the rows of a piece of time by a %s, on the wall clock where the type has no zone',
    async (type) => {
      const { place } = opened();
      await place.create('days', { id: 'bigint', note: type }, ['id']);
      const at = (day: string, zone = ''): string =>
        type === 'date' ? day : `${day} 00:00:00${type === 'timestamptz' ? zone : ''}`;
      const zone = '-05:00';
      await place.insert('days', [
        ['1', at('2025-01-01', zone)],
        ['2', at('2025-01-02', zone)],
        ['3', at('2025-01-03', zone)],
      ]);
      const plan = {
        mode: 'replace' as const,
        table: { schema: place.schema, name: 'days' },
        maxShrink: null,
        partition: {
          column: 'note',
          start: `2025-01-02T00:00:00${zone}`,
          end: `2025-01-03T00:00:00${zone}`,
        },
      };
      await stageAndPublish(opened(), plan, `7,${at('2025-01-02', zone)}\n`);
      expect((await place.rows('days')).map(([id]) => id)).toEqual(['1', '3', '7']);
      const other = stageAndPublish(opened(), plan, `8,${at('2025-01-03', zone)}\n`);
      expect(await codeOf(other)).toBe('load/outside-partition');
      expect((await place.rows('days')).map(([id]) => id)).toEqual(['1', '3', '7']);
    },
  );

  it('does not let an empty or shrunken source empty a table, unless that is allowed', async () => {
    const old = Array.from({ length: 10 }, (_, id) => [String(id), 'old']);
    await opened().place.insert('copies', old);
    const shrunken = stageAndPublish(opened(), { mode: 'replace' }, '1,a\n');
    expect(String(await codeOf(shrunken))).toMatch(/^load\//);
    expect(await opened().place.rows('copies')).toHaveLength(10);
    const load = await begin(opened(), { mode: 'replace' });
    expect(String(await codeOf(publish(opened(), load, 0)))).toMatch(/^load\//);
    expect(await opened().place.rows('copies')).toHaveLength(10);
    await stageAndPublish(opened(), { mode: 'replace', maxShrink: null }, '1,a\n');
    expect(await opened().place.rows('copies')).toEqual([['1', 'a']]);
  });

  it('publishes nothing when fewer rows are staged than were read', async () => {
    const load = await begin(opened());
    await stage(opened(), load, '1,a\n');
    expect(await codeOf(publish(opened(), load, 2))).toMatch(
      /counts?-differ|rows-differ|staging-gone/,
    );
    expect(await opened().place.rows('copies')).toEqual([]);
  });

  it('remembers which files were loaded, only once they are published', async () => {
    const { target } = opened();
    const load = await begin(opened());
    const files = [{ path: 'a.csv', digest: 'd1' }];
    expect(await target.loadedFiles(load, ['a.csv'], patient())).toEqual({});
    await stage(opened(), load, '1,a\n');
    await target.publish({ load, mark: null, rows: 1, files, nowIso }, patient());
    expect(await target.loadedFiles(load, ['a.csv', 'b.csv'], patient())).toEqual({
      'a.csv': 'd1',
    });
  });
};

const describeFence = (opened: () => Opened): void => {
  it('publishes a window once, however often it is told to', async () => {
    const load = await begin(opened());
    await stage(opened(), load, '1,a\n');
    const both = await Promise.all([publish(opened(), load, 1), publish(opened(), load, 1)]);
    expect(both.map(({ wasPublished }) => wasPublished).sort()).toEqual([false, true]);
    expect((await publish(opened(), load, 1)).wasPublished).toBe(true);
    expect(await opened().place.rows('copies')).toEqual([['1', 'a']]);
  });

  it('publishes a window once where nothing but the ledger keeps its rows from being doubled', async () => {
    await opened().place.create('keyless', { id: 'bigint', note: 'text' }, null);
    const table = { schema: opened().place.schema, name: 'keyless' };
    const load = await begin(opened(), { table });
    await stage(opened(), load, '1,a\n');
    // One after the other, so that some begin while sessions of earlier ones are given back.
    const publishing = Array.from({ length: 20 }, async (_, index) => {
      await sleep(index * 2);
      return publish(opened(), load, 1);
    });
    const outcomes = await Promise.all(publishing);
    expect(outcomes.filter(({ wasPublished }) => !wasPublished)).toHaveLength(1);
    expect(await opened().place.rows('keyless')).toEqual([['1', 'a']]);
  });

  it('refuses a holder of an older token, and lets the newest one publish', async () => {
    const load = await begin(opened());
    await stage(opened(), load, '1,a\n');
    const store = opened().target.ledger(ledgerSchema);
    const held = await store.read(ledgerName, patient());
    if (held === null) throw new Error('there is no ledger');
    const taken = takeOver(held.document, load.window.id, 'successor');
    if (taken === null) throw new Error('the window is not open');
    await store.write(ledgerName, taken.document, held.tag, patient());
    expect(await codeOf(publish(opened(), load, 1))).toBe('ledger/stale');
    expect(await opened().place.rows('copies')).toEqual([]);
    await publish(opened(), { ...load, window: taken.window }, 1);
    expect(await opened().place.rows('copies')).toEqual([['1', 'a']]);
  });
};

const describeChecks = (opened: () => Opened): void => {
  it('judges what is staged and leaves the target as it was', async () => {
    const load = await begin(opened());
    await stage(opened(), load, '1,a\n1,b\n2,\n');
    const severity = 'abort' as const;
    const checks: readonly CheckSpec[] = [
      { name: 'ids', severity, type: 'unique', columns: ['id'] },
      { name: 'both', severity, type: 'unique', columns: ['id', 'note'] },
      { name: 'notes', severity, type: 'not_null', columns: ['note'] },
      { name: 'id', severity, type: 'not_null', columns: ['id'] },
      { name: 'few', severity, type: 'row_count', min: 4, max: null },
      { name: 'enough', severity, type: 'row_count', min: 1, max: 3 },
    ];
    const judged = await opened().target.check(load, checks, patient());
    const passed = judged.filter((check) => check.passed).map(({ name }) => name);
    expect(passed).toEqual(['both', 'id', 'enough']);
    expect(judged).toHaveLength(6);
    expect(await opened().place.rows('copies')).toEqual([]);
  });
};
