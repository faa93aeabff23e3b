import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowConnectors } from '../planner.fixture.js';
import { ledgerFolder, objectAddress, objectName } from './object-address.js';
import { defaultName, markPart, suffixedKey, type WindowFacts } from './object-names.js';
import { failure, incremental, planned, rowsOf, table } from './rows-plan.fixture.js';

const mark = (value: string) => ({ column: 'u', type: 't', value, seen: null });
const window = (changes: Partial<WindowFacts> = {}): WindowFacts => ({
  low: null,
  high: mark('z'),
  repeat: 1,
  lane: 0,
  lanes: 1,
  ...changes,
});

describe('names of objects', () => {
  const marked = { name: 'orders', partition: null, rows: rowsOf({ source: incremental }) };
  const whole = { name: 'orders', partition: null, rows: rowsOf({ source: table }) };

  it('tell asset, partition, low mark, window and lane', () => {
    const kind = `${whole.rows.format.rows.kind}`;
    expect([
      defaultName(whole, window()),
      defaultName({ ...whole, partition: 'eu_north' }, window()),
      defaultName(marked, window()),
      defaultName(marked, window({ low: mark('2026-01-31 04:05:06.1+00'), repeat: 2 })),
      defaultName(whole, window({ lane: 3, lanes: 8 })),
    ]).toEqual([
      `orders.${kind}`,
      `orders_eu_north.${kind}`,
      `orders_start.${kind}`,
      `orders_2026-01-31!2004!3A05!3A06.1!2B00_2.${kind}`,
      `orders_0003.${kind}`,
    ]);
  });

  it('no two windows of an asset share a name, whatever their marks hold', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('start', '', '_', '2', 'a_b', '!'),
    );
    const one = fc.record({
      partition: fc.option(text),
      low: fc.option(text),
      repeat: fc.integer({ min: 1, max: 3 }),
      lane: fc.integer({ min: 0, max: 2 }),
    });
    // Equal or not, a mark holds only whole characters.
    const nameOf = ({
      partition,
      low,
      repeat,
      lane,
    }: {
      partition: string | null;
      low: string | null;
      repeat: number;
      lane: number;
    }) =>
      defaultName(
        { ...marked, partition },
        window({ low: low === null ? null : mark(low), repeat, lane, lanes: 3 }),
      );
    fc.assert(
      fc.property(one, one, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        const samePresence = (a.partition === null) === (b.partition === null);
        if (samePresence) expect(nameOf(a) === nameOf(b)).toBe(same);
        expect(nameOf(a)).not.toMatch(/[\s:/|+\\]/);
      }),
      { numRuns: 3000 },
    );
  });

  it('separators inside of marks and partitions are never taken for separators', () => {
    const letters = ['a', '_', '2', ' '];
    const pairs = letters.flatMap((one) => ['', ...letters].map((other) => `${one}${other}`));
    const texts = [...pairs, 'a_b', 'a_2', '_2_'];
    const names = texts.flatMap((partition) =>
      texts.flatMap((low) =>
        [1, 2].map((repeat) =>
          defaultName({ ...marked, partition }, window({ low: mark(low), repeat })),
        ),
      ),
    );
    expect(new Set(names).size).toBe(texts.length ** 2 * 2);
  });

  it('a written key may name the window; what tells windows apart stands before the extension', () => {
    const plan = planned({
      source: incremental,
      target: { bucket_name: 'raw', key: 'o/{{ params.zone }}/{{ metadata.window }}.csv.gz' },
      params: { zone: 'eu' },
    });
    expect(plan.target?.options['key']).toBe('o/{{ params.zone }}/{{ metadata.window }}.csv.gz');
    expect(objectName(plan, window({ low: mark('a b') })).options['key']).toBe('o/eu/a!20b.csv.gz');
    const known = { connectors: rowConnectors, targetConnection: { endpoint: 'x' } };
    expect(objectAddress(plan, window({ repeat: 2 }), known)).toEqual({
      container: 'raw',
      key: 'o/eu/start_2.csv.gz',
    });
    expect(ledgerFolder(plan, known)).toEqual({ container: 'raw', key: '_tidemark' });
    expect(suffixedKey('a/b', window({ lane: 1, lanes: 2 }))).toBe('a/b_0001');
    expect(markPart(mark('start'))).toBe('!73tart');
  });

  it('metadata needs a mark, and only key may use it', () => {
    const key = { bucket_name: 'raw', key: '{{ metadata.window }}.csv' };
    expect(failure(() => planned({ source: table, target: key }))).toContain('has no mark');
    const prefix = { bucket_name: 'raw', prefix: '{{ metadata.window }}' };
    expect(failure(() => planned({ source: incremental, target: prefix }))).toContain(
      'only key may',
    );
    const item = { bucket_name: 'raw', key: '{{ source.item.file_name }}' };
    expect(failure(() => planned({ source: table, target: item }))).toContain('no items');
  });
});
