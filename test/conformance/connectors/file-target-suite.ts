/**
 * What every target of files must do: each sentence of the contract (`FileTarget`) and each declared capability is
 * a test. What was written is read, and what is left over is counted, by other means than the connector.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, FileTarget } from '../../../src/connectors/connector.js';
import type { PartRecord, TargetAddress, UploadHandle } from '../../../src/core/plan/file.js';
import { describeLedgers } from './ledger-suite.js';
import {
  codeOf,
  crcOf,
  endsAfterAbort,
  freeLine,
  hostileNames,
  openTarget,
  orderFor,
  patient,
  randomBody,
  sha256,
  stuckLine,
} from './opening.js';

/** An empty folder, or prefix of a bucket, for one test. */
export interface FileTargetPlace extends AsyncDisposable {
  /** As in the YAML. */
  readonly connection: unknown;
  readonly connectionName: string;
  /** Options as in the YAML that put files below the place. */
  options(): unknown;
  /** Reads by other means; null where there is nothing. */
  read(relativePath: string): Promise<Buffer | null>;
  /** Writes as somebody else would. */
  write(relativePath: string, body: Buffer): Promise<void>;
  /** Uploads and temporary files below the place that are not finished, by name. */
  leftovers(): Promise<readonly string[]>;
  /** Begins an upload of that file as somebody else would, and leaves it open; null where there are none. */
  foreignUpload(relativePath: string): Promise<string | null>;
}

export interface FileTargetHarness {
  readonly name: string;
  readonly impossibleNames?: Readonly<Record<string, string>>;
  start(): Promise<FileTargetPlace>;
  /** A connection to a server that accepts and never answers. */
  silent?(): Promise<{ readonly connection: unknown } & AsyncDisposable>;
}

/** Parts of a body as the engine cuts them: all but the last of one size. */
const cut = (body: Buffer, partBytes: number) =>
  Array.from({ length: Math.ceil(body.length / partBytes) }, (_, index) => {
    const bytes = body.subarray(index * partBytes, (index + 1) * partBytes);
    return { number: index + 1, position: index * partBytes, crc32: crcOf(bytes), bytes };
  });

const noProgress = () => ({ progress: () => undefined, signal: patient() });

export const describeFileTarget = (connector: Connector, harness: FileTargetHarness): void => {
  describe(`target ${connector.kind} on ${harness.name}`, () => {
    const declaration = connector.target;
    if (declaration === undefined) throw new Error(`${connector.kind} has no target`);
    const { capabilities } = declaration;
    const partBytes = Math.max(capabilities.partBytesMin, 64 * 1024);
    let place: FileTargetPlace;
    let target: FileTarget;

    beforeEach(async () => {
      place = await harness.start();
      target = await openTarget(connector, place.connection, freeLine(place.connectionName));
    });

    afterEach(async () => {
      await target[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    const at = (relativePath: string): TargetAddress => {
      const connection = connector.connection.options.parse(place.connection);
      return declaration.address(connection, declaration.options.parse(place.options()), {
        relativePath,
      });
    };

    const standing = async (relativePath: string) => {
      const [object] = await target.objects([at(relativePath)], patient());
      if (object === undefined || object === null) throw new Error(`${relativePath} is not there`);
      return object;
    };

    const put = (relativePath: string, body: Buffer, facts: Parameters<typeof orderFor>[2] = {}) =>
      target.put(orderFor(at(relativePath), body.length, facts), body, crcOf(body), patient());

    const writeAll = async (upload: UploadHandle, body: Buffer): Promise<readonly PartRecord[]> => {
      const records: PartRecord[] = [];
      for (const { bytes, ...part } of cut(body, partBytes)) {
        records.push(await target.writePart(upload, part, bytes, noProgress()));
      }
      return records;
    };

    const openFor = (
      relativePath: string,
      size: number | null,
      facts: Parameters<typeof orderFor>[2] = {},
      startedAfterMs = Date.now() - 60_000,
    ) => {
      const order = orderFor(at(relativePath), size, facts);
      return target.openUpload(order, partBytes, startedAfterMs, patient());
    };

    describe('looking', () => {
      it('gives what stands at each address, in their order, and null for nothing', async () => {
        const names = Array.from(
          { length: 40 },
          (_, index) => `f/${String(index).padStart(3, '0')}`,
        );
        for (const name of names.filter((_, index) => index % 7 === 3)) {
          await place.write(name, Buffer.from(name));
        }
        await place.write('f/not-asked', Buffer.from('x'));
        const objects = await target.objects(names.toReversed().map(at), patient());
        const sizes = objects.map((object) => object?.size ?? null).toReversed();
        expect(sizes).toEqual(names.map((name, index) => (index % 7 === 3 ? name.length : null)));
      });

      it('asks for nothing when there are no addresses', async () => {
        expect(await target.objects([], patient())).toEqual([]);
      });

      it('gives another tag after a foreign write of the same size', async () => {
        await place.write('a', Buffer.from('11111'));
        const before = await standing('a');
        await sleep(1100);
        await place.write('a', Buffer.from('22222'));
        expect((await standing('a')).tag).not.toBe(before.tag);
      });
    });

    describe('putting a small object', () => {
      it('writes exactly the bytes and says what stands there then', async () => {
        const body = randomBody(70_000);
        const written = await put('sub/a.bin', body);
        expect(await place.read('sub/a.bin')).toEqual(body);
        expect(written).toMatchObject({ address: at('sub/a.bin'), size: body.length });
        expect(written.tag).toBe((await standing('sub/a.bin')).tag);
        expect([crcOf(body), null]).toContain(written.crc32);
        expect(await place.leftovers()).toEqual([]);
      });

      it('writes an empty object', async () => {
        await put('empty', Buffer.alloc(0));
        expect(await place.read('empty')).toEqual(Buffer.alloc(0));
      });

      it('keeps where the object came from, if it says that it does', async () => {
        const body = Buffer.from('12345');
        await put('a', body, { unit: 'run 1/ünit "a"', copiedFrom: 'digest' });
        const object = await standing('a');
        const origin = { unit: object.unit, copiedFrom: object.copiedFrom };
        const wanted = { unit: 'run 1/ünit "a"', copiedFrom: 'digest' };
        if (capabilities.keepsOrigin) expect(origin).toEqual(wanted);
        else expect(origin).toEqual({ unit: undefined, copiedFrom: undefined });
      });

      it('leaves a foreign object alone where nothing was expected', async () => {
        await place.write('a', Buffer.from('foreign'));
        expect(await codeOf(put('a', Buffer.from('ours')))).toBe('target/conflict');
        expect(String(await place.read('a'))).toBe('foreign');
        expect(await place.leftovers()).toEqual([]);
      });

      it('replaces the object that was planned, and no other', async () => {
        await place.write('a', Buffer.from('planned'));
        const { tag } = await standing('a');
        await put('a', Buffer.from('second'), { expected: { tag } });
        expect(String(await place.read('a'))).toBe('second');
        const late = put('a', Buffer.from('third!!'), { expected: { tag } });
        expect(await codeOf(late)).toBe('target/conflict');
        expect(String(await place.read('a'))).toBe('second');
      });

      it('does not write where the planned object has gone', async () => {
        const late = put('a', Buffer.from('late'), { expected: { tag: '"0123456789abcdef"' } });
        expect(await codeOf(late)).toBe('target/conflict');
        expect(await place.read('a')).toBeNull();
      });

      it.runIf(capabilities.keepsOrigin)(
        'takes its own unit for success after a lost answer',
        async () => {
          const facts = { unit: 'run/unit-1', copiedFrom: 'version-1' };
          const first = await put('a', Buffer.from('12345'), facts);
          const again = await put('a', Buffer.from('12345'), facts);
          expect(again).toMatchObject({ size: 5, tag: first.tag });
        },
      );

      it.runIf(capabilities.keepsOrigin)('replaces an older try of its own unit', async () => {
        await put('a', Buffer.from('version 1'), { unit: 'run/unit-1', copiedFrom: 'version-1' });
        await put('a', Buffer.from('version 2'), { unit: 'run/unit-1', copiedFrom: 'version-2' });
        expect(String(await place.read('a'))).toBe('version 2');
      });

      it.runIf(capabilities.conditionalWrites)(
        'lets one of many writers of a new object win',
        async () => {
          const bodies = Array.from({ length: 8 }, (_, index) =>
            Buffer.from(`writer ${String(index)}`),
          );
          const outcomes = await Promise.allSettled(bodies.map((body) => put('a', body)));
          const winners = bodies.filter((_, index) => outcomes[index]?.status === 'fulfilled');
          expect(winners.map(String)).toEqual([String(await place.read('a'))]);
        },
      );

      it.runIf(capabilities.reportsCrc32)('refuses a body that is not its checksum', async () => {
        const order = orderFor(at('a'), 5);
        const wrong = target.put(
          order,
          Buffer.from('12345'),
          crcOf(Buffer.from('54321')),
          patient(),
        );
        await expect(wrong).rejects.toBeDefined();
        expect(await place.read('a')).toBeNull();
      });

      it.each(hostileNames)('keeps the name %s', async (name) => {
        const impossible = harness.impossibleNames?.[name];
        if (impossible !== undefined) {
          expect(impossible).not.toBe('');
          return;
        }
        const body = Buffer.from(`content of ${name}`);
        await put(name, body);
        expect(await place.read(name)).toEqual(body);
        expect((await standing(name)).size).toBe(body.length);
      });
    });

    describe('uploading a large object', () => {
      it('makes three parts, sent in any order and twice, one object', async () => {
        const body = randomBody(2 * partBytes + 12_345);
        const upload = await openFor('sub/big.bin', body.length);
        const parts = cut(body, partBytes);
        const records: PartRecord[] = [];
        for (const number of [3, 1, 2, 1, 3]) {
          const part = parts[number - 1];
          if (part === undefined) throw new Error('no such part');
          const { bytes, ...facts } = part;
          records[number - 1] = await target.writePart(upload, facts, bytes, noProgress());
        }
        expect(await place.read('sub/big.bin')).toBeNull();
        const written = await target.complete(upload, records, patient());
        const found = await place.read('sub/big.bin');
        expect(sha256(found ?? Buffer.alloc(0))).toBe(sha256(body));
        expect(written.size).toBe(body.length);
        if (capabilities.reportsCrc32) expect(written.crc32).toBe(crcOf(body));
        expect(written.tag).toBe((await standing('sub/big.bin')).tag);
        expect(await place.leftovers()).toEqual([]);
      });

      it('takes parts at the same time and tells each byte once', async () => {
        const body = randomBody(2 * partBytes + 5);
        const upload = await openFor('big.bin', body.length);
        let counted = 0;
        const records = await Promise.all(
          cut(body, partBytes).map(({ bytes, ...part }) =>
            target.writePart(upload, part, bytes, {
              progress: (piece) => (counted += piece),
              signal: patient(),
            }),
          ),
        );
        expect(counted).toBe(body.length);
        await target.complete(upload, records, patient());
        expect(sha256((await place.read('big.bin')) ?? Buffer.alloc(0))).toBe(sha256(body));
      });

      it.runIf(capabilities.listsParts)('lists the parts that it holds, as records', async () => {
        const body = randomBody(2 * partBytes + 5);
        const upload = await openFor('big.bin', body.length);
        expect(await target.listParts(upload, patient())).toEqual([]);
        const records = await writeAll(upload, body);
        expect(await target.listParts(upload, patient())).toEqual(records);
        await target.abort(upload, patient());
        expect(await codeOf(target.listParts(upload, patient()))).toBe('target/upload-gone');
      });

      it('completes twice with one outcome', async () => {
        const body = randomBody(partBytes + 5);
        const upload = await openFor('big.bin', body.length);
        const records = await writeAll(upload, body);
        const first = await target.complete(upload, records, patient());
        const again = await target.complete(upload, records, patient());
        expect(again).toEqual(first);
      });

      it('refuses to complete with a part missing', async () => {
        const body = randomBody(partBytes + 5);
        const upload = await openFor('big.bin', body.length);
        const records = await writeAll(upload, body);
        await expect(target.complete(upload, records.slice(0, 1), patient())).rejects.toBeDefined();
        await expect(target.complete(upload, records.slice(1), patient())).rejects.toBeDefined();
        expect(await place.read('big.bin')).toBeNull();
      });

      it.runIf(capabilities.listsParts)(
        'refuses to complete with a part that is not the recorded one',
        async () => {
          const body = randomBody(partBytes + 5);
          const upload = await openFor('big.bin', body.length);
          const records = await writeAll(upload, body);
          const [, last] = cut(randomBody(body.length), partBytes);
          if (last === undefined) throw new Error('no such part');
          const { bytes, ...part } = last;
          await target.writePart(upload, part, bytes, noProgress());
          const code = await codeOf(target.complete(upload, records, patient()));
          expect(['target/mismatch', 'target/parts-differ']).toContain(code);
          expect(await place.read('big.bin')).toBeNull();
        },
      );

      it.runIf(capabilities.reportsCrc32)('refuses a part that is not its checksum', async () => {
        const upload = await openFor('big.bin', 5);
        const part = { number: 1, position: 0, crc32: crcOf(Buffer.from('54321')) };
        const code = await codeOf(
          target.writePart(upload, part, Buffer.from('12345'), noProgress()),
        );
        expect(code).toBe('target/mismatch');
      });

      it('leaves a foreign object alone that was written meanwhile', async () => {
        const body = randomBody(partBytes + 5);
        const upload = await openFor('big.bin', body.length);
        const records = await writeAll(upload, body);
        await place.write('big.bin', Buffer.from('foreign'));
        const code = await codeOf(target.complete(upload, records, patient()));
        expect(code).toBe('target/conflict');
        expect(String(await place.read('big.bin'))).toBe('foreign');
        await target.abort(upload, patient());
        expect(await place.leftovers()).toEqual([]);
      });

      it('replaces the object that was planned', async () => {
        await place.write('big.bin', Buffer.from('planned'));
        const { tag } = await standing('big.bin');
        const body = randomBody(partBytes + 5);
        const upload = await openFor('big.bin', body.length, { expected: { tag } });
        await target.complete(upload, await writeAll(upload, body), patient());
        expect(sha256((await place.read('big.bin')) ?? Buffer.alloc(0))).toBe(sha256(body));
      });
    });

    describe('an upload that was opened before', () => {
      const facts = { unit: 'run/unit-1', copiedFrom: 'version-1' };

      it('is adopted when it has no parts', async () => {
        const startedAfterMs = Date.now();
        const first = await openFor('big.bin', 10, facts, startedAfterMs);
        const again = await openFor('big.bin', 10, facts, startedAfterMs);
        if (capabilities.publishes === 'multipart') expect(again.id).toBe(first.id);
        await target.abort(again, patient());
        await target.abort(first, patient());
        expect(await place.leftovers()).toEqual([]);
      });

      it.runIf(capabilities.publishes === 'multipart')(
        'is not adopted when it has parts',
        async () => {
          const startedAfterMs = Date.now();
          const body = randomBody(partBytes + 5);
          const first = await openFor('big.bin', body.length, facts, startedAfterMs);
          await writeAll(first, body);
          const again = await openFor('big.bin', body.length, facts, startedAfterMs);
          expect(again.id).not.toBe(first.id);
          expect(await target.listParts(first, patient())).toHaveLength(2);
          await target.abort(first, patient());
          await target.abort(again, patient());
        },
      );

      it('is left alone when somebody else began it before the run', async () => {
        const foreign = await place.foreignUpload('big.bin');
        if (foreign === null) return;
        await sleep(2100);
        const startedAfterMs = Date.now();
        const body = randomBody(partBytes + 5);
        const upload = await openFor('big.bin', body.length, facts, startedAfterMs);
        expect(upload.id).not.toBe(foreign);
        await target.complete(upload, await writeAll(upload, body), patient());
        await target.abort(upload, patient());
        expect(await place.leftovers()).toEqual([foreign]);
      });
    });

    describe('aborting', () => {
      it('leaves nothing and may be repeated', async () => {
        const body = randomBody(partBytes + 5);
        const upload = await openFor('sub/big.bin', body.length);
        await writeAll(upload, body);
        expect(await place.leftovers()).toHaveLength(1);
        await target.abort(upload, patient());
        await target.abort(upload, patient());
        expect(await place.leftovers()).toEqual([]);
        expect(await place.read('sub/big.bin')).toBeNull();
      });

      it.runIf(capabilities.publishes === 'multipart')(
        'makes later parts and completions fail with upload-gone',
        async () => {
          const body = randomBody(partBytes + 5);
          const upload = await openFor('big.bin', body.length);
          const records = await writeAll(upload, body);
          await target.abort(upload, patient());
          expect(await codeOf(writeAll(upload, body))).toBe('target/upload-gone');
          const code = await codeOf(target.complete(upload, records, patient()));
          expect(code).toBe('target/upload-gone');
        },
      );

      it('of a completed upload keeps the object', async () => {
        const body = randomBody(partBytes + 5);
        const upload = await openFor('big.bin', body.length);
        await target.complete(upload, await writeAll(upload, body), patient());
        await target.abort(upload, patient());
        expect(await place.read('big.bin')).toHaveLength(body.length);
      });
    });

    describe('an object whose size nobody knows before its end', () => {
      const unknown = { modified: null, unit: 'window-1/lane-1', copiedFrom: 'window-1/lane-1' };
      /** Parts as rows give them: each of another size, the last one small. */
      const unevenly = (body: Buffer) => {
        const cuts = [0, partBytes + 1, 2 * partBytes + 70_001, body.length];
        return cuts.slice(1).map((end, index) => {
          const position = cuts[index] ?? 0;
          const bytes = body.subarray(position, end);
          return { number: index + 1, position, crc32: crcOf(bytes), bytes };
        });
      };
      const writeUnevenly = async (upload: UploadHandle, body: Buffer) => {
        const records: PartRecord[] = [];
        for (const { bytes, ...part } of unevenly(body)) {
          records.push(await target.writePart(upload, part, bytes, noProgress()));
        }
        return records;
      };

      it('is made of parts of different sizes, and completed twice with one outcome', async () => {
        const body = randomBody(2 * partBytes + 100_003);
        const upload = await openFor('rows.csv', null, unknown);
        const records = await writeUnevenly(upload, body);
        expect(records.map(({ size }) => size)).toEqual([
          partBytes + 1,
          partBytes + 70_000,
          30_002,
        ]);
        const first = await target.complete(upload, records, patient());
        expect(first.size).toBe(body.length);
        expect(sha256((await place.read('rows.csv')) ?? Buffer.alloc(0))).toBe(sha256(body));
        expect(await target.complete(upload, records, patient())).toEqual(first);
        expect(await target.listParts(upload, patient())).toEqual([]);
        expect(await place.leftovers()).toEqual([]);
      });

      it('is not taken for its own when somebody else wrote as many bytes', async () => {
        const body = randomBody(2 * partBytes + 100_003);
        const upload = await openFor('rows.csv', null, unknown);
        const records = await writeUnevenly(upload, body);
        const foreign = randomBody(body.length);
        await place.write('rows.csv', foreign);
        expect(await codeOf(target.complete(upload, records, patient()))).toBe('target/conflict');
        expect(await codeOf(target.complete(upload, records, patient()))).toBe('target/conflict');
        await target.abort(upload, patient());
        expect(sha256((await place.read('rows.csv')) ?? Buffer.alloc(0))).toBe(sha256(foreign));
      });

      it('ends with the recorded parts, although an earlier attempt wrote further', async () => {
        const body = randomBody(2 * partBytes + 100_003);
        const upload = await openFor('rows.csv', null, unknown);
        await writeUnevenly(upload, body);
        const [first] = unevenly(body);
        if (first === undefined) throw new Error('no part');
        const { bytes, ...part } = first;
        const record = await target.writePart(upload, part, bytes, noProgress());
        const written = await target.complete(upload, [record], patient());
        expect(written.size).toBe(bytes.length);
        expect(sha256((await place.read('rows.csv')) ?? Buffer.alloc(0))).toBe(sha256(bytes));
      });

      it('may be small or empty and is put at once, again and again', async () => {
        const order = { ...unknown, expected: { absent: true } as const };
        for (const body of [Buffer.from('one,two\n'), Buffer.alloc(0)]) {
          const name = `small-${String(body.length)}.csv`;
          const facts = { ...order, unit: `window-1/${name}` };
          const putIt = () =>
            target.put(orderFor(at(name), null, facts), body, crcOf(body), patient());
          const first = await putIt();
          expect(first.size).toBe(body.length);
          expect(await place.read(name)).toEqual(body);
          expect(await putIt()).toMatchObject({ size: body.length, tag: first.tag });
        }
        expect(await place.leftovers()).toEqual([]);
      });
    });

    describe('discarding what a window wrote', () => {
      const facts = { modified: null, unit: 'window-1/lane-1', copiedFrom: 'window-1/lane-1' };
      const discard = (startedAfterMs: number) =>
        target.discard(at('rows.csv'), 'window-1/', startedAfterMs, patient());

      it('removes its upload with its parts, and may be repeated', async () => {
        const startedAfterMs = Date.now();
        const body = randomBody(partBytes + 5);
        await writeAll(await openFor('rows.csv', null, facts, startedAfterMs), body);
        expect(await place.leftovers()).toHaveLength(1);
        await discard(startedAfterMs);
        await discard(startedAfterMs);
        expect(await place.leftovers()).toEqual([]);
        expect(await place.read('rows.csv')).toBeNull();
      });

      it('has nothing to do where nothing was ever written', async () => {
        await target.discard(at('no/such/folder/rows.csv'), 'window-1/', 0, patient());
        expect(await place.leftovers()).toEqual([]);
      });

      it('leaves uploads of other keys and those that were begun before', async () => {
        const older = await openFor('rows.csv', null, { ...facts, unit: 'window-0/lane-1' });
        const foreign = await place.foreignUpload('rows.csv');
        await sleep(2100);
        const startedAfterMs = Date.now();
        const other = await openFor('rows.csv.gz', null, facts, startedAfterMs);
        const before = await place.leftovers();
        await discard(startedAfterMs);
        expect(await place.leftovers()).toEqual(before);
        expect(before).toHaveLength(foreign === null ? 2 : 3);
        for (const upload of [older, other]) await target.abort(upload, patient());
      });

      it.runIf(capabilities.keepsOrigin)('removes its object', async () => {
        await put('rows.csv', Buffer.from('rows'), facts);
        await discard(Date.now());
        expect(await place.read('rows.csv')).toBeNull();
      });

      it.skipIf(capabilities.keepsOrigin)(
        'leaves a finished object, whose it is nobody knows',
        async () => {
          await put('rows.csv', Buffer.from('rows'), facts);
          await discard(Date.now() - 60_000);
          expect(String(await place.read('rows.csv'))).toBe('rows');
        },
      );

      it('leaves the object of another window and one of somebody else', async () => {
        await put('rows.csv', Buffer.from('rows'), { ...facts, unit: 'window-10/lane-1' });
        await discard(0);
        expect(String(await place.read('rows.csv'))).toBe('rows');
        await place.write('rows.csv', Buffer.from('foreign'));
        await discard(0);
        expect(String(await place.read('rows.csv'))).toBe('foreign');
      });
    });

    describeLedgers({
      ledger: capabilities.ledger,
      store: () => {
        const connection = connector.connection.options.parse(place.connection);
        const options = declaration.options.parse(place.options());
        return target.ledger(declaration.ledgerFolder(connection, options));
      },
      leftovers: () => place.leftovers(),
    });

    describe('addresses', () => {
      it('keep the folders of the source and refuse to leave the place', () => {
        expect(at('x/y/z.csv').key.endsWith('x/y/z.csv')).toBe(true);
        for (const bad of ['../up.csv', 'x/../../up.csv']) {
          expect(() => at(bad)).toThrowError(expect.objectContaining({ code: 'target/bad-key' }));
        }
      });

      it('keep no secret in their description', () => {
        const connection = connector.connection.options.parse(place.connection);
        const text = declaration.describe(connection, declaration.options.parse(place.options()));
        const shown = JSON.stringify([text, connector.connection.identity(connection)]);
        const secrets = Object.entries(place.connection as Record<string, unknown>).filter(
          ([name, value]) => /secret|password|private_key/.test(name) && typeof value === 'string',
        );
        for (const [, secret] of secrets) expect(shown).not.toContain(secret);
      });
    });

    describe('cancel', () => {
      it('ends a part that waits for the line within a second', async () => {
        const body = randomBody(partBytes);
        const upload = await openFor('big.bin', body.length);
        const context = stuckLine(place.connectionName);
        await using slow = await openTarget(connector, place.connection, context);
        const part = { number: 1, position: 0, crc32: crcOf(body) };
        const { rejected, waitedMs } = await endsAfterAbort(
          (signal) => slow.writePart(upload, part, body, { progress: () => undefined, signal }),
          300,
        );
        expect(rejected).toBe(true);
        expect(waitedMs).toBeLessThan(1000);
        await target.abort(upload, patient());
        expect(await place.leftovers()).toEqual([]);
      });

      it('refuses every call whose signal has been given', async () => {
        const given = AbortSignal.abort();
        const order = orderFor(at('a'), 5);
        const body = Buffer.from('12345');
        await expect(target.put(order, body, crcOf(body), given)).rejects.toBeDefined();
        await expect(target.objects([at('a')], given)).rejects.toBeDefined();
        await expect(target.openUpload(order, partBytes, 0, given)).rejects.toBeDefined();
        expect(await place.read('a')).toBeNull();
        expect(await place.leftovers()).toEqual([]);
      });

      it.skipIf(harness.silent === undefined)(
        'ends a write to a server that says nothing within five seconds',
        async () => {
          const silent = await harness.silent?.();
          if (silent === undefined) throw new Error('no silent server');
          try {
            const body = Buffer.from('12345');
            const { rejected, waitedMs } = await endsAfterAbort(async (signal) => {
              await using stuck = await openTarget(
                connector,
                silent.connection,
                freeLine('silent'),
              );
              await stuck.put(orderFor(at('a'), 5), body, crcOf(body), signal);
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
