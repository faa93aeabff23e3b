import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createMemoryConnector } from '../../../src/connectors/memory/index.js';
import { MemoryStore } from '../../../src/connectors/memory/store.js';
import { formatCrc32 } from '../../../src/core/values/crc32.js';
import { describeFileSource } from './file-source-suite.js';
import { describeFileTarget } from './file-target-suite.js';
import { codeOf, crcOf, freeLine, openSource, openTarget, orderFor, patient } from './opening.js';

const store = new MemoryStore();
const memory = createMemoryConnector(store);

/** A folder of the store that the suites look into directly. */
const start = () => {
  const connectionName = `place-${randomBytes(4).toString('hex')}`;
  const folder = store.folder(connectionName);
  const prefix = 'in';
  const pathOf = (relativePath: string): string => `${prefix}/${relativePath}`;
  return Promise.resolve({
    connection: {},
    connectionName,
    pathOf,
    options: ({ pattern, file }: { readonly pattern?: string; readonly file?: string } = {}) => ({
      prefix,
      ...(pattern === undefined ? {} : { pattern }),
      ...(file === undefined ? {} : { key: file }),
    }),
    missing: () => null,
    write: (relativePath: string, body: Buffer) => {
      folder.files.set(pathOf(relativePath), {
        bytes: Buffer.from(body),
        modified: '1700000000',
        tag: folder.nextName('foreign'),
        crc32: formatCrc32(crc32(body)),
      });
      return Promise.resolve();
    },
    remove: (relativePath: string) => {
      folder.files.delete(pathOf(relativePath));
      return Promise.resolve();
    },
    exists: (relativePath: string) => Promise.resolve(folder.files.has(pathOf(relativePath))),
    read: (relativePath: string) =>
      Promise.resolve(folder.files.get(pathOf(relativePath))?.bytes ?? null),
    leftovers: () => Promise.resolve([...folder.uploads.keys()]),
    foreignUpload: (relativePath: string) => {
      const id = folder.nextName('foreign-upload');
      const key = pathOf(relativePath);
      folder.uploads.set(id, { id, key, unit: '', startedMs: Date.now(), parts: new Map() });
      return Promise.resolve(id);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

const silent = () =>
  Promise.resolve({
    connection: {
      files: { 'in/a': 'a' },
      faults: [
        { on: 'list', do: 'stall', at: 0 },
        { on: 'write', do: 'stall', at: 0 },
      ],
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

const harness = { name: 'this process', order: 'utf-16', start, silent } as const;
describeFileSource(memory, harness);
describeFileTarget(memory, harness);

describe('declared faults of memory', () => {
  const open = (name: string, connection: unknown) =>
    openSource(memory, connection, freeLine(name));
  const options = memory.source?.options.parse({});
  const files = { 'a.csv': 'a'.repeat(100), 'b.csv': 'b' };

  it('break a read at their position, as often as they say, also after a new start', async () => {
    const connection = { files, faults: [{ on: 'read', do: 'fail', at: 60, times: 2 }] };
    const attempt = async () => {
      await using source = await open('breaks', connection);
      const identity = await source.identify(options, 'a.csv', patient());
      if (identity === null) throw new Error('a.csv is not there');
      await using reader = await source.open(options, identity, patient());
      await reader.read(0, Buffer.alloc(50), () => undefined, patient());
      await reader.read(50, Buffer.alloc(50), () => undefined, patient());
    };
    expect(await codeOf(attempt())).toBe('connection/refused');
    expect(await codeOf(attempt())).toBe('connection/refused');
    await attempt();
  });

  it('end a file early', async () => {
    await using source = await open('ends', {
      files,
      faults: [{ on: 'read', do: 'truncate', at: 0 }],
    });
    const identity = await source.identify(options, 'b.csv', patient());
    if (identity === null) throw new Error('b.csv is not there');
    await using reader = await source.open(options, identity, patient());
    const read = reader.read(0, Buffer.alloc(1), () => undefined, patient());
    expect(await codeOf(read)).toBe('source/truncated');
  });

  it('list a file twice', async () => {
    await using source = await open('lists', {
      files,
      faults: [{ on: 'list', do: 'duplicate', at: 1 }],
    });
    const { files: listed } = await source.list(options, null, 10, patient());
    expect(listed.map((file) => file.identity.path)).toEqual(['a.csv', 'b.csv', 'b.csv']);
  });

  it('lose the answer of a write that was carried out', async () => {
    const connection = { faults: [{ on: 'write', do: 'duplicate', at: 0 }] };
    await using target = await openTarget(memory, connection, freeLine('loses'));
    const body = Buffer.from('12345');
    const order = orderFor({ container: '', key: 'a' }, 5);
    expect(await codeOf(target.put(order, body, crcOf(body), patient()))).toBe(
      'connection/refused',
    );
    expect(String(store.folder('loses').files.get('a')?.bytes)).toBe('12345');
    expect(await target.put(order, body, crcOf(body), patient())).toMatchObject({ size: 5 });
  });

  it('are refused where they have no meaning', () => {
    const connection = memory.connection.options.parse({
      faults: [{ on: 'write', do: 'truncate', at: 0 }],
    });
    expect(memory.connection.check?.(connection)).toMatchObject([
      { path: ['faults', 0, 'do'], kind: { severity: 'error' } },
    ]);
  });
});

describe('data sets of memory', () => {
  it('give hostile names, empty files and equal times', async () => {
    const listed = async (dataSet: string) => {
      const connection = { data_set: dataSet };
      await using source = await openSource(memory, connection, freeLine(`data-${dataSet}`));
      const { files } = await source.list(memory.source?.options.parse({}), null, 100, patient());
      return files.map((file) => file.identity);
    };
    const hostile = await listed('hostile-names');
    expect(new Set(hostile.map(({ path }) => path.normalize('NFC'))).size).toBe(hostile.length - 1);
    expect((await listed('empty-file')).map(({ size }) => size)).toContain(0);
    expect(new Set((await listed('same-second')).map(({ modified }) => modified)).size).toBe(1);
  });
});
