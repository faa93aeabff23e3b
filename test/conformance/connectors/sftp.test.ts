import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenContext } from '../../../src/connectors/connector.js';
import { sftp } from '../../../src/connectors/sftp/index.js';
import { sftpConnectionOptions } from '../../../src/connectors/sftp/options.js';
import { SftpPool } from '../../../src/connectors/sftp/pool.js';
import { textFiles } from '../../../src/connectors/sftp/text-files.js';
import { createHostKey } from '../../../src/devstack/sftp/host-key.js';
import { startSftpServer, type SftpServerOptions } from '../../../src/devstack/sftp/sftp-server.js';
import { startFaultProxy } from '../../servers/fault-proxy.js';
import { startOpenSsh, type OpenSshServer } from '../../servers/openssh.js';
import { describeFileSource } from './file-source-suite.js';
import { describeFileTarget } from './file-target-suite.js';
import { folderPlace } from './folder-places.js';
import {
  codeOf,
  endsAfterAbort,
  freeLine,
  openSource,
  openTarget,
  orderFor,
  patient,
  randomBody,
  sha256,
} from './opening.js';

const hostKey = createHostKey();
let openSsh: OpenSshServer;
beforeAll(async () => {
  openSsh = await startOpenSsh();
});
afterAll(async () => {
  await openSsh.stop();
});

const openSshConnection = (port = openSsh.port) => ({
  host: openSsh.host,
  port,
  username: openSsh.username,
  private_key: Buffer.from(openSsh.privateKey).toString('base64'),
  public_key: openSsh.hostPublicKey,
});

/** The dev stack's server on an empty folder of its own. */
const startOurs = async (facts: Partial<SftpServerOptions> = {}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sftp-place-'));
  const account = { username: 'ada', password: randomBytes(12).toString('hex') };
  const server = await startSftpServer({ root: folder, ...account, hostKey, ...facts });
  const { host, port, publicKey } = server;
  const place = folderPlace({
    connection: { host, port, ...account, public_key: publicKey },
    folder,
    named: '',
  });
  const close = async (): Promise<void> => {
    await server.close();
    await place[Symbol.asyncDispose]();
  };
  return { ...place, folder, server, account, [Symbol.asyncDispose]: close };
};

const startOnOurs = async () => {
  const ours = await startOurs();
  const folder = path.join(ours.folder, 'in');
  await mkdir(folder);
  const place = folderPlace({ connection: ours.connection, folder, named: '/in' });
  return { ...place, [Symbol.asyncDispose]: ours[Symbol.asyncDispose] };
};

const startOnOpenSsh = async () => {
  const folder = await mkdtemp(path.join(openSsh.root, 'place-'));
  return folderPlace({ connection: openSshConnection(), folder, named: folder });
};

/** A server that accepts connections and never says a word. */
const silent = async () => {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    connection: { host: '127.0.0.1', port: address.port, username: 'ada', password: 'none' },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const servers = [
  { name: 'the dev stack', start: startOnOurs, silent },
  { name: 'OpenSSH', start: startOnOpenSsh },
] as const;
for (const { start, ...server } of servers) {
  describeFileSource(sftp, { ...server, order: 'utf-16', start });
  describeFileTarget(sftp, {
    ...server,
    start: async () => {
      const place = await start();
      return { ...place, options: () => ({ path: place.pathOf('') }) };
    },
  });
}

const options = (selection: object) => sftp.source?.options.parse(selection);
const anything = options({ path: '/' });

const identityOf = async (place: { readonly connection: unknown }, file: string) => {
  await using source = await openSource(sftp, place.connection, freeLine('looks'));
  const identity = await source.identify(anything, file, patient());
  if (identity === null) throw new Error(`${file} is not there`);
  return identity;
};

describe('logging in', () => {
  const list = async (connection: unknown, context: OpenContext = freeLine('login')) => {
    await using source = await openSource(sftp, connection, context);
    return await source.list(anything, null, 10, patient());
  };

  it('with a wrong password fails at once and is not tried again', async () => {
    await using ours = await startOurs();
    const start = performance.now();
    const wrong = { ...(ours.connection as object), password: 'wrong' };
    expect(await codeOf(list(wrong))).toBe('connection/login-refused');
    expect(performance.now() - start).toBeLessThan(3000);
    expect(ours.server.facts().connections).toBe(1);
  });

  it('says which connection cannot be reached, to be tried again', async () => {
    const ours = await startOurs();
    await ours.server.close();
    expect(await codeOf(list(ours.connection))).toBe('connection/refused');
    await ours[Symbol.asyncDispose]();
  });

  it('refuses another host key than the pinned one, for ever', async () => {
    await using ours = await startOurs();
    const pinned = { ...(ours.connection as object), public_key: openSsh.hostPublicKey };
    expect(await codeOf(list(pinned))).toBe('sftp/host-key-changed');
    expect(sftp.errors.find(({ code }) => code === 'sftp/host-key-changed')?.recovery).toBe(
      'never',
    );
  });

  it('takes a pin as a line, as bare base64 and from known_hosts', async () => {
    await using ours = await startOurs();
    const { public_key: _, ...unpinned } = ours.connection as { public_key: string };
    const line = ours.server.publicKey;
    const other = `[127.0.0.1]:1 ${openSsh.hostPublicKey}`;
    const known = `# a comment\n${other}\n[127.0.0.1]:${ours.server.port} ${line}`;
    const wild = `*,!example.org ${line} of somebody`;
    for (const pin of [
      { public_key: line },
      { public_key: line.split(' ')[1] },
      { known_hosts: known },
      { known_hosts: wild },
    ]) {
      const page = await list({ ...unpinned, ...pin, strict_host_keys: true });
      expect(page.files).toEqual([]);
    }
    const revoked = `${known}\n@revoked * ${line}`;
    expect(await codeOf(list({ ...unpinned, known_hosts: revoked }))).toBe('sftp/host-key-changed');
    for (const useless of [{ known_hosts: other }, { public_key: 'no key' }, {}]) {
      const strict = { ...unpinned, ...useless, strict_host_keys: true };
      expect(await codeOf(list(strict))).toBe('sftp/host-key-unknown');
    }
  });

  it('without a pin logs the fingerprint once and warns at lint', async () => {
    await using ours = await startOurs();
    const { public_key: _, ...unpinned } = ours.connection as { public_key: string };
    const lines: string[] = [];
    const context: OpenContext = {
      ...freeLine('open'),
      log: (level, line) => lines.push(`${level} ${line}`),
    };
    await using source = await openSource(sftp, { ...unpinned, max_connections: 1 }, context);
    await source.list(anything, null, 10, patient());
    await source.list(anything, null, 10, patient());
    expect(lines).toEqual([expect.stringContaining(ours.server.hostKeyFingerprint)]);
    const findings = sftp.connection.check?.(sftp.connection.options.parse(unpinned));
    expect(findings).toMatchObject([
      { kind: { severity: 'warning', code: 'sftp/host-key-unpinned' } },
    ]);
    expect(sftp.connection.check?.(sftp.connection.options.parse(ours.connection))).toEqual([]);
  });

  it('says that a private key cannot be read', async () => {
    const connection = { ...openSshConnection(), private_key: 'bm8ga2V5' };
    expect(await codeOf(list(connection))).toBe('sftp/private-key-unreadable');
  });
});

describe('reading from a server with faults', () => {
  const withFile = async (bytes: number, facts: Partial<SftpServerOptions> = {}) => {
    const ours = await startOurs(facts);
    const body = randomBody(bytes);
    await ours.write('big.bin', body);
    const source = await openSource(sftp, ours.connection, freeLine('faults'));
    const reader = await source.open(anything, await identityOf(ours, '/big.bin'), patient());
    const close = async (): Promise<void> => {
      await reader[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      await ours[Symbol.asyncDispose]();
    };
    const readAll = async (signal = patient()): Promise<Buffer> => {
      const buffer = Buffer.alloc(bytes);
      await reader.read(0, buffer, () => undefined, signal);
      return buffer;
    };
    return { ours, body, source, reader, readAll, [Symbol.asyncDispose]: close };
  };

  it('asks again after short answers', async () => {
    await using faulty = await withFile(3_000_001, { faults: { shortReadBytes: 10_007 } });
    expect(sha256(await faulty.readAll())).toBe(sha256(faulty.body));
  });

  it('fails when the connection is cut, and the next read connects again', async () => {
    await using faulty = await withFile(4_000_000, { faults: { cutAfterBytesRead: 1_000_000 } });
    expect(await codeOf(faulty.readAll())).toBe('connection/refused');
    faulty.ours.server.setFaults({});
    expect(sha256(await faulty.readAll())).toBe(sha256(faulty.body));
  });

  it('after a cut finds a file that was changed meanwhile', async () => {
    await using faulty = await withFile(4_000_000, { faults: { cutAfterBytesRead: 1_000_000 } });
    expect(await codeOf(faulty.readAll())).toBe('connection/refused');
    faulty.ours.server.setFaults({});
    await faulty.ours.write('big.bin', randomBody(4_000_000));
    expect(await codeOf(faulty.readAll())).toBe('source/changed');
  });

  it('ends within a second of a cancel when nothing is answered, and reads again afterwards', async () => {
    await using faulty = await withFile(4_000_000, { faults: { stallAfterBytesRead: 500_000 } });
    const { rejected, waitedMs } = await endsAfterAbort((signal) => faulty.readAll(signal), 500);
    expect(rejected).toBe(true);
    expect(waitedMs).toBeLessThan(1000);
    faulty.ours.server.setFaults({});
    expect(sha256(await faulty.readAll())).toBe(sha256(faulty.body));
  });

  it('one cancelled read leaves the other transfers of the connection alone', async () => {
    await using faulty = await withFile(8_000_000);
    const other = faulty.readAll();
    const cancelled = endsAfterAbort((signal) => faulty.readAll(signal), 1);
    expect(sha256(await other)).toBe(sha256(faulty.body));
    await cancelled;
    expect(faulty.ours.server.facts().connections).toBeLessThanOrEqual(2);
  });

  it('asks in the order of the calls', async () => {
    const positions: number[] = [];
    await using faulty = await withFile(4_000_000, {
      onRead: (read) => void positions.push(read.offset),
    });
    const halves = [Buffer.alloc(2_000_000), Buffer.alloc(2_000_000)] as const;
    await Promise.all(
      halves.map((half, index) =>
        faulty.reader.read(index * 2_000_000, half, () => undefined, patient()),
      ),
    );
    expect(sha256(Buffer.concat(halves))).toBe(sha256(faulty.body));
    expect(positions.length).toBeGreaterThan(10);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });

  it('gives every handle back, however many files are open at once', async () => {
    await using ours = await startOurs();
    const names = Array.from({ length: 300 }, (_, index) => `f${String(index).padStart(3, '0')}`);
    for (const name of names) await ours.write(name, Buffer.from(name));
    {
      await using source = await openSource(sftp, ours.connection, freeLine('small'));
      const { files } = await source.list(anything, null, 1000, patient());
      const rest = [...files];
      const bodies: string[] = [];
      const work = async (): Promise<void> => {
        for (let file = rest.pop(); file !== undefined; file = rest.pop()) {
          await using reader = await source.open(anything, file.identity, patient());
          const buffer = Buffer.alloc(file.identity.size);
          await reader.read(0, buffer, () => undefined, patient());
          await reader.verify(patient());
          bodies.push(String(buffer));
        }
      };
      await Promise.all(Array.from({ length: 64 }, work));
      expect(bodies.sort()).toEqual(names);
      await source.identify(anything, '/f000', patient());
      expect(ours.server.facts().openHandles).toBe(0);
    }
    expect(ours.server.facts().connections).toBeLessThanOrEqual(2);
  });
});

describe('a source file that changes under a transfer', () => {
  it('is noticed when it was replaced by a rename, although the old one can be read to its end', async () => {
    await using place = await startOnOpenSsh();
    const old = randomBody(600_000);
    await place.write('a.bin', old);
    await using source = await openSource(sftp, place.connection, freeLine('rename'));
    const identity = await source.identify(anything, place.pathOf('a.bin'), patient());
    if (identity === null) throw new Error('a.bin is not there');
    await using reader = await source.open(anything, identity, patient());
    const buffer = Buffer.alloc(600_000);
    await reader.read(0, buffer.subarray(0, 300_000), () => undefined, patient());
    await place.write('new.bin', randomBody(600_000));
    await rename(place.pathOf('new.bin'), place.pathOf('a.bin'));
    await reader.read(300_000, buffer.subarray(300_000), () => undefined, patient());
    expect(sha256(buffer)).toBe(sha256(old));
    expect(await codeOf(reader.verify(patient()))).toBe('source/changed');
  });

  it('is noticed by both ends where size and time are the same', async () => {
    await using place = await startOnOpenSsh();
    const file = place.pathOf('a.bin');
    await place.write('a.bin', randomBody(200_000));
    await using source = await openSource(sftp, place.connection, freeLine('ends'));
    const identity = await source.identify(anything, file, patient());
    if (identity === null) throw new Error('a.bin is not there');
    const pinned = await source.pin(anything, identity, patient());
    expect(pinned.ends).toMatch(/^[0-9a-f]{32}$/);
    const { mtime } = await stat(file);
    await writeFile(file, randomBody(200_000));
    await utimes(file, mtime, mtime);
    expect(await source.identify(anything, file, patient())).toEqual(identity);
    expect(await codeOf(source.open(anything, pinned, patient()))).toBe('source/changed');
    expect(await codeOf(source.remove(anything, pinned, patient()))).toBe('source/changed');
  });
});

describe('a line that fails', () => {
  it('swallows everything: a cancel ends each call within a second, and the next connects anew', async () => {
    await using place = await startOnOpenSsh();
    const body = randomBody(3_000_000);
    await place.write('a.bin', body);
    await using proxy = await startFaultProxy({
      targetHost: openSsh.host,
      targetPort: openSsh.port,
    });
    await using source = await openSource(sftp, openSshConnection(proxy.port), freeLine('hole'));
    const identity = await source.identify(anything, place.pathOf('a.bin'), patient());
    if (identity === null) throw new Error('a.bin is not there');
    await using reader = await source.open(anything, identity, patient());
    proxy.blackHole(true);
    const calls = [
      (signal: AbortSignal) => source.identify(anything, identity.path, signal),
      (signal: AbortSignal) => reader.read(0, Buffer.alloc(3_000_000), () => undefined, signal),
    ];
    for (const call of calls) {
      const { rejected, waitedMs } = await endsAfterAbort(call, 200);
      expect(rejected).toBe(true);
      expect(waitedMs).toBeLessThan(1000);
    }
    proxy.blackHole(false);
    const buffer = Buffer.alloc(3_000_000);
    await reader.read(0, buffer, () => undefined, patient());
    expect(sha256(buffer)).toBe(sha256(body));
  });

  it('is long: one connection moves more than a fixed window of 2 MB lets through', async () => {
    await using place = await startOnOpenSsh();
    const body = randomBody(48_000_000);
    await place.write('a.bin', body);
    await using proxy = await startFaultProxy({
      targetHost: openSsh.host,
      targetPort: openSsh.port,
      delayMs: 200,
    });
    const connection = { ...openSshConnection(proxy.port), max_connections: 1 };
    await using source = await openSource(sftp, connection, freeLine('long'));
    const identity = await source.identify(anything, place.pathOf('a.bin'), patient());
    if (identity === null) throw new Error('a.bin is not there');
    await using reader = await source.open(anything, identity, patient());
    const buffer = Buffer.alloc(48_000_000);
    const start = performance.now();
    await reader.read(0, buffer, () => undefined, patient());
    const seconds = (performance.now() - start) / 1000;
    expect(sha256(buffer)).toBe(sha256(body));
    // ssh2's own window lets 1 MB through in each round trip of 400 ms: that would be 19 s, on any machine.
    expect(seconds).toBeLessThan(12);
  });
});

describe('writing by rename', () => {
  const part = (bytes: Buffer) => ({ number: 1, position: 0, crc32: '00000000', bytes });
  const io = { progress: () => undefined, signal: patient() };

  it.each(servers.map(({ name }) => name))(
    'gives the file the time of its source on %s',
    async (name) => {
      await using place = await (name === 'OpenSSH' ? startOnOpenSsh() : startOnOurs());
      await using target = await openTarget(sftp, place.connection, freeLine('time'));
      const address = { container: '', key: place.pathOf('deep/er/a.bin') };
      const body = randomBody(700_000);
      await target.put(
        orderFor(address, body.length, { modified: '1500000000.75' }),
        body,
        '',
        patient(),
      );
      expect(await place.read('deep/er/a.bin')).toEqual(body);
      const listed = await target.objects([address], patient());
      expect(listed).toEqual([{ size: 700_000, tag: '700000-1500000000', modified: '1500000000' }]);
    },
  );

  it('a frozen writer of an earlier run finds its temporary gone and the target taken', async () => {
    await using place = await startOnOpenSsh();
    await using target = await openTarget(sftp, place.connection, freeLine('zombie'));
    const address = { container: '', key: place.pathOf('a.bin') };
    const { bytes, ...facts } = part(Buffer.from('earlier'));
    const frozen = await target.openUpload(orderFor(address, 7), 100, 0, patient());
    const frozenParts = [await target.writePart(frozen, facts, bytes, io)];
    const later = await target.openUpload(orderFor(address, 5), 100, 0, patient());
    const laterParts = [await target.writePart(later, facts, Buffer.from('later'), io)];
    await target.complete(later, laterParts, patient());
    expect(await place.leftovers()).toEqual([]);
    expect(await codeOf(target.complete(frozen, frozenParts, patient()))).toBe('target/conflict');
    expect(await codeOf(target.writePart(frozen, facts, bytes, io))).toBe('target/upload-gone');
    expect(String(await readFile(address.key))).toBe('later');
  });

  it('a late repetition of opening empties nothing', async () => {
    await using place = await startOnOpenSsh();
    await using target = await openTarget(sftp, place.connection, freeLine('late'));
    const order = orderFor({ container: '', key: place.pathOf('a.bin') }, 5);
    const upload = await target.openUpload(order, 100, 0, patient());
    const { bytes, ...facts } = part(Buffer.from('12345'));
    const parts = [await target.writePart(upload, facts, bytes, io)];
    expect((await target.openUpload(order, 100, 0, patient())).id).toBe(upload.id);
    await target.complete(upload, parts, patient());
    expect(String(await place.read('a.bin'))).toBe('12345');
  });

  it('a refused folder is named as denied, without the words of the server', async () => {
    await using ours = await startOurs({ faults: { refuseOpen: () => 'permission-denied' } });
    await using target = await openTarget(sftp, ours.connection, freeLine('denied'));
    const order = orderFor({ container: '', key: '/a.bin' }, 1);
    const refused = target.put(order, Buffer.from('1'), '', patient());
    await expect(refused).rejects.toMatchObject({
      code: 'connection/access-denied',
      message: 'connection denied: writing /a.bin is not allowed',
    });
  });
});

describe('a small text on a server that cannot rename over a file', () => {
  it('is replaced, and can be read when the replacement stopped in the middle', async () => {
    await using ours = await startOurs();
    const connection = sftpConnectionOptions.parse({
      ...(ours.connection as object),
      max_connections: 1,
    });
    await using pool = new SftpPool(connection, freeLine('plain'));
    await pool.use(patient(), ({ client }) => {
      Object.defineProperty(client, 'renamesOver', { value: false });
      return Promise.resolve();
    });
    const files = textFiles(pool);
    expect(await files.write('/l/a.json', 'one', true, patient())).toBe(true);
    expect(await files.write('/l/a.json', 'another', true, patient())).toBe(false);
    for (const text of ['two', 'three']) {
      expect(await files.write('/l/a.json', text, false, patient())).toBe(true);
      expect(String(await ours.read('l/a.json'))).toBe(text);
    }
    await ours.remove('l/a.json');
    expect(await files.read('/l/a.json', patient())).toBe('two');
    expect(await files.write('/l/a.json', 'four', false, patient())).toBe(true);
    expect(await files.read('/l/a.json', patient())).toBe('four');
    expect(await ours.leftovers()).toEqual([]);
  });
});

describe('temporary files of ours', () => {
  it('are never listed', async () => {
    await using ours = await startOurs();
    await ours.write('.a.csv.tidemark-0123456789abcdef', Buffer.from('half'));
    await ours.write('a.csv', Buffer.from('whole'));
    await using source = await openSource(sftp, ours.connection, freeLine('temporaries'));
    const { files } = await source.list(anything, null, 10, patient());
    expect(files.map((file) => file.relativePath)).toEqual(['a.csv']);
  });
});
