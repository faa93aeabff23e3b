import { describe, expect, test } from 'vitest';
import type {
  PartitionSelection,
  PartitionsSpec,
  TimePartitions,
} from '../../core/plan/partitions.js';
import {
  dimensionNames,
  firstPartition,
  isEnumerable,
  newestPartitions,
  partitionOfKey,
} from './partition-keys.js';
import { keyPage, selectionProblem } from './partition-range.js';

const daily: TimePartitions = {
  type: 'daily',
  start: '2025-01-01',
  end: null,
  minuteOffset: 30,
  hourOffset: 19,
  dayOffset: 0,
  timeZone: 'UTC',
  format: '%Y-%m-%d',
  cron: null,
};
const shops: PartitionsSpec = { type: 'static', values: ['de', 'fr', 'at'] };
const names: PartitionsSpec = { type: 'dynamic', name: 'tenants' };
const both: PartitionsSpec = { type: 'multi', dimensions: { shop: shops, date: daily } };
const open: PartitionsSpec = { type: 'multi', dimensions: { tenant: names, date: daily } };
const nowMs = Date.parse('2025-01-05T00:00Z');

const problem = (spec: PartitionsSpec, key: string): string => {
  const found = partitionOfKey(spec, key, nowMs);
  return 'problem' in found ? `${found.problem} ${found.fix ?? ''}` : '';
};

describe('what a key stands for', () => {
  test('a piece of time has a start and an end with its offset', () => {
    expect(partitionOfKey(daily, '2025-01-02', nowMs)).toEqual({
      key: '2025-01-02',
      start: '2025-01-02T19:30:00+00:00',
      end: '2025-01-03T19:30:00+00:00',
      dimensions: null,
    });
  });

  test('several dimensions are joined in the order of their names', () => {
    expect(dimensionNames(both)).toEqual(['date', 'shop']);
    expect(partitionOfKey(both, '2025-01-02|fr', nowMs)).toEqual({
      key: '2025-01-02|fr',
      start: '2025-01-02T19:30:00+00:00',
      end: '2025-01-03T19:30:00+00:00',
      dimensions: { date: '2025-01-02', shop: 'fr' },
    });
  });

  test('what is wrong says what would be right', () => {
    expect(problem(daily, 'today')).toContain('Write one such as 2025-01-03');
    expect(problem(daily, '2025-01-04')).toContain('The last complete partition is 2025-01-03');
    expect(problem(shops, 'dee')).toContain('did you mean de?');
    expect(problem(both, 'fr|2025-01-02')).toContain('is not the key of a daily partition');
    expect(problem(both, '2025-01-02')).toContain('<date>|<shop>');
    expect(problem(names, '')).toContain('1 to 200 characters');
    expect(problem(names, 'acme')).toBe('');
  });
});

const listed = (spec: PartitionsSpec, selection: PartitionSelection, max = 1000) =>
  keyPage(spec, selection, { after: 0, max, nowMs });

describe('which keys there are', () => {
  test('a range takes both ends, in order', () => {
    const range = { from: '2025-01-02', to: '2025-01-03' };
    expect(listed(daily, range)).toEqual({ keys: ['2025-01-02', '2025-01-03'], next: null });
    expect(listed(shops, { from: 'fr', to: 'at' }).keys).toEqual(['fr', 'at']);
  });

  test('a range of several dimensions goes by time and takes every combination', () => {
    expect(listed(both, { from: '2025-01-02', to: '2025-01-03' }).keys).toEqual([
      '2025-01-02|de',
      '2025-01-02|fr',
      '2025-01-02|at',
      '2025-01-03|de',
      '2025-01-03|fr',
      '2025-01-03|at',
    ]);
    expect(listed(both, { from: '2025-01-02|at', to: '2025-01-03|fr' }).keys).toEqual([
      '2025-01-02|at',
      '2025-01-03|de',
      '2025-01-03|fr',
    ]);
  });

  test('pages put together are the whole list, each key once', () => {
    const range = { from: '2025-01-01', to: '2025-01-03' };
    const whole = listed(both, range).keys;
    const paged: string[] = [];
    for (let after: number | null = 0; after !== null;) {
      const page = keyPage(both, range, { after, max: 2, nowMs });
      paged.push(...page.keys);
      after = page.next;
    }
    expect(paged).toEqual(whole);
    expect(whole).toHaveLength(9);
  });

  test('the newest are the last complete pieces, and all where there is no time (D7)', () => {
    expect(listed(daily, { last: 1 }).keys).toEqual(['2025-01-03']);
    expect(listed(shops, { last: 1 }).keys).toEqual(['de', 'fr', 'at']);
    expect(newestPartitions(both, 1, nowMs).map(({ key }) => key)).toEqual([
      '2025-01-03|de',
      '2025-01-03|fr',
      '2025-01-03|at',
    ]);
    expect(firstPartition(both)?.key).toBe('2025-01-01|de');
  });

  test('keys that are named are taken once each', () => {
    expect(listed(names, { keys: ['acme', 'zoo', 'acme'] }).keys).toEqual(['acme', 'zoo']);
  });

  test('a selection of what does not exist is refused at its place', () => {
    const found = (spec: PartitionsSpec, selection: PartitionSelection) =>
      selectionProblem(spec, selection, nowMs);
    expect(found(daily, { from: '2025-01-01', to: '2025-01-03' })).toBeUndefined();
    expect(found(daily, { from: '2025-01-03', to: '2025-01-01' })).toMatchObject({
      field: 'to',
      problem: 'lies before 2025-01-03',
    });
    expect(found(shops, { from: 'at', to: 'de' })).toMatchObject({ field: 'to' });
    expect(found(daily, { from: '2025-01-01', to: '2025-02-01' })).toMatchObject({ field: 'to' });
    expect(found(shops, { keys: ['de', 'xx'] })).toMatchObject({ field: 'keys[1]', value: 'xx' });
    expect(found(open, { last: 1 })).toMatchObject({ field: '' });
    expect(found(both, { from: '2025-01-01', to: '2025-01-03|fr' })).toBeUndefined();
    expect([daily, shops, both, names, open].map(isEnumerable)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
