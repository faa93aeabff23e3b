/**
 * G1, G7, G14, G16: the publish transaction when its answer is lost, when its COMMIT does not arrive, when the run is
 * terminated right behind it, when somebody reads meanwhile, and when the source was truncated.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isThere, type RowsWorld, runId, startRowsWorld } from './rows-world.js';

const rows = 60_000;

const table = (name: string, to: string, configs = ''): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: events${configs} } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.${to}`;

const marked = ', sync_mode: incremental, cursor_column: changed_at';

const pipelines = `
assets:
  - name: file
    source: { type: POSTGRES, connection: shop, configs: { table_name: events } }
    target: { type: S3, connection: lake, configs: { key: full/events.csv } }
  - name: from_file
    source: { type: S3, connection: lake, configs: { key: full/events.csv } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.from_file, sync_mode: append } }
  - name: from_file_again
    source: { type: S3, connection: lake, configs: { key: full/events.csv } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.from_file_again, sync_mode: append } }
${table('appended', 'appended', marked)} } }
${table('cut_before', 'cut_before', marked)} } }
${table('ended', 'ended', marked)} } }
${table('refreshed', 'refreshed')}, sync_mode: full-refresh } }
  - name: truncated
    source: { type: POSTGRES, connection: shop, configs: { table_name: shrinking } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.belted, sync_mode: full-refresh } }
  - name: allowed
    source: { type: POSTGRES, connection: shop, configs: { table_name: shrinking } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.unbelted, sync_mode: full-refresh, max_shrink: any } }
`;

const targets = ['from_file', 'from_file_again', 'appended', 'cut_before', 'ended', 'refreshed'];

/** The COMMIT of the publish transaction, as the driver sends it. */
const publishCommit = { after: `lock_timeout = '300s'`, statement: 'COMMIT\u0000' } as const;

describe.skipIf(!isThere)('publishing rows', () => {
  let rig: RowsWorld;

  const differences = (left: string, right: string): Promise<string> =>
    rig.server.psql(
      `select count(*) from ((table ${left} except all table ${right}) union all (table ${right} except all table ${left})) d`,
    );

  const expectPublished = async (name: string): Promise<void> => {
    expect(await differences('events', `copies.${name}`)).toBe('0');
    await rig.expectNothingLeft();
  };

  beforeAll(async () => {
    rig = await startRowsWorld('row-publish', {
      pipelines,
      schema: `create schema copies;
        create table events (id bigint primary key, version int not null, note text, changed_at timestamptz not null);
        insert into events select g, 1, 'note ' || g, timestamptz '2024-01-01' + g * interval '1 second' from generate_series(1, ${String(rows)}) g;
        create table shrinking as select g as id from generate_series(1, 1000) g; alter table shrinking add primary key (id);
        create table copies.belted (like shrinking); create table copies.unbelted (like shrinking);
        ${targets.map((name) => `create table copies.${name} (like events);`).join(' ')}`,
    });
    await rig.run('file');
  }, 120_000);

  afterAll(() => rig[Symbol.asyncDispose]());

  it.each(['from_file', 'appended'])(
    'G1: %s publishes once when the connection is cut behind a COMMIT that arrived',
    async (name) => {
      const cut = rig.proxy.cutAtStatement({ ...publishCommit, delivered: true });
      const receipt = await rig.run(name);
      await cut;
      expect(receipt).toMatchObject({ reconciled: true, rows: { read: rows } });
      await expectPublished(name);
    },
    120_000,
  );

  it('G1: publishes once when the connection is cut before its COMMIT arrived', async () => {
    const cut = rig.proxy.cutAtStatement({ ...publishCommit, delivered: false });
    const receipt = await rig.run('cut_before');
    await cut;
    expect(receipt).toMatchObject({ reconciled: true, rows: { read: rows } });
    await expectPublished('cut_before');
  }, 120_000);

  /** Freezes the worker as its COMMIT has arrived, terminates the run and everything of it, and lets a new worker come. */
  const terminateBehindCommit = async (name: string): Promise<void> => {
    const id = runId(rig.world);
    const published = rig.proxy.cutAtStatement({ ...publishCommit, delivered: true });
    const pid = (): number => rig.supervisor?.pid() ?? 0;
    const frozen = published.then(() => process.kill(pid(), 'SIGSTOP'));
    await rig.start(name, {}, id);
    await frozen;
    const { workflow } = rig.world.client;
    await workflow
      .getHandle(`${rig.world.taskQueue}/asset/${name}`)
      .terminate('on purpose')
      .catch(() => undefined);
    await workflow
      .getHandle(id)
      .terminate('on purpose')
      .catch(() => undefined);
    process.kill(pid(), 'SIGKILL');
  };

  it.each(['from_file_again', 'ended'])(
    'G1 G17: %s is taken once when the run is terminated between publish and the next step',
    async (name) => {
      await terminateBehindCommit(name);
      await rig.server.psql(
        `insert into events values (${String(rows)} + (select count(*) from events) - ${String(rows)} + 1, 1, 'later', '2025-01-01')`,
      );
      const next = await rig.run(name);
      expect(next.rows?.read).toBe(name === 'ended' ? 1 : 0);
      const known = name === 'ended' ? 'events' : '(select * from events where id <= 60000)';
      expect(
        await rig.server.psql(
          `select count(*), count(distinct t.id), (select count(*) from ${known} e) from copies.${name} t`,
        ),
      ).toMatch(/^(\d+)\|\1\|\1$/);
      await rig.expectNothingLeft();
    },
    120_000,
  );

  it('a reader never sees an empty or a mixed table while it is replaced, killed in the middle or not', async () => {
    await rig.run('refreshed');
    const { host, port, user, password, database } = rig.server;
    const reader = new pg.Client({ host, port, user, password, database });
    await reader.connect();
    let isOver = false;
    const seen = new Set<string>();
    let polls = 0;
    const reading = (async () => {
      while (!isOver) {
        const { rows: found } = await reader.query<{ line: string }>(
          `select count(*) || ' rows of versions ' || min(version) || ' to ' || max(version) as line from copies.refreshed`,
        );
        seen.add(found[0]?.line ?? 'nothing');
        polls++;
      }
    })();
    const total = Number(await rig.server.psql('select count(*) from events'));
    for (const version of [2, 3, 4, 5]) {
      await rig.server.psql(`update events set version = ${String(version)}`);
      const running = rig.result(await rig.start('refreshed'));
      if (version % 2 === 1) {
        await rig.proxy.whenSent('INSERT INTO "copies"');
        await rig.kill('worker');
      }
      await running;
    }
    isOver = true;
    await reading;
    await reader.end();
    process.stdout.write(
      `${String(polls)} looks during four refreshes: ${[...seen].join(' | ')}\n`,
    );
    const whole = [1, 2, 3, 4, 5].map(
      (version) => `${String(total)} rows of versions ${String(version)} to ${String(version)}`,
    );
    for (const line of seen) expect(whole).toContain(line);
    expect(seen.size).toBeGreaterThan(1);
    expect(polls).toBeGreaterThan(20);
    await expectPublished('refreshed');
  }, 180_000);

  it('G16: a truncated source does not empty the target, and the message says what to write', async () => {
    await rig.run('truncated');
    await rig.run('allowed');
    await rig.server.psql('truncate shrinking');
    const text = await rig.failure(await rig.start('truncated'));
    expect(text).toMatch(/holds 1000 rows and 0 would take their place; max_shrink is 0\.5/);
    expect(text).toMatch(/raise `max_shrink`, or set it to `any`/);
    expect(await rig.server.psql('select count(*) from copies.belted')).toBe('1000');
    await rig.server.psql('insert into shrinking select generate_series(1, 499)');
    expect(await rig.failure(await rig.start('truncated'))).toMatch(/499 would take their place/);
    expect(await rig.server.psql('select count(*) from copies.belted')).toBe('1000');
    await rig.server.psql('truncate shrinking');
    await rig.run('allowed');
    expect(await rig.server.psql('select count(*) from copies.unbelted')).toBe('0');
    await rig.expectNothingLeft();
  }, 120_000);
});
