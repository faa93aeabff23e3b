/** Copies that S3 makes itself (capability `copiesWithin`), on our own server and on versitygw, its oracle. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileIdentity, ObjectOrder } from '../../../src/core/plan/file.js';
import { openClient } from '../../../src/connectors/s3/client.js';
import { copyWithin } from '../../../src/connectors/s3/copy-within.js';
import { s3 } from '../../../src/connectors/s3/index.js';
import { connectionOptions } from '../../../src/connectors/s3/options.js';
import { startS3Server } from '../../../src/devstack/s3/server.js';
import { mustRun } from '../../servers/must-run.js';
import { findVersitygw, howToGetVersitygw, startVersitygw } from '../../servers/versitygw.js';
import { codeOf, freeLine, openSource, orderFor, patient } from './opening.js';
import {
  connectionOf,
  createPlaceBucket,
  independentClient,
  placeBucket,
  startPlace,
  type S3Facts,
} from './s3-place.js';

const mebibyte = 1024 * 1024;
/** The smallest legal parts, so that tests meet their boundaries. */
const limits = { singleBytesMax: 6 * mebibyte, partBytesLeast: 5 * mebibyte };

const startOurs = async () => {
  const root = await mkdtemp(join(tmpdir(), 'tidemark-s3-copies-'));
  const credentials = {
    accessKeyId: `test${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
    region: 'us-east-1',
  };
  const server = await startS3Server({ root, buckets: [placeBucket], ...credentials });
  const facts: S3Facts = { endpoint: server.endpoint, ...credentials };
  const stop = async (): Promise<void> => {
    await server.close();
    await rm(root, { recursive: true, force: true });
  };
  return { facts, stop };
};

const startOracle = async () => {
  const server = await startVersitygw(findVersitygw() ?? '');
  const facts: S3Facts = { ...server, region: server.region };
  await createPlaceBucket(facts);
  return { facts, stop: () => server.close() };
};

const copies = (start: () => Promise<{ facts: S3Facts; stop: () => Promise<void> }>) => () => {
  let server: { facts: S3Facts; stop: () => Promise<void> };

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  /** Puts an object and gives what a copy of it needs. */
  const prepare = async (body: Buffer) => {
    const place = await startPlace(server.facts);
    const key = place.pathOf('in/source ä+.bin');
    const client = independentClient(server.facts);
    const write = async (bytes: Buffer): Promise<void> => {
      await client.send(new PutObjectCommand({ Bucket: placeBucket, Key: key, Body: bytes }));
    };
    await write(body);
    await using source = await openSource(s3, connectionOf(server.facts), freeLine('lake'));
    const identity = await source.identify(s3.source?.options.parse({ key }), key, patient());
    if (identity === null) throw new Error('the source is there');
    const address = { container: placeBucket, key: place.pathOf('out/copy.bin') };
    const order = orderFor(address, body.length);
    const connection = connectionOptions.parse(connectionOf(server.facts));
    const calls = openClient(connection, freeLine('lake'));
    const copy = (changed: Partial<{ identity: FileIdentity; order: ObjectOrder }> = {}) =>
      copyWithin(
        {
          ...{ calls, bucket: placeBucket, identity, order, startedAfterMs: 0 },
          signal: patient(),
          ...changed,
        },
        limits,
      );
    const end = async (): Promise<void> => {
      calls.close();
      client.destroy();
      await place[Symbol.asyncDispose]();
    };
    return { place, write, copy, identity, order, end };
  };

  it.each([
    ['an empty object', 0],
    ['a small object', 70_000],
    ['an object of three parts', 11 * mebibyte],
  ])('%s is copied byte by byte, once, and recognised the second time', async (_, bytes) => {
    const body = randomBytes(bytes);
    const { place, copy, end } = await prepare(body);
    const first = await copy();
    expect((await place.read('out/copy.bin'))?.equals(body)).toBe(true);
    // As after a lost answer: the condition does not hold any more, and the object is ours.
    const second = await copy();
    expect([second.size, second.tag]).toEqual([first.size, first.tag]);
    expect(await place.leftovers()).toEqual([]);
    await end();
  });

  it.each([
    ['in one step', 1000],
    ['in parts', 7 * mebibyte],
  ])('a source that is another version by now is not copied %s (G5)', async (_, bytes) => {
    const { place, write, copy, end } = await prepare(randomBytes(bytes));
    await write(randomBytes(bytes));
    expect(await codeOf(copy())).toBe('source/changed');
    expect(await place.read('out/copy.bin')).toBeNull();
    expect(await place.leftovers()).toEqual([]);
    await end();
  });

  it.each([1000, 7 * mebibyte])(
    '%i bytes replace nothing that they were not planned to (G7)',
    async (bytes) => {
      const { place, copy, end } = await prepare(randomBytes(bytes));
      await place.write('out/copy.bin', Buffer.from('foreign'));
      expect(await codeOf(copy())).toBe('target/conflict');
      expect((await place.read('out/copy.bin'))?.toString()).toBe('foreign');
      expect(await place.leftovers()).toEqual([]);
      await end();
    },
  );
};

describe('copies on our own server', copies(startOurs));

const isThere = mustRun('versitygw', findVersitygw() !== undefined, howToGetVersitygw);
describe.skipIf(!isThere)('copies on versitygw', copies(startOracle));
