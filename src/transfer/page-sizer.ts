/**
 * How many rows the next page asks for. A range of rows has unknown bytes: pages follow the running size of a row, grow
 * at most twofold, and shrink at once where one was too large.
 */
import type { RowSizes } from '../core/plan/rows.js';

/** A page that was too large is asked again with this share of its rows. */
const shrink = 4;

export class PageSizer {
  readonly #pageBytes: number;
  readonly #rowsMax: number;
  #rows: number;
  #rowBytes: number | null = null;

  /** `seen`: what earlier chunks of the lane have read, so that a new one does not learn again. */
  constructor(
    sizes: Pick<RowSizes, 'pageRows' | 'pageBytes' | 'pageRowsMax'>,
    seen: { readonly rows: number; readonly rawBytes: number } | null = null,
  ) {
    this.#pageBytes = sizes.pageBytes;
    this.#rowsMax = sizes.pageRowsMax ?? Number.MAX_SAFE_INTEGER;
    this.#rows = Math.max(1, Math.min(sizes.pageRows, this.#rowsMax));
    if (seen !== null && seen.rows > 0 && seen.rawBytes > 0) {
      this.#rowBytes = seen.rawBytes / seen.rows;
      this.#rows = this.#fitting();
    }
  }

  /** Rows that the next page should have. */
  get rows(): number {
    return this.#rows;
  }

  #fitting(): number {
    const rows = Math.floor(this.#pageBytes / (this.#rowBytes ?? 1));
    return Math.max(1, Math.min(rows, this.#rowsMax));
  }

  /** A page has flowed. */
  took(rows: number, bytes: number): void {
    if (rows === 0 || bytes === 0) return;
    const now = bytes / rows;
    // The newest page weighs most: sizes of rows drift along a key.
    this.#rowBytes = this.#rowBytes === null ? now : (this.#rowBytes + 3 * now) / 4;
    this.#rows = Math.min(this.#fitting(), this.#rows * 2);
  }

  /** A page of that many rows had more bytes than it may have. False: it cannot have fewer rows. */
  tooLarge(rows: number): boolean {
    if (rows <= 1) return false;
    this.#rows = Math.max(1, Math.floor(Math.min(rows, this.#rows) / shrink));
    return true;
  }
}

/** Parts of one object double every 1,000, so that 10,000 of them hold whatever an object may hold. */
export const partBytesOf = (partBytes: number, number: number): number =>
  partBytes * 2 ** Math.floor((number - 1) / 1000);
