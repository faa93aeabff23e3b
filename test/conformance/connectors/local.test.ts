import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { local } from '../../../src/connectors/local/index.js';
import { describeFileSource } from './file-source-suite.js';
import { describeFileTarget } from './file-target-suite.js';
import { folderPlace, temporaryFolder } from './folder-places.js';
import { codeOf, crcOf, freeLine, openSource, openTarget, orderFor, patient } from './opening.js';

const start = async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'local-place-'));
  return folderPlace({
    connection: { root: path.dirname(root) },
    folder: root,
    named: `/${path.basename(root)}`,
  });
};

describeFileSource(local, { name: 'this disk', order: 'utf-16', start });
describeFileTarget(local, {
  name: 'this disk',
  start: async () => {
    const place = await start();
    return { ...place, options: place.targetOptions };
  },
});

describe('the root of a local connection', () => {
  const options = local.source?.options.parse({ path: '/' });

  it('is not left by dots', async () => {
    await using outside = await temporaryFolder('outside-');
    await writeFile(path.join(outside.folder, 'secret.csv'), 'x');
    const root = path.join(outside.folder, 'root');
    await using source = await openSource(local, { root: outside.folder }, freeLine('whole'));
    expect(await source.identify(options, '/secret.csv', patient())).not.toBeNull();
    await using inner = await openSource(local, { root }, freeLine('inner'));
    await writeFile(path.join(outside.folder, 'root-other.csv'), 'x');
    await mkdir(root);
    for (const escape of ['/../secret.csv', '/../root-other.csv', '../secret.csv']) {
      expect(await codeOf(inner.identify(options, escape, patient()))).toBe(
        'connection/access-denied',
      );
    }
  });

  it('is not left by a symbolic link, neither to a file nor to a folder, nor when writing', async () => {
    await using outside = await temporaryFolder('outside-');
    await using inside = await temporaryFolder('inside-');
    await writeFile(path.join(outside.folder, 'secret.csv'), 'x');
    await symlink(outside.folder, path.join(inside.folder, 'door'));
    await symlink(path.join(outside.folder, 'secret.csv'), path.join(inside.folder, 'secret.csv'));
    const connection = { root: inside.folder };
    await using source = await openSource(local, connection, freeLine('inside'));
    const denied = 'connection/access-denied';
    expect(await codeOf(source.identify(options, '/secret.csv', patient()))).toBe(denied);
    expect(await codeOf(source.identify(options, '/door/secret.csv', patient()))).toBe(denied);
    const through = local.source?.options.parse({ path: '/door' });
    expect(await codeOf(source.list(through, null, 10, patient()))).toBe(denied);
    expect((await source.list(options, null, 10, patient())).files).toEqual([]);
    await using target = await openTarget(local, connection, freeLine('inside'));
    const body = Buffer.from('12345');
    const order = orderFor({ container: '', key: '/door/new.csv' }, 5);
    expect(await codeOf(target.put(order, body, crcOf(body), patient()))).toBe(denied);
  });

  it('keeps times exact to the nanosecond, so that a rewrite in the same second is another version', async () => {
    await using inside = await temporaryFolder('inside-');
    const file = path.join(inside.folder, 'a.csv');
    await using source = await openSource(local, { root: inside.folder }, freeLine('inside'));
    await writeFile(file, '11111');
    const before = await source.identify(options, '/a.csv', patient());
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(file, '22222');
    expect(before?.modified).toMatch(/^\d+\.\d+$/);
    expect(await source.identify(options, '/a.csv', patient())).not.toEqual(before);
  });
});
