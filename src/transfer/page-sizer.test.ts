import { describe, expect, it } from 'vitest';
import { PageSizer, partBytesOf } from './page-sizer.js';

describe('PageSizer', () => {
  const sizes = { pageRows: 100, pageBytes: 10_000 };

  it('grows at most twofold towards the bytes of a page', () => {
    const sizer = new PageSizer(sizes);
    sizer.took(100, 1000);
    expect(sizer.rows).toBe(200);
    sizer.took(200, 2000);
    expect(sizer.rows).toBe(400);
  });

  it('shrinks at once where rows are wide, and to one row at the least', () => {
    const sizer = new PageSizer(sizes);
    sizer.took(100, 1_000_000);
    expect(sizer.rows).toBe(1);
  });

  it('never has more rows than the user allows', () => {
    const sizer = new PageSizer({ ...sizes, pageRowsMax: 120 });
    sizer.took(100, 100);
    expect(sizer.rows).toBe(120);
    expect(new PageSizer({ ...sizes, pageRowsMax: 7 }).rows).toBe(7);
  });

  it('asks for fewer rows until one is left, then says that it cannot', () => {
    const sizer = new PageSizer(sizes);
    expect(sizer.tooLarge(100)).toBe(true);
    expect(sizer.rows).toBe(25);
    expect([sizer.tooLarge(25), sizer.tooLarge(6), sizer.rows]).toEqual([true, true, 1]);
    expect(sizer.tooLarge(1)).toBe(false);
  });

  it('knows the size of rows from earlier chunks', () => {
    expect(new PageSizer(sizes, { rows: 1000, rawBytes: 10_000 }).rows).toBe(1000);
  });

  it('learns nothing from an empty page', () => {
    const sizer = new PageSizer(sizes);
    sizer.took(0, 0);
    expect(sizer.rows).toBe(100);
  });
});

describe('partBytesOf', () => {
  it('doubles every 1,000 parts, so that 10,000 hold more than an object may have', () => {
    const mebibyte = 1024 * 1024;
    expect([1, 1000, 1001, 2000, 2001].map((number) => partBytesOf(8, number))).toEqual([
      8, 8, 16, 16, 32,
    ]);
    let sum = 0;
    for (let number = 1; number <= 10_000; number++) sum += partBytesOf(8 * mebibyte, number);
    expect(sum).toBeGreaterThan(5 * 1024 ** 4);
  });
});
