/**
 * Each declared fault breaks the server in the way it says, and in no other.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUS } from './protocol.js';
import {
  asked,
  connectTo,
  openAt,
  readAt,
  type Served,
  serveTemporaryFolder,
  statusOf,
} from './sftp-client.fixture.js';

const content = randomBytes(2_000_000);
const reads: number[] = [];
let served: Served;

beforeAll(async () => {
  served = await serveTemporaryFolder({ onRead: ({ offset }) => void reads.push(offset) });
  await writeFile(path.join(served.root, 'f'), content);
});
afterAll(() => served[Symbol.asyncDispose]());

async function connectAndOpen() {
  const { client, sftp } = await connectTo(served);
  return { client, sftp, handle: await openAt(sftp, '/f', 'r') };
}

describe('faults', () => {
  it('cuts the connection after exactly the declared number of bytes, on every connection', async () => {
    served.server.setFaults({ cutAfterBytesRead: 1_000_001 });
    for (const _ of [1, 2]) {
      const { client, sftp, handle } = await connectAndOpen();
      const before = served.server.facts().bytesRead;
      const closed = new Promise<void>((resolve) => void client.once('close', () => resolve()));
      const parts = await Promise.allSettled(
        Array.from({ length: 20 }, (_unused, i) => readAt(sftp, handle, i * 100_000, 100_000)),
      );
      await closed;
      const got = parts.reduce((n, p) => n + (p.status === 'fulfilled' ? p.value.length : 0), 0);
      expect(got).toBe(1_000_001);
      expect(served.server.facts().bytesRead - before).toBe(1_000_001);
    }
  });

  it('answers short reads although the file goes on', async () => {
    served.server.setFaults({ shortReadBytes: 1000 });
    const { client, sftp, handle } = await connectAndOpen();
    expect(await readAt(sftp, handle, 5, 100_000)).toEqual(content.subarray(5, 1005));
    client.end();
  });

  it('stalls READs after the declared bytes and still answers FSTAT', async () => {
    served.server.setFaults({ stallAfterBytesRead: 10 });
    const { client, sftp, handle } = await connectAndOpen();
    expect(await readAt(sftp, handle, 0, 100)).toHaveLength(10);
    const stalled = readAt(sftp, handle, 10, 100).then(
      () => 'answered',
      () => 'refused',
    );
    const stats = await asked<{ size: number }>((cb) => sftp.fstat(handle, cb));
    expect(stats.size).toBe(content.length);
    const patience = new Promise((resolve) => setTimeout(resolve, 100, 'stalled'));
    expect(await Promise.race([stalled, patience])).toBe('stalled');
    client.end();
  });

  it('refuses the opens that it is told to refuse, and heals', async () => {
    served.server.setFaults({
      refuseOpen: (name) => (name === '/f' ? 'permission-denied' : undefined),
    });
    const { client, sftp } = await connectTo(served);
    expect(await statusOf(openAt(sftp, '/f', 'r'))).toBe(STATUS.permissionDenied);
    expect(await statusOf(openAt(sftp, '/g', 'r'))).toBe(STATUS.noSuchFile);
    served.server.setFaults({});
    const handle = await openAt(sftp, '/f', 'r');
    reads.length = 0;
    expect(await readAt(sftp, handle, 7, 3)).toEqual(content.subarray(7, 10));
    expect(reads).toEqual([7]);
    client.end();
  });
});
