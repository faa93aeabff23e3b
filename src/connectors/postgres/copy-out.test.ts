import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyOut } from './copy-out.js';

const message = (code: string, payload: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(code, 'latin1');
  head.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([head, payload]);
};

interface Driver {
  readonly stream: PassThrough;
  /** What the driver's own reader got, in its order. */
  readonly read: Buffer[];
  readonly sent: string[];
}

/** A driver that reads its socket, and lends it to a statement. */
const drive = (copy: CopyOut): Driver => {
  const stream = new PassThrough();
  const driver: Driver = { stream, read: [], sent: [] };
  stream.on('data', (bytes: Buffer) => driver.read.push(bytes));
  copy.submit({ stream, query: (sql) => driver.sent.push(sql) });
  return driver;
};

const start = message('H', Buffer.from([0, 0, 0]));
const end = message('c', Buffer.alloc(0));
const behind = Buffer.concat([
  message('C', Buffer.from('COPY 2\0')),
  message('Z', Buffer.from('I')),
]);

const taken = async (copy: CopyOut): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of copy) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
};

describe('CopyOut', () => {
  it('gives the payloads and nothing else, wherever the socket cuts, and hands the rest to the driver', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        async (rows, cuts) => {
          const copy = new CopyOut('COPY t TO STDOUT');
          const { stream, read, sent } = drive(copy);
          const notice = message('N', Buffer.from('a notice'));
          const data = rows.map((row) => message('d', Buffer.from(row)));
          const wire = Buffer.concat([start, ...data, notice, end, behind]);
          const all = taken(copy);
          for (let at = 0, cut = 0; at < wire.length; cut++) {
            const size = cuts[cut % cuts.length] ?? 1;
            stream.write(Buffer.from(wire.subarray(at, at + size)));
            at += size;
            await turn();
          }
          copy.handleCommandComplete({ text: 'COPY 2' });
          expect(copy.rows).toBeNull();
          copy.handleReadyForQuery();
          expect(await all).toEqual(Buffer.concat(rows.map((row) => Buffer.from(row))));
          expect(Buffer.concat(read)).toEqual(behind);
          expect(sent).toEqual(['COPY t TO STDOUT']);
          expect(copy.rows).toBe(2);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hands an error of the server to the driver whole, also when its head was cut', async () => {
    const error = message('E', Buffer.from('SERROR\0\0'));
    for (const cut of [1, 3, 5, 7]) {
      const copy = new CopyOut('COPY t TO STDOUT');
      const { stream, read } = drive(copy);
      const all = taken(copy);
      stream.write(Buffer.concat([start, error.subarray(0, cut)]));
      await turn();
      stream.write(error.subarray(cut));
      await turn();
      expect(Buffer.concat(read)).toEqual(error);
      copy.handleError(new Error('22012'));
      await expect(all).rejects.toThrow('22012');
    }
  });

  it('lets the socket wait while nobody takes pieces', async () => {
    const copy = new CopyOut('COPY t TO STDOUT');
    const { stream } = drive(copy);
    const row = message('d', Buffer.alloc(1000, 1));
    stream.write(start);
    for (let rows = 0; rows < 100; rows++) {
      stream.write(Buffer.from(row));
      await turn();
    }
    expect(stream.isPaused()).toBe(true);
    const all = taken(copy);
    stream.write(Buffer.concat([end, behind]));
    await turn();
    copy.handleReadyForQuery();
    expect((await all).length).toBe(100 * 1000);
  });

  it('ends a waiting reader with the reason that it is given', async () => {
    const copy = new CopyOut('COPY t TO STDOUT');
    drive(copy);
    const all = taken(copy);
    await turn();
    copy.fail(new Error('aborted'));
    await expect(all).rejects.toThrow('aborted');
  });
});
