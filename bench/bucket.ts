/** The bucket of a bench, looked at and cleared by a client of its own. */
import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Versitygw } from '../test/servers/versitygw.js';

export interface Bucket {
  readonly name: string;
  /** Removes every object. */
  clear(): Promise<void>;
  /** SHA-256 of every object, by key. */
  digests(): Promise<ReadonlyMap<string, string>>;
  close(): void;
}

const readsAtOnce = 8;

export const createBucket = async (server: Versitygw, name: string): Promise<Bucket> => {
  const client = new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: name,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) found.push(Key);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  };
  const digestOf = async (key: string): Promise<string> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
    const hash = createHash('sha256');
    for await (const chunk of Body as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex');
  };
  return {
    name,
    clear: async () => {
      const all = await keys();
      for (let from = 0; from < all.length; from += 1000) {
        const Objects = all.slice(from, from + 1000).map((Key) => ({ Key }));
        await client.send(
          new DeleteObjectsCommand({ Bucket: name, Delete: { Objects, Quiet: true } }),
        );
      }
    },
    digests: async () => {
      const left = [...(await keys())];
      const found = new Map<string, string>();
      const lane = async (): Promise<void> => {
        for (let key = left.pop(); key !== undefined; key = left.pop())
          found.set(key, await digestOf(key));
      };
      await Promise.all(Array.from({ length: readsAtOnce }, lane));
      return found;
    },
    close: () => {
      client.destroy();
    },
  };
};
