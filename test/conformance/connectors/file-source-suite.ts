/**
 * What every source of files must do: each sentence of the contract (`FileSource`, `FileReader`) and each declared
 * capability is a test. The harness writes and deletes by other means than the connector.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, FileSource, ListedFile } from '../../../src/connectors/connector.js';
import type { FileIdentity } from '../../../src/core/plan/file.js';
import {
  codeOf,
  endsAfterAbort,
  freeLine,
  hostileNames,
  openSource,
  patient,
  randomBody,
  sha256,
  stuckLine,
} from './opening.js';

/** An empty folder, or prefix of a bucket, for one test. */
export interface FileSourcePlace extends AsyncDisposable {
  /** As in the YAML. */
  readonly connection: unknown;
  readonly connectionName: string;
  /** Options as in the YAML that choose files of this place, those in its folders included. */
  options(selection: { readonly pattern?: string; readonly file?: string }): unknown;
  /** Options that name a folder or bucket that does not exist; null where there can be none. */
  missing(): unknown;
  /** The path of an identity for a path below the place. */
  pathOf(relativePath: string): string;
  /** Writes a file; a file that is written again has another identity than before, whatever its bytes. */
  write(relativePath: string, body: Buffer): Promise<void>;
  remove(relativePath: string): Promise<void>;
  exists(relativePath: string): Promise<boolean>;
}

export interface FileSourceHarness {
  /** In titles: the server. */
  readonly name: string;
  /** The order in which the server gives paths. */
  readonly order: 'utf-16' | 'utf-8';
  /** Names that this server cannot hold, with the reason. */
  readonly impossibleNames?: Readonly<Record<string, string>>;
  start(): Promise<FileSourcePlace>;
  /** A connection to a server that accepts and never answers. */
  silent?(): Promise<{ readonly connection: unknown } & AsyncDisposable>;
}

interface Opened {
  readonly place: FileSourcePlace;
  readonly source: FileSource<unknown>;
  readonly options: unknown;
}

const listAll = async (
  source: FileSource<unknown>,
  options: unknown,
  pageFiles: number,
  after: string | null = null,
): Promise<readonly ListedFile[]> => {
  const files: ListedFile[] = [];
  let next = after;
  for (let pages = 0; pages < 1000; pages++) {
    const page = await source.list(options, next, pageFiles, patient());
    expect(page.files.length).toBeLessThanOrEqual(pageFiles);
    files.push(...page.files);
    if (page.next === null) return files;
    next = page.next;
  }
  throw new Error('the listing does not end');
};

const inOrder = (paths: readonly string[], order: FileSourceHarness['order']): readonly string[] =>
  order === 'utf-16'
    ? [...paths].sort()
    : [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const readAll = async (
  { source, options }: Opened,
  identity: FileIdentity,
  pieceBytes: number,
): Promise<Buffer> => {
  await using reader = await source.open(options, identity, patient());
  const body = Buffer.alloc(identity.size);
  for (let position = 0; position < body.length; position += pieceBytes) {
    const piece = body.subarray(position, position + pieceBytes);
    await reader.read(position, piece, () => undefined, patient());
  }
  await reader.verify(patient());
  return body;
};

export const describeFileSource = (connector: Connector, harness: FileSourceHarness): void => {
  describe(`source ${connector.kind} on ${harness.name}`, () => {
    let opened: Opened;

    beforeEach(async () => {
      const place = await harness.start();
      const source = await openSource(connector, place.connection, freeLine(place.connectionName));
      opened = { place, source, options: connector.source?.options.parse(place.options({})) };
    });

    afterEach(async () => {
      await opened.source[Symbol.asyncDispose]();
      await opened.place[Symbol.asyncDispose]();
    });

    const parsed = (selection: { readonly pattern?: string; readonly file?: string }): unknown =>
      connector.source?.options.parse(opened.place.options(selection));

    const identified = async (relativePath: string): Promise<FileIdentity> => {
      const { source, options, place } = opened;
      const identity = await source.identify(options, place.pathOf(relativePath), patient());
      if (identity === null) throw new Error(`${relativePath} is not there`);
      return identity;
    };

    describe('listing', () => {
      it('gives every file once and in order, whatever the size of a page', async () => {
        const names = ['a.csv', 'b.csv', 'c/d.csv', 'c.csv', 'c/e/f.csv', 'z-🌊.csv', 'z-！.csv'];
        for (const name of names) await opened.place.write(name, Buffer.from(name));
        const wanted = inOrder(
          names.map((name) => opened.place.pathOf(name)),
          harness.order,
        );
        for (const pageFiles of [1, 2, 3, 100]) {
          const files = await listAll(opened.source, opened.options, pageFiles);
          expect(files.map((file) => file.identity.path)).toEqual(wanted);
        }
      });

      it('begins strictly after the path that it is given, whether that exists or not', async () => {
        for (const name of ['a', 'b', 'c']) await opened.place.write(name, Buffer.from(name));
        const names = async (after: string): Promise<readonly string[]> => {
          const path = opened.place.pathOf(after);
          const files = await listAll(opened.source, opened.options, 10, path);
          return files.map((file) => file.relativePath);
        };
        expect(await names('a')).toEqual(['b', 'c']);
        expect(await names('aa')).toEqual(['b', 'c']);
        expect(await names('c')).toEqual([]);
      });

      it('leaves out the ledgers at its top, and only there', async () => {
        const ledgers = ['_tidemark/shop/orders.json', '_tidemark/shop/orders/2026.json'];
        const files = ['_tidemarked.csv', '_tidemark.csv', 'sub/_tidemark/a.csv', 'z.csv'];
        for (const name of [...ledgers, ...files]) await opened.place.write(name, Buffer.from('x'));
        for (const pageFiles of [1, 100]) {
          const listed = await listAll(opened.source, opened.options, pageFiles);
          const names = listed.map((file) => file.relativePath);
          expect(names.toSorted()).toEqual(files.toSorted());
        }
      });

      it('gives an empty page for an empty folder', async () => {
        // Some servers have no empty folders: a file that is chosen by nothing makes one.
        await opened.place.write('other.txt', Buffer.from('x'));
        const options = parsed({ pattern: 'nothing-like-it' });
        expect(await opened.source.list(options, null, 10, patient())).toEqual({
          files: [],
          next: null,
        });
      });

      it('names a folder or bucket that does not exist', async () => {
        const missing = opened.place.missing();
        if (missing === null) return;
        const options = connector.source?.options.parse(missing);
        const code = await codeOf(opened.source.list(options, null, 10, patient()));
        expect(code).toBe('source/missing');
      });

      it('keeps to the pattern, anchored at the start and not at the end', async () => {
        for (const name of [
          'orders_1.csv',
          'orders_1.csv.bak',
          'my_orders_1.csv',
          'sub/orders_2.csv',
        ]) {
          await opened.place.write(name, Buffer.from(name));
        }
        const files = await listAll(opened.source, parsed({ pattern: 'orders_.*\\.csv' }), 2);
        expect(files.map((file) => file.relativePath)).toEqual([
          'orders_1.csv',
          'orders_1.csv.bak',
          'sub/orders_2.csv',
        ]);
      });

      it('takes an exact name as exactly that', async () => {
        for (const name of ['a.csv', 'a.csv.bak', 'aXcsv']) {
          await opened.place.write(name, Buffer.from(name));
        }
        const files = await listAll(opened.source, parsed({ file: 'a.csv' }), 10);
        expect(files.map((file) => file.identity.path)).toEqual([opened.place.pathOf('a.csv')]);
      });

      it('gives the declared item fields of each file, all and no others', async () => {
        await opened.place.write('sub/orders.tar.gz', Buffer.from('12345'));
        const [file] = await listAll(opened.source, opened.options, 10);
        const declared = Object.keys(connector.source?.itemFields ?? {});
        expect(Object.keys(file?.fields ?? {}).sort()).toEqual(declared.sort());
        expect(file?.fields).toMatchObject({ name: 'orders.tar', ext: '.gz' });
        for (const mistake of Object.keys(connector.source?.itemFieldMistakes ?? {})) {
          expect(declared).not.toContain(mistake);
        }
      });

      it('covers what it lists and not what its pattern leaves out', async () => {
        await opened.place.write('a.csv', Buffer.from('a'));
        const options = parsed({ pattern: 'a' });
        const covers = (relativePath: string): boolean | undefined =>
          connector.source?.covers(options, {
            container: '',
            path: opened.place.pathOf(relativePath),
          });
        expect(covers('a.csv')).toBe(true);
        expect(covers('b.csv')).toBe(false);
        const elsewhere = { container: '', path: `/elsewhere${opened.place.pathOf('a.csv')}` };
        expect(connector.source?.covers(options, elsewhere)).toBe(false);
      });
    });

    describe('hostile names', () => {
      it.each(hostileNames)('%s is listed, identified, read and deleted as it is', async (name) => {
        const impossible = harness.impossibleNames?.[name];
        if (impossible !== undefined) {
          expect(impossible).not.toBe('');
          return;
        }
        const body = Buffer.from(`content of ${name}`);
        await opened.place.write(name, body);
        const [file, ...others] = await listAll(opened.source, opened.options, 10);
        expect(others).toEqual([]);
        expect(file?.relativePath).toBe(name);
        expect(file?.identity).toMatchObject(await identified(name));
        expect(await readAll(opened, await identified(name), 7)).toEqual(body);
        if (connector.source?.capabilities.removes !== true) return;
        await opened.source.remove(opened.options, await identified(name), patient());
        expect(await opened.place.exists(name)).toBe(false);
      });
    });

    describe('identity', () => {
      it('is the same from a listing and from a look at the file', async () => {
        await opened.place.write('a.csv', Buffer.from('12345'));
        const [file] = await listAll(opened.source, opened.options, 10);
        expect(await identified('a.csv')).toEqual(file?.identity);
        expect(file?.identity).toMatchObject({ size: 5, path: opened.place.pathOf('a.csv') });
        expect(file?.identity.modified).toMatch(/^\d+(\.\d+)?$/);
        const hasTag = file?.identity.etag !== undefined;
        expect(hasTag).toBe(connector.source?.capabilities.identity === 'etag');
      });

      it('is null where there is no file', async () => {
        const path = opened.place.pathOf('nobody.csv');
        expect(await opened.source.identify(opened.options, path, patient())).toBeNull();
      });

      it('changes when other bytes of the same size are written', async () => {
        await opened.place.write('a.csv', Buffer.from('11111'));
        const before = await identified('a.csv');
        await opened.place.write('a.csv', Buffer.from('22222'));
        expect(await identified('a.csv')).not.toEqual(before);
      });

      it('keeps its fields when it is pinned', async () => {
        await opened.place.write('a.csv', randomBody(200_000));
        const identity = await identified('a.csv');
        const pinned = await opened.source.pin(opened.options, identity, patient());
        expect(pinned).toMatchObject(identity);
        expect(await readAll(opened, pinned, 100_000)).toHaveLength(200_000);
      });
    });

    describe('a file that is another one than when it was listed', () => {
      const sizes = [20, 600_000];

      it.each(sizes)('is refused when it is pinned or opened (%i bytes)', async (bytes) => {
        await opened.place.write('a.csv', randomBody(bytes));
        const identity = await identified('a.csv');
        await opened.place.write('a.csv', randomBody(bytes));
        const { source, options } = opened;
        expect(await codeOf(source.pin(options, identity, patient()))).toBe('source/changed');
        expect(await codeOf(source.open(options, identity, patient()))).toBe('source/changed');
      });

      it.each(sizes)('is refused when it is gone (%i bytes)', async (bytes) => {
        await opened.place.write('a.csv', randomBody(bytes));
        const identity = await identified('a.csv');
        await opened.place.remove('a.csv');
        const code = await codeOf(opened.source.open(opened.options, identity, patient()));
        expect(code).toBe('source/changed');
      });

      it.each(sizes)('is found when it is verified after reading (%i bytes)', async (bytes) => {
        await opened.place.write('a.csv', randomBody(bytes));
        const { source, options } = opened;
        await using reader = await source.open(options, await identified('a.csv'), patient());
        await reader.verify(patient());
        await opened.place.write('a.csv', randomBody(bytes));
        expect(await codeOf(reader.verify(patient()))).toBe('source/changed');
      });

      it('is not deleted', async () => {
        if (connector.source?.capabilities.removes !== true) return;
        await opened.place.write('a.csv', Buffer.from('11111'));
        const identity = await identified('a.csv');
        await opened.place.write('a.csv', Buffer.from('22222'));
        const { source, options } = opened;
        expect(await codeOf(source.remove(options, identity, patient()))).toBe('source/changed');
        expect(await opened.place.exists('a.csv')).toBe(true);
      });
    });

    describe('reading', () => {
      it('fills buffers from any positions at once, with every byte counted', async () => {
        const body = randomBody(1_000_003);
        await opened.place.write('big.bin', body);
        const { source, options } = opened;
        const pinned = await source.pin(options, await identified('big.bin'), patient());
        await using reader = await source.open(options, pinned, patient());
        const ranges = [
          [900_000, 100_003],
          [0, 1],
          [1, 499_999],
          [500_000, 400_000],
          [250_000, 300_000],
        ] as const;
        let counted = 0;
        const buffers = await Promise.all(
          ranges.map(async ([position, bytes]) => {
            const buffer = Buffer.alloc(bytes);
            await reader.read(position, buffer, (piece) => (counted += piece), patient());
            return buffer;
          }),
        );
        for (const [index, [position, bytes]] of ranges.entries()) {
          const wanted = body.subarray(position, position + bytes);
          expect(sha256(buffers[index] ?? Buffer.alloc(0))).toBe(sha256(wanted));
        }
        expect(counted).toBe(ranges.reduce((sum, [, bytes]) => sum + bytes, 0));
      });

      it('serves many open files at once', async () => {
        const names = Array.from({ length: 12 }, (_, index) => `file-${String(index)}`);
        for (const name of names) await opened.place.write(name, Buffer.from(name.repeat(100)));
        const bodies = await Promise.all(
          names.map(async (name) => readAll(opened, await identified(name), 256)),
        );
        expect(bodies.map(String)).toEqual(names.map((name) => name.repeat(100)));
      });

      it('says that a file ends early instead of giving fewer bytes', async () => {
        await opened.place.write('short.csv', Buffer.from('12345'));
        const { source, options } = opened;
        await using reader = await source.open(options, await identified('short.csv'), patient());
        const read = reader.read(3, Buffer.alloc(10), () => undefined, patient());
        expect(await codeOf(read)).toBe('source/truncated');
      });

      it('says so when the file shrinks while it is read', async () => {
        await opened.place.write('short.bin', randomBody(600_000));
        const { source, options } = opened;
        await using reader = await source.open(options, await identified('short.bin'), patient());
        await opened.place.write('short.bin', randomBody(10));
        const outcome = reader
          .read(300_000, Buffer.alloc(300_000), () => undefined, patient())
          .then(() => reader.verify(patient()));
        expect(['source/truncated', 'source/changed']).toContain(await codeOf(outcome));
      });

      it('opens and verifies an empty file', async () => {
        await opened.place.write('empty.csv', Buffer.alloc(0));
        expect(await readAll(opened, await identified('empty.csv'), 10)).toHaveLength(0);
      });
    });

    describe('deleting', () => {
      it('removes exactly that file and may be repeated', async () => {
        if (connector.source?.capabilities.removes !== true) return;
        await opened.place.write('a.csv', Buffer.from('a'));
        await opened.place.write('b.csv', Buffer.from('b'));
        const identity = await identified('a.csv');
        await opened.source.remove(opened.options, identity, patient());
        await opened.source.remove(opened.options, identity, patient());
        expect(await opened.place.exists('a.csv')).toBe(false);
        expect(await opened.place.exists('b.csv')).toBe(true);
      });
    });

    describe('cancel', () => {
      it('ends a read that waits for the line within a second', async () => {
        const { place, options } = opened;
        await place.write('big.bin', randomBody(600_000));
        const identity = await identified('big.bin');
        const context = stuckLine(place.connectionName);
        await using slow = await openSource(connector, place.connection, context);
        await using reader = await slow.open(options, identity, patient());
        const { rejected, waitedMs } = await endsAfterAbort(
          (signal) => reader.read(0, Buffer.alloc(600_000), () => undefined, signal),
          300,
        );
        expect(rejected).toBe(true);
        expect(waitedMs).toBeLessThan(1000);
      });

      it('refuses every call whose signal has been given', async () => {
        await opened.place.write('a.csv', Buffer.from('a'));
        const identity = await identified('a.csv');
        const { source, options } = opened;
        const given = AbortSignal.abort();
        await expect(source.list(options, null, 10, given)).rejects.toBeDefined();
        await expect(source.identify(options, identity.path, given)).rejects.toBeDefined();
        await expect(source.open(options, identity, given)).rejects.toBeDefined();
        await expect(source.remove(options, identity, given)).rejects.toBeDefined();
        expect(await opened.place.exists('a.csv')).toBe(true);
      });

      it.skipIf(harness.silent === undefined)(
        'ends a listing of a server that says nothing within five seconds',
        async () => {
          const silent = await harness.silent?.();
          if (silent === undefined) throw new Error('no silent server');
          try {
            const context = freeLine('silent');
            const { rejected, waitedMs } = await endsAfterAbort(async (signal) => {
              await using source = await openSource(connector, silent.connection, context);
              await source.list(opened.options, null, 10, signal);
            }, 300);
            expect(rejected).toBe(true);
            expect(waitedMs).toBeLessThan(5000);
          } finally {
            await silent[Symbol.asyncDispose]();
          }
        },
      );
    });
  });
};
