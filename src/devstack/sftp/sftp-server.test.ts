/**
 * The server's semantics as the raw ssh2 client sees them.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  readFile,
  readdir,
  readlink,
  stat,
  symlink,
  utimes,
  writeFile,
  mkdir,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { STATUS } from './protocol.js';
import {
  asked,
  closeAt,
  type ConnectedClient,
  connectTo,
  openAt,
  readAt,
  type Served,
  serveTemporaryFolder,
  statusOf,
} from './sftp-client.fixture.js';

let served: Served;
let connected: ConnectedClient;
let folder: string;
let local: string;

beforeAll(async () => {
  served = await serveTemporaryFolder();
  connected = await connectTo(served);
});
afterAll(async () => {
  connected.client.end();
  await served[Symbol.asyncDispose]();
});
beforeEach(async () => {
  folder = `/${randomBytes(4).toString('hex')}`;
  local = path.join(served.root, folder);
  await mkdir(local);
});

const done = (ask: (cb: (error?: Error | null) => void) => void): Promise<void> =>
  asked<void>((cb) => ask((error) => cb(error, undefined)));

describe('authentication', () => {
  it('refuses a wrong password and a wrong name', async () => {
    await expect(connectTo(served, `${served.password}x`)).rejects.toThrow(/authentication/i);
    const stranger = { ...served, username: 'stranger' };
    await expect(connectTo(stranger)).rejects.toThrow(/authentication/i);
  });

  it('refuses a shell', async () => {
    await expect(asked((cb) => connected.client.shell(cb))).rejects.toThrow();
  });
});

describe('reading', () => {
  it('answers 64 pipelined READs of 255 KB with the right bytes', async () => {
    const content = randomBytes(64 * 261_120 + 7);
    await writeFile(path.join(local, 'big'), content);
    const handle = await openAt(connected.sftp, `${folder}/big`, 'r');
    const parts = await Promise.all(
      Array.from({ length: 65 }, (_, i) => readAt(connected.sftp, handle, i * 261_120, 261_120)),
    );
    expect(parts.map((part) => part.length)).toEqual([...Array(64).fill(261_120), 7]);
    expect(sha(Buffer.concat(parts))).toBe(sha(content));
    await closeAt(connected.sftp, handle);
  });

  it('answers nothing at and after the end of the file', async () => {
    await writeFile(path.join(local, 'f'), 'abc');
    const handle = await openAt(connected.sftp, `${folder}/f`, 'r');
    expect(await readAt(connected.sftp, handle, 3, 10)).toHaveLength(0);
    expect(await readAt(connected.sftp, handle, 2 ** 45, 10)).toHaveLength(0);
    expect(String(await readAt(connected.sftp, handle, 1, 10))).toBe('bc');
    await closeAt(connected.sftp, handle);
    expect(await statusOf(readAt(connected.sftp, handle, 0, 1))).toBe(STATUS.failure);
  });
});

describe('writing', () => {
  it('shows a pipelined WRITE to the FSTAT that follows it, before the answers', async () => {
    const handle = await openAt(connected.sftp, `${folder}/w`, 'w');
    const data = randomBytes(200_000);
    const write = done((cb) => connected.sftp.write(handle, data, 0, data.length, 0, cb));
    const stats = await asked<{ size: number }>((cb) => connected.sftp.fstat(handle, cb));
    expect(stats.size).toBe(data.length);
    await write;
    await closeAt(connected.sftp, handle);
    expect(sha(await readFile(path.join(local, 'w')))).toBe(sha(data));
  });

  it('keeps to the open flags: EXCL refuses what exists, APPEND ignores the offset, TRUNC empties', async () => {
    await writeFile(path.join(local, 'x'), 'old');
    expect(await statusOf(openAt(connected.sftp, `${folder}/x`, 'wx'))).toBe(STATUS.failure);
    const append = await openAt(connected.sftp, `${folder}/x`, 'a');
    await done((cb) => connected.sftp.write(append, Buffer.from('+new'), 0, 4, 0, cb));
    await closeAt(connected.sftp, append);
    expect(await readFile(path.join(local, 'x'), 'utf8')).toBe('old+new');
    await closeAt(connected.sftp, await openAt(connected.sftp, `${folder}/x`, 'w'));
    expect(await readFile(path.join(local, 'x'), 'utf8')).toBe('');
    expect(await statusOf(openAt(connected.sftp, `${folder}/none`, 'r+'))).toBe(STATUS.noSuchFile);
  });

  it('sets size, permissions and whole-second times', async () => {
    await writeFile(path.join(local, 's'), 'abcdef');
    const attributes = { size: 3, mode: 0o600, atime: 1_000_000, mtime: 1_500_000_001 };
    await done((cb) => connected.sftp.setstat(`${folder}/s`, attributes as never, cb));
    const stats = await stat(path.join(local, 's'));
    expect([stats.size, stats.mode & 0o777, stats.mtimeMs]).toEqual([3, 0o600, 1_500_000_001_000]);
  });

  it('reports times in whole seconds, rounded down', async () => {
    await writeFile(path.join(local, 't'), '');
    await utimes(path.join(local, 't'), 5, 1_700_000_000.9);
    const stats = await asked<{ mtime: number }>((cb) => connected.sftp.stat(`${folder}/t`, cb));
    expect(stats.mtime).toBe(1_700_000_000);
  });
});

describe('names', () => {
  it('refuses RENAME over a target and lets posix-rename replace it', async () => {
    await writeFile(path.join(local, 'a'), 'A');
    await writeFile(path.join(local, 'b'), 'B');
    const [a, b] = [`${folder}/a`, `${folder}/b`];
    expect(await statusOf(done((cb) => connected.sftp.rename(a, b, cb)))).toBe(STATUS.failure);
    expect(await readFile(path.join(local, 'b'), 'utf8')).toBe('B');
    await done((cb) => connected.sftp.ext_openssh_rename(a, b, cb));
    expect(await readFile(path.join(local, 'b'), 'utf8')).toBe('A');
    await done((cb) => connected.sftp.rename(b, a, cb));
    expect(await statusOf(asked((cb) => connected.sftp.stat(b, cb)))).toBe(STATUS.noSuchFile);
  });

  it('refuses RENAME of a folder over a file', async () => {
    await mkdir(path.join(local, 'd'));
    await mkdir(path.join(local, 'e'));
    const rename = done((cb) => connected.sftp.rename(`${folder}/d`, `${folder}/e`, cb));
    expect(await statusOf(rename)).toBe(STATUS.failure);
  });

  it('lists 250 entries over several READDIRs, each once', async () => {
    const names = Array.from({ length: 250 }, (_, i) => `n${i}`).sort();
    await Promise.all(names.map((name) => writeFile(path.join(local, name), name)));
    const list = await asked<{ filename: string; attrs: { size: number } }[]>((cb) =>
      connected.sftp.readdir(folder, cb as never),
    );
    expect(list.map(({ filename }) => filename).sort()).toEqual(names);
    for (const { filename, attrs } of list) expect(attrs.size).toBe(filename.length);
  });

  it('makes and removes folders and files, with the status of each refusal', async () => {
    const { sftp } = connected;
    await done((cb) => sftp.mkdir(`${folder}/m`, cb));
    expect(await statusOf(done((cb) => sftp.mkdir(`${folder}/m`, cb)))).toBe(STATUS.failure);
    await writeFile(path.join(local, 'm', 'f'), '');
    expect(await statusOf(done((cb) => sftp.rmdir(`${folder}/m`, cb)))).toBe(STATUS.failure);
    await done((cb) => sftp.unlink(`${folder}/m/f`, cb));
    await done((cb) => sftp.rmdir(`${folder}/m`, cb));
    expect(await statusOf(done((cb) => sftp.rmdir('/', cb)))).toBe(STATUS.permissionDenied);
    expect(await statusOf(done((cb) => sftp.symlink('x', `${folder}/l`, cb)))).toBe(
      STATUS.unsupported,
    );
  });

  it('resolves REALPATH to a path below the root', async () => {
    const realpath = (name: string) => asked<string>((cb) => connected.sftp.realpath(name, cb));
    expect(await realpath('.')).toBe('/');
    expect(await realpath('../../..')).toBe('/');
    expect(await realpath(`${folder}/not-there/..`)).toBe(folder);
    expect(await statusOf(realpath(`${folder}/no/no`))).toBe(STATUS.noSuchFile);
  });
});

describe('the root', () => {
  it('cannot be left by .., by an absolute path or by a symbolic link', async () => {
    const secret = path.join(path.dirname(served.root), `secret-${path.basename(served.root)}`);
    await symlink('/', path.join(local, 'out'));
    await symlink(secret, path.join(local, 'dangling'));
    await symlink(local, path.join(local, 'inside'));
    const { sftp } = connected;
    const denied = STATUS.permissionDenied;
    expect(await statusOf(openAt(sftp, `${folder}/out/etc/passwd`, 'r'))).toBe(denied);
    expect(await statusOf(openAt(sftp, `${folder}/dangling`, 'w'))).toBe(denied);
    expect(await statusOf(stat(secret))).not.toBeUndefined();
    expect(await statusOf(asked((cb) => sftp.readdir(`${folder}/out`, cb)))).toBe(denied);
    expect(await statusOf(done((cb) => sftp.mkdir(`${folder}/out/tmp/x`, cb)))).toBe(denied);
    expect(await statusOf(openAt(sftp, '/../../../../etc/passwd', 'r'))).toBe(STATUS.noSuchFile);
    expect(await statusOf(openAt(sftp, path.join(tmpdir(), 'x'), 'w'))).toBe(STATUS.noSuchFile);
    await closeAt(sftp, await openAt(sftp, `${folder}/inside/ok`, 'w'));
    expect((await stat(path.join(local, 'ok'))).size).toBe(0);
    expect(
      (
        await asked<{ isSymbolicLink(): boolean }>((cb) => sftp.lstat(`${folder}/out`, cb))
      ).isSymbolicLink(),
    ).toBe(true);
  });

  it('does not tell paths of the machine in its messages', async () => {
    const failed = openAt(connected.sftp, `${folder}/none`, 'r');
    await expect(failed).rejects.toThrow('No such file (ENOENT)');
  });
});

describe('resources', () => {
  it('closes the files of a client that disconnects without closing them', async () => {
    await writeFile(path.join(local, 'f'), 'abc');
    const before = served.server.facts();
    const other = await connectTo(served);
    await Promise.all(Array.from({ length: 64 }, () => openAt(other.sftp, `${folder}/f`, 'r')));
    expect(served.server.facts().openHandles).toBe(before.openHandles + 64);
    expect(served.server.facts().opens).toBe(before.opens + 64);
    other.client.destroy();
    await expect.poll(() => served.server.facts().openHandles).toBe(before.openHandles);
    await expect.poll(() => descriptorsOf(path.join(local, 'f'))).toBe(0);
  });

  it('frees its port and ends its connections when it is closed', async () => {
    const short = await serveTemporaryFolder();
    const { client } = await connectTo(short);
    const ended = new Promise<void>((resolve) => void client.once('close', () => resolve()));
    await short[Symbol.asyncDispose]();
    await ended;
    await expect(connectTo(short)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('says what is wrong with a host key that is not one', async () => {
    await expect(serveTemporaryFolder({ hostKey: 'nonsense' })).rejects.toThrow(
      /hostKey cannot be used.*createHostKey/,
    );
  });
});

/** Descriptors of this process, where the server runs too; counted where Linux shows them. */
async function descriptorsOf(file: string): Promise<number> {
  const numbers = await readdir('/proc/self/fd').catch(() => []);
  const targets = numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => ''));
  return (await Promise.all(targets)).filter((target) => target === file).length;
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
