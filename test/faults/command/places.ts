/**
 * The three places of files, seen from outside: what a test puts there and finds there goes through the disk or a client of
 * its own, never through Tidemark.
 */
import { createHash } from 'node:crypto';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

export type FilePlaceName = 'local' | 's3' | 'sftp';
export type PlaceName = FilePlaceName | 'postgres';

/** Where a movement begins and ends. */
export interface Ends {
  readonly from: PlaceName;
  readonly to: PlaceName;
}

/** How a file becomes another version: by a new file under its name, or in place where its beginning stays. */
export type Change = 'replace' | 'truncate' | 'append';

export interface FilePlace {
  readonly name: FilePlaceName;
  write(path: string, content: Buffer, change?: Change): Promise<void>;
  /** Null when nothing is there. */
  read(path: string): Promise<Buffer | null>;
  /** Paths of all files below a folder, hidden ones too. */
  list(folder: string): Promise<readonly string[]>;
  remove(folder: string): Promise<void>;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  ('code' in error ? error.code === 'ENOENT' : error.name === 'NoSuchKey');

const orNull = async <T>(found: Promise<T>): Promise<T | null> => {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
};

export const folderPlace = (name: 'local' | 'sftp', root: string): FilePlace => ({
  name,
  write: async (path, content, change = 'replace') => {
    const full = join(root, path);
    if (change === 'truncate') return truncate(full, content.length);
    if (change === 'append') {
      const { length } = await readFile(full);
      return appendFile(full, content.subarray(length));
    }
    await mkdir(dirname(full), { recursive: true });
    const aside = join(root, '.writing');
    await writeFile(aside, content);
    return rename(aside, full);
  },
  read: (path) => orNull(readFile(join(root, path))),
  list: async (folder) => {
    const found = await orNull(
      readdir(join(root, folder), { recursive: true, withFileTypes: true }),
    );
    return (found ?? [])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();
  },
  remove: (folder) => rm(join(root, folder), { recursive: true, force: true }),
});

export const s3Place = (client: S3Client, bucket: string): FilePlace => {
  const list = async (folder: string): Promise<readonly string[]> => {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: folder === '' ? '' : `${folder}/`,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  };
  return {
    name: 's3',
    write: async (path, content) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: path, Body: content }));
    },
    read: async (path) => {
      const found = await orNull(client.send(new GetObjectCommand({ Bucket: bucket, Key: path })));
      const bytes = await found?.Body?.transformToByteArray();
      return bytes === undefined ? null : Buffer.from(bytes);
    },
    list,
    remove: async (folder) => {
      for (const key of await list(folder))
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
};

export const sha256 = (content: Buffer): string =>
  createHash('sha256').update(content).digest('hex');

/** What stands below a folder: names with digests, of packed files that of what is inside. */
export const contentsOf = async (place: FilePlace, folder: string): Promise<string> => {
  const lines: string[] = [];
  for (const path of await place.list(folder)) {
    const content = (await place.read(path)) ?? Buffer.alloc(0);
    const plain = path.endsWith('.gz') ? gunzipSync(content) : content;
    lines.push(`${path.slice(folder.length + 1)} ${sha256(plain)}`);
  }
  return lines.join('\n');
};
