import { describe, expect, it } from 'vitest';
import { TidemarkError } from '../core/errors/error.js';
import type { PartitionsSpec } from '../core/plan/partitions.js';
import { partitionPage, planBackfill, type PlannedPartitions } from './plan-backfill.js';
import { planRun } from './plan-run.js';
import { asset, endpoint, facts, job, project } from './planner.fixture.js';
import { assetScope } from './run-scope.js';
import { renderText } from './templates.js';

const daily: PartitionsSpec = {
  type: 'daily',
  start: '2026-01-01',
  end: null,
  minuteOffset: 0,
  hourOffset: 0,
  dayOffset: 0,
  timeZone: 'UTC',
  format: '%Y-%m-%d',
  cron: null,
};
const multi: PartitionsSpec = {
  type: 'multi',
  dimensions: { shop: { type: 'static', values: ['de', 'fr'] }, date: daily },
};

const shop = (partitions: PartitionsSpec) =>
  project({
    assets: [
      asset('orders', { partitions }),
      asset('rates', {
        partitions: null,
        source: endpoint('shelf', 'partner', { path: '/rates' }),
      }),
    ],
    jobs: [job('orders_job', ['orders', 'rates'])],
  });

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof TidemarkError) return `${error.code} ${error.message} ${error.fix}`;
    throw error;
  }
  return 'nothing was thrown';
};

const planned = (input: unknown, partitions: PartitionsSpec = daily): PlannedPartitions | null =>
  planBackfill(shop(partitions), input, facts('orders_job'));

describe('the partition of a run', () => {
  it('names the workflow of each partitioned asset, and of no other', () => {
    const plan = planRun(shop(daily), { partition: '2026-01-30' }, facts('orders_job'));
    expect(plan.assetIds).toEqual({
      orders: 'shop/asset/orders/2026-01-30',
      rates: 'shop/asset/rates',
    });
    expect(plan.context.partitionKey).toEqual({
      key: '2026-01-30',
      start: '2026-01-30T00:00:00+00:00',
      end: '2026-01-31T00:00:00+00:00',
      dimensions: null,
    });
  });

  it('is needed, must exist, and must be over', () => {
    const run = (input: object) => codeOf(() => planRun(shop(daily), input, facts('orders_job')));
    expect(run({})).toMatch(/^plan\/partition-needed .*such as "2026-01-30"/);
    expect(run({ partition: '2026-01-31' })).toMatch(/^plan\/unknown-partition .*not over before/);
    expect(run({ partition: 'x' })).toContain('Write one such as 2026-01-30');
    expect(run({ partition: '2025-12-31' })).toContain('begins before the first one');
  });

  it('is not needed for a selection of assets without partitions', () => {
    const plan = planRun(shop(daily), { assets: ['rates'] }, facts('orders_job'));
    expect(plan.context.partition).toBeNull();
  });

  it('of several dimensions is a text in templates, and a mapping of its values', () => {
    const plan = planRun(shop(multi), { partition: '2026-01-30|fr' }, facts('orders_job'));
    const [spec] = plan.assets;
    if (spec === undefined) throw new Error('no asset');
    const scope = assetScope(plan.context, spec, {});
    const text = (template: string) => renderText(template, scope, 'a test');
    expect(text('{{ partition_key }}')).toBe('2026-01-30|fr');
    expect(text('a/{{ partition_key }}/b')).toBe('a/2026-01-30|fr/b');
    expect(text('{{ partition_key.shop }}-{{ partition_key_shop }}')).toBe('fr-fr');
    expect(text("{{ fn.date.format(partition_key, 'YYYYMMDD') }}")).toBe('20260130');
    expect(text('{{ partition_start[:10] }}')).toBe('2026-01-30');
  });
});

describe('a run of several partitions', () => {
  it('is none without a range', () => {
    expect(planned({ partition: '2026-01-30' })).toBeNull();
    expect(planned({})).toBeNull();
  });

  it('carries everything but the range to its child runs', () => {
    const plan = planned({
      tags: { team: 'sales' },
      assets: ['orders'],
      partition_range: { from: '2026-01-01', to: '2026-01-03', missing: true, parallel: 2 },
    });
    expect(plan).toMatchObject({
      kind: 'backfill',
      plan: {
        project: 'shop',
        name: 'orders_job',
        onlyMissing: true,
        parallel: 2,
        request: { assets: ['orders'], tags: { team: 'sales' } },
        selection: { from: '2026-01-01', to: '2026-01-03' },
      },
    });
    if (plan?.kind !== 'backfill') throw new Error('no plan');
    expect(partitionPage(plan.plan, 0)).toEqual({
      keys: ['2026-01-01', '2026-01-02', '2026-01-03'],
      made: 0,
      next: null,
    });
  });

  it('that means one partition is an ordinary run of it', () => {
    expect(planned({ partition_range: { last: 1 } })).toEqual({
      kind: 'one',
      request: { partition: '2026-01-30' },
    });
    expect(planned({ partition_range: { last: 1, missing: true } })?.kind).toBe('backfill');
    expect(planned({ partition_range: { last: 1 } }, multi)?.kind).toBe('backfill');
  });

  it('fails before the first partition for what every one of them would fail for', () => {
    const run = (input: object) => codeOf(() => planned(input));
    const range = { from: '2026-01-01', to: '2026-01-03' };
    expect(run({ partition_range: range, assets: ['orderz'] })).toContain('plan/unknown-asset');
    expect(run({ partition_range: range, params: { nothing: 1 } })).toContain(
      'plan/unknown-parameter',
    );
    expect(run({ partition_range: { ...range, to: '2026-02-01' } })).toContain(
      '"partition_range.to" is "2026-02-01", which does not exist',
    );
    expect(run({ partition_range: { keys: ['2026-01-01', 'x'] } })).toContain('keys[1]');
    expect(run({ partition_range: range, partition: '2026-01-01' })).toContain('plan/bad-request');
    expect(run({ partition_range: { ...range, last: 1 } })).toContain(
      'it must have from and to, or keys, or last',
    );
    expect(run({ partition_range: { ...range, parallel: 0 } })).toContain('from 1 to 100');
    expect(run({ assets: ['rates'], partition_range: range })).toContain('plan/no-partitions');
  });
});
