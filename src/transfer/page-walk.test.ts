import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RowReader } from '../connectors/row-connector.js';
import { PageSizer } from './page-sizer.js';
import { PageWalk } from './page-walk.js';
import { never, RowLanes, rowsOf, sizesOf } from './row-lanes.fixture.js';

/** Counts the statements that have begun and not ended. */
const counted = (reader: RowReader): { readonly reader: RowReader; open(): number } => {
  let open = 0;
  return {
    open: () => open,
    reader: {
      pageEnd: (after, upTo, rows, signal) => reader.pageEnd(after, upTo, rows, signal),
      readNulls: (signal) => reader.readNulls(signal),
      read: (page, signal) => {
        const stream = reader.read(page, signal);
        return {
          rows: () => stream.rows(),
          async *[Symbol.asyncIterator]() {
            open++;
            try {
              yield* stream;
            } finally {
              open--;
            }
          },
        };
      },
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    },
  };
};

describe('a walk that is stopped', () => {
  it('leaves no statement open: neither of the page at hand nor of the next', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf(Array.from({ length: 40 }, (_, index) => index)));
    const { reader, open } = counted(await lanes.reader());
    const sizer = new PageSizer(sizesOf({ pageRows: 10 }));
    const walk = new PageWalk({ reader, after: null, upTo: null, header: false, sizer }, never);
    await walk.next();
    while (open() < 2) await tick();
    walk.stop();
    for (let times = 0; open() > 0 && times < 1000; times++) await tick();
    expect(open()).toBe(0);
  });
});
