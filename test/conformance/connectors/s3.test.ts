/** S3 on our own server and on versitygw, its oracle; then what only faults on demand can show. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3 } from '../../../src/connectors/s3/index.js';
import type { OnRequest, S3Fault, SeenRequest } from '../../../src/devstack/s3/fault.js';
import { startS3Server } from '../../../src/devstack/s3/server.js';
import { emptyLedger } from '../../../src/core/run/ledger-changes.js';
import { mustRun } from '../../servers/must-run.js';
import { findVersitygw, howToGetVersitygw, startVersitygw } from '../../servers/versitygw.js';
import { describeFileSource } from './file-source-suite.js';
import { describeFileTarget } from './file-target-suite.js';
import {
  codeOf,
  crcOf,
  freeLine,
  openSource,
  openTarget,
  orderFor,
  patient,
  randomBody,
  sha256,
} from './opening.js';
import {
  connectionOf,
  createPlaceBucket,
  placeBucket,
  silentServer,
  startPlace,
  type S3Facts,
} from './s3-place.js';

/** Starts our server; `stop` ends it and removes its folder. */
const startOurs = async (onRequest: OnRequest) => {
  const root = await mkdtemp(join(tmpdir(), 'tidemark-s3-places-'));
  const credentials = {
    accessKeyId: `test${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
    region: 'us-east-1',
  };
  const server = await startS3Server({ root, buckets: [placeBucket], onRequest, ...credentials });
  const facts: S3Facts = { endpoint: server.endpoint, ...credentials };
  const stop = async (): Promise<void> => {
    await server.close();
    await rm(root, { recursive: true, force: true });
  };
  return { facts, stop };
};

const harnessOf = (
  name: string,
  server: () => S3Facts,
  impossibleNames: Readonly<Record<string, string>> = {},
) =>
  ({
    name,
    order: 'utf-8',
    impossibleNames,
    start: () => startPlace(server()),
    silent: () => silentServer(server()),
  }) as const;

describe('S3 on our own server', () => {
  let ours: Awaited<ReturnType<typeof startOurs>>;
  let faults: ((seen: SeenRequest) => S3Fault | undefined) | undefined;
  const seen: SeenRequest[] = [];

  beforeAll(async () => {
    ours = await startOurs((request) => {
      seen.push(request);
      return faults?.(request);
    });
  });
  beforeEach(() => {
    faults = undefined;
    seen.length = 0;
  });
  afterAll(() => ours.stop());

  const harness = harnessOf('our server', () => ours.facts);
  describeFileSource(s3, harness);
  describeFileTarget(s3, harness);

  /** The next `times` requests of that operation suffer the fault. */
  const next = (operation: string, fault: S3Fault, times = 1): void => {
    let left = times;
    faults = (request) => {
      if (request.operation !== operation || left === 0) return undefined;
      left -= 1;
      return fault;
    };
  };
  const sent = (operation: string): number =>
    seen.filter((request) => request.operation === operation).length;

  const openOurs = () => openTarget(s3, connectionOf(ours.facts), freeLine('lake'));
  const orderHere = (bytes: number) =>
    orderFor({ container: placeBucket, key: `faults/${randomBytes(4).toString('hex')}` }, bytes);
  const busy = { kind: 'refuse', code: 'SlowDown', message: 'busy' } as const;
  const partBytes = 5 * 1024 * 1024;

  describe('with faults: a small object', () => {
    it.each(['lose-answer', 'disconnect'] as const)('is written once after %s', async (kind) => {
      await using target = await openOurs();
      const body = randomBody(1000);
      const order = orderHere(body.length);
      next('PutObject', { kind });
      const written = await target.put(order, body, crcOf(body), patient());
      const [object] = await target.objects([order.address], patient());
      expect(object).toMatchObject({ unit: order.unit, tag: written.tag, crc32: crcOf(body) });
      expect(sent('PutObject')).toBe(kind === 'lose-answer' ? 1 : 2);
    });

    it('is tried four times while the server is busy, and no more', async () => {
      await using target = await openOurs();
      const body = randomBody(10);
      next('PutObject', busy, 100);
      const code = await codeOf(target.put(orderHere(10), body, crcOf(body), patient()));
      expect(code).toBe('s3/unavailable');
      expect(sent('PutObject')).toBe(4);
    });

    it('of a wrong key is a refused login that is not repeated', async () => {
      const connection = {
        ...connectionOf(ours.facts),
        secret_key: randomBytes(20).toString('hex'),
      };
      await using target = await openTarget(s3, connection, freeLine('lake'));
      const body = randomBody(10);
      const code = await codeOf(target.put(orderHere(10), body, crcOf(body), patient()));
      expect(code).toBe('connection/login-refused');
    });
  });

  describe('with faults: a large object', () => {
    const upload = async (faultOperation: string, fault: S3Fault, times = 1) => {
      await using target = await openOurs();
      const body = randomBody(partBytes + 10);
      const order = orderHere(body.length);
      next(faultOperation, fault, times);
      const startedAfterMs = Date.now();
      const open = () => target.openUpload(order, partBytes, startedAfterMs, patient());
      const handle = await open().catch(open);
      const records = [];
      for (const [index, bytes] of [
        body.subarray(0, partBytes),
        body.subarray(partBytes),
      ].entries()) {
        const part = { number: index + 1, position: index * partBytes, crc32: crcOf(bytes) };
        const io = { progress: () => undefined, signal: patient() };
        records.push(await target.writePart(handle, part, bytes, io));
      }
      const written = await target.complete(handle, records, patient());
      expect(written.crc32).toBe(crcOf(body));
      const [object] = await target.objects([order.address], patient());
      expect(object).toMatchObject({ unit: order.unit, size: body.length, tag: written.tag });
    };

    it('adopts the upload whose id was lost', async () => {
      await upload('CreateMultipartUpload', { kind: 'lose-answer' });
      expect(sent('CreateMultipartUpload')).toBe(1);
    });

    it.each([
      ['UploadPart', { kind: 'disconnect' }, 3],
      ['UploadPart', { kind: 'lose-answer' }, 3],
      ['UploadPart', busy, 3],
      ['CompleteMultipartUpload', { kind: 'lose-answer' }, 1],
      ['CompleteMultipartUpload', { kind: 'disconnect' }, 1],
      ['CompleteMultipartUpload', { kind: 'error-in-ok', code: 'InternalError', message: 'x' }, 1],
    ] as const)('survives %s with %o', async (operation, fault, times) => {
      await upload(operation, fault, times);
      expect(sent('CreateMultipartUpload')).toBe(1);
    });

    it('that was completed by a lost attempt takes its parts again without harm', async () => {
      await using target = await openOurs();
      const body = randomBody(1000);
      const order = orderHere(body.length);
      const handle = await target.openUpload(order, partBytes, Date.now(), patient());
      const part = { number: 1, position: 0, crc32: crcOf(body) };
      const io = { progress: () => undefined, signal: patient() };
      const first = await target.complete(
        handle,
        [await target.writePart(handle, part, body, io)],
        patient(),
      );
      const again = await target.writePart(handle, part, body, io);
      expect(await target.complete(handle, [again], patient())).toEqual(first);
    });
  });

  describe('with faults: a ledger', () => {
    const name = () => ({
      project: 'faults',
      asset: randomBytes(4).toString('hex'),
      partition: '',
    });
    const folder = { container: placeBucket, key: '_tidemark' };
    const notImplemented = {
      kind: 'refuse',
      code: 'NotImplemented',
      message: 'no conditions here',
    } as const;

    const write = async (fault: S3Fault, reading: S3Fault | null = null) => {
      await using target = await openOurs();
      const store = target.ledger(folder);
      const ledger = emptyLedger(name());
      const first = await store.write(ledger, ledger, null, patient());
      next('PutObject', fault);
      const suffered = faults;
      let reads = reading === null ? 0 : 2;
      faults = (request) => {
        if (reading !== null && request.operation === 'GetObject' && reads-- > 0) return reading;
        return suffered?.(request);
      };
      seen.length = 0;
      const document = { ...ledger, token: 1 };
      const tag = await store.write(ledger, document, first, patient());
      faults = undefined;
      return { tag, found: await store.read(ledger, patient()), document };
    };

    it('is written once although the answer was lost, and says so', async () => {
      const { tag, found, document } = await write({ kind: 'lose-answer' });
      expect(found).toEqual({ document, tag });
      expect(sent('PutObject')).toBe(1);
    });

    it('is written once although the look after it fails twice, too', async () => {
      const cut = { kind: 'cut-answer', afterBytes: 20 } as const;
      const { tag, found, document } = await write({ kind: 'lose-answer' }, cut);
      expect(found).toEqual({ document, tag });
      expect(sent('PutObject')).toBe(1);
    });

    it.each([
      ['disconnect', { kind: 'disconnect' }, 'connection/refused'],
      ['a busy server', busy, 's3/unavailable'],
      ['a server without conditions', notImplemented, 's3/refused'],
    ] as const)('is not sent twice by itself after %s', async (_what, fault, code) => {
      expect(await codeOf(write(fault))).toBe(code);
      expect(sent('PutObject')).toBe(1);
    });

    it('is a conflict when the server says that another write was faster', async () => {
      const conflict = {
        kind: 'refuse',
        code: 'ConditionalRequestConflict',
        message: 'x',
      } as const;
      expect(await write(conflict)).toMatchObject({ tag: null, found: { document: { token: 0 } } });
    });

    it('in a bucket that does not exist is refused', async () => {
      await using target = await openOurs();
      const store = target.ledger({ container: 'no-such-bucket-here', key: '_tidemark' });
      const ledger = emptyLedger(name());
      expect(await codeOf(store.read(ledger, patient()))).toBe('s3/no-such-bucket');
      expect(await codeOf(store.write(ledger, ledger, null, patient()))).toBe('s3/no-such-bucket');
    });
  });

  describe('with faults: an upload that is aborted', () => {
    const opened = async (target: Awaited<ReturnType<typeof openOurs>>) => {
      const body = randomBody(1000);
      const order = { ...orderHere(body.length), unit: 'window-1/lane-1' };
      const handle = await target.openUpload(order, partBytes, Date.now(), patient());
      const part = { number: 1, position: 0, crc32: crcOf(body) };
      await target.writePart(handle, part, body, { progress: () => undefined, signal: patient() });
      return handle;
    };
    /** As an upload with a part in flight: the abort was taken, and the upload is still there. */
    const tooEarly = { kind: 'refuse', code: 'NoSuchUpload', message: 'gone, they say' } as const;

    it.each(['abort', 'discard'] as const)(
      '%s is repeated until no part is listed',
      async (way) => {
        await using target = await openOurs();
        const handle = await opened(target);
        const aborts = () =>
          seen.filter(
            ({ operation, query }) =>
              operation === 'AbortMultipartUpload' && query.get('uploadId') === handle.id,
          ).length;
        faults = ({ operation }) =>
          operation === 'AbortMultipartUpload' && [1, 2].includes(aborts()) ? tooEarly : undefined;
        if (way === 'abort') await target.abort(handle, patient());
        else await target.discard(handle.order.address, 'window-1/', 0, patient());
        expect(aborts()).toBe(3);
        expect(await codeOf(target.listParts(handle, patient()))).toBe('target/upload-gone');
      },
    );

    it('is gone for a part although its answer never comes', async () => {
      await using target = await openOurs();
      const handle = await opened(target);
      await target.abort(handle, patient());
      // As a server that refuses a part before it has read it: it closes, and the client sees no answer.
      next('UploadPart', { kind: 'disconnect' }, 100);
      const body = randomBody(1000);
      const part = { number: 2, position: 1000, crc32: crcOf(body) };
      const io = { progress: () => undefined, signal: patient() };
      const code = await codeOf(target.writePart(handle, part, body, io));
      expect(code).toBe('target/upload-gone');
      expect(sent('UploadPart')).toBe(2);
    });

    it('is an error where it survives every try, and stays for the next one', async () => {
      await using target = await openOurs();
      const handle = await opened(target);
      next('AbortMultipartUpload', tooEarly, 1000);
      expect(await codeOf(target.abort(handle, patient()))).toBe('s3/unavailable');
      faults = undefined;
      expect(await target.listParts(handle, patient())).toHaveLength(1);
      await target.abort(handle, patient());
      expect(await codeOf(target.listParts(handle, patient()))).toBe('target/upload-gone');
    });
  });

  describe('with faults: a window that is discarded', () => {
    it('goes although an abort and a deletion lose their answers', async () => {
      await using target = await openOurs();
      const body = randomBody(1000);
      const order = { ...orderHere(body.length), unit: 'window-1/lane-1' };
      await target.put(order, body, crcOf(body), patient());
      const handle = await target.openUpload(order, partBytes, Date.now(), patient());
      const part = { number: 1, position: 0, crc32: crcOf(body) };
      await target.writePart(handle, part, body, { progress: () => undefined, signal: patient() });
      const lost = new Set(['AbortMultipartUpload', 'DeleteObject']);
      faults = ({ operation }) => (lost.delete(operation) ? { kind: 'lose-answer' } : undefined);
      await target.discard(order.address, 'window-1/', Date.now() - 60_000, patient());
      expect(lost.size).toBe(0);
      expect(await target.objects([order.address], patient())).toEqual([null]);
      expect(await codeOf(target.listParts(handle, patient()))).toBe('target/upload-gone');
    });
  });

  describe('with faults: a read', () => {
    it('goes on where the connection broke', async () => {
      await using source = await openSource(s3, connectionOf(ours.facts), freeLine('lake'));
      const place = await startPlace(ours.facts);
      const body = randomBody(900_000);
      await place.write('big.bin', body);
      const options = s3.source?.options.parse(place.options());
      const identity = await source.identify(options, place.pathOf('big.bin'), patient());
      if (identity === null) throw new Error('big.bin is not there');
      await using reader = await source.open(options, identity, patient());
      next('GetObject', { kind: 'cut-answer', afterBytes: 200_000 }, 2);
      const buffer = Buffer.alloc(900_000);
      let counted = 0;
      await reader.read(0, buffer, (bytes) => (counted += bytes), patient());
      expect(sha256(buffer)).toBe(sha256(body));
      expect(counted).toBe(900_000);
      expect(sent('GetObject')).toBe(3);
    });

    it('of a small file needs one request', async () => {
      await using source = await openSource(s3, connectionOf(ours.facts), freeLine('lake'));
      const place = await startPlace(ours.facts);
      await place.write('small.csv', Buffer.from('12345'));
      const options = s3.source?.options.parse(place.options());
      const { files } = await source.list(options, null, 10, patient());
      seen.length = 0;
      const [file] = files;
      if (file === undefined) throw new Error('small.csv is not listed');
      await using reader = await source.open(options, file.identity, patient());
      await reader.read(0, Buffer.alloc(5), () => undefined, patient());
      expect(seen.map((request) => request.operation)).toEqual(['GetObject']);
    });
  });

  it('finds an empty target with one listing, whatever the number of addresses', async () => {
    await using target = await openOurs();
    const addresses = Array.from({ length: 300 }, (_, index) => ({
      container: placeBucket,
      key: `nothing-here/${String(index)}`,
    }));
    expect(await target.objects(addresses, patient())).toEqual(addresses.map(() => null));
    expect(seen.map((request) => request.operation)).toEqual(['ListObjectsV2']);
  });

  it('leaves out the placeholders of folders and what may still be written', async () => {
    await using source = await openSource(s3, connectionOf(ours.facts), freeLine('lake'));
    const place = await startPlace(ours.facts);
    await place.write('folder/', Buffer.alloc(0));
    await place.write('folder/a.csv', Buffer.from('a'));
    const listed = async (options: object) => {
      const parsed = s3.source?.options.parse({ ...place.options(), ...options });
      const { files } = await source.list(parsed, null, 10, patient());
      return files.map((file) => file.relativePath);
    };
    expect(await listed({})).toEqual(['folder/a.csv']);
    expect(await listed({ check_is_modifying: true })).toEqual([]);
  });
});

const versitygw = findVersitygw();
const runsVersitygw = mustRun('versitygw', versitygw !== undefined, howToGetVersitygw);

describe.skipIf(!runsVersitygw)('S3 on versitygw (needs VERSITYGW_PATH)', () => {
  let server: Awaited<ReturnType<typeof startVersitygw>>;
  beforeAll(async () => {
    server = await startVersitygw(versitygw ?? '');
    await createPlaceBucket(server);
  });
  afterAll(() => server.close());

  const harness = harnessOf('versitygw', () => server);
  describeFileSource(s3, harness);
  describeFileTarget(s3, harness);
});
