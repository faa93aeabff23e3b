/** What every place of ledgers must do: the contract `LedgerStore`, for targets of files and of rows alike. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TargetCapabilities } from '../../../src/connectors/capabilities.js';
import type { LedgerStore } from '../../../src/connectors/row-connector.js';
import type { LedgerDocument, LedgerName } from '../../../src/core/run/ledger.js';
import { emptyLedger } from '../../../src/core/run/ledger-changes.js';
import { codeOf, patient } from './opening.js';

export interface LedgerHarness {
  /** As `TargetCapabilities.ledger`; a transaction is `compare-and-swap`. */
  readonly ledger: TargetCapabilities['ledger'];
  /** Of the place of the test that runs. */
  store(): LedgerStore;
  /** What writing has left behind unfinished. */
  leftovers(): Promise<readonly string[]>;
}

/** A name that no test used before: places may share the folder of ledgers. */
const newName = (partition = ''): LedgerName => ({
  project: `shop ${randomBytes(4).toString('hex')}`,
  asset: 'orders/ümlaut',
  partition,
});

const withToken = (name: LedgerName, token: number): LedgerDocument => ({
  ...emptyLedger(name),
  token,
});

export const describeLedgers = (harness: LedgerHarness): void => {
  describe('ledgers', () => {
    const store = () => harness.store();
    const read = (name: LedgerName) => store().read(name, patient());
    const write = (document: LedgerDocument, expected: string | null) =>
      store().write(document, document, expected, patient());

    it('are absent at first, and then what was written', async () => {
      const name = newName();
      expect(await read(name)).toBeNull();
      const mark = { column: 'id', type: 'bigint', value: '9007199254740993', seen: ['ab', 'ü'] };
      const document = { ...withToken(name, 1), mark };
      const tag = await write(document, null);
      expect(await read(name)).toEqual({ document, tag });
      expect(await harness.leftovers()).toEqual([]);
    });

    it('of an asset and of its partitions are kept apart', async () => {
      const whole = newName();
      const names = [whole, { ...whole, partition: 'a/b' }, { ...whole, partition: 'a' }];
      for (const [index, name] of names.entries()) await write(withToken(name, index), null);
      const tokens = await Promise.all(
        names.map(async (name) => (await read(name))?.document.token),
      );
      expect(tokens).toEqual([0, 1, 2]);
    });

    it('are replaced only as what they were, and get another tag with each write', async () => {
      const name = newName();
      const first = await write(withToken(name, 1), null);
      expect(await write(withToken(name, 2), null)).toBeNull();
      const second = await write(withToken(name, 2), first);
      expect(second).not.toBeNull();
      expect(second).not.toBe(first);
      expect(await write(withToken(name, 3), first)).toBeNull();
      expect((await read(name))?.document.token).toBe(2);
    });

    it('that somebody deleted are not written as if they were there', async () => {
      expect(await write(withToken(newName(), 2), '"0123456789abcdef0123456789abcdef"')).toBeNull();
    });

    it('take a write for done whose answer was lost', async () => {
      const name = newName();
      const first = await write(withToken(name, 1), null);
      if (harness.ledger === 'rename') {
        expect(await write(withToken(name, 1), null)).toBe(first);
      }
      const second = await write(withToken(name, 2), first);
      const again = await write(withToken(name, 2), first);
      // A store in this process has no answers to lose; the others look.
      expect([second, null]).toContain(again);
      expect(await read(name)).toMatchObject({ document: { token: 2 }, tag: second });
    });

    it.runIf(harness.ledger === 'compare-and-swap')(
      'let exactly one of ten writers win, round for round',
      async () => {
        const name = newName();
        let tag: string | null = null;
        for (let round = 1; round <= 5; round++) {
          const writers = Array.from({ length: 10 }, (_, index) => ({
            ...withToken(name, round),
            audit: [{ at: '', what: `writer ${String(index)}` }],
          }));
          const tags = await Promise.all(writers.map((document) => write(document, tag)));
          const winners = writers.filter((_, index) => tags[index] !== null);
          const found = await read(name);
          expect(winners).toEqual([found?.document]);
          tag = found?.tag ?? null;
        }
      },
    );

    it('with something else in their place are refused', async () => {
      const name = newName();
      const other = { ...withToken(name, 1), asset: 'another' };
      await store().write(name, other, null, patient());
      expect(await codeOf(read(name))).toBe('ledger/damaged');
    });

    it('refuse every call whose signal has been given', async () => {
      const name = newName();
      const given = AbortSignal.abort();
      await expect(store().read(name, given)).rejects.toBeDefined();
      await expect(store().write(name, withToken(name, 1), null, given)).rejects.toBeDefined();
      expect(await read(name)).toBeNull();
    });
  });
};
