/**
 * The gallery on a dev stack of its own: its files as written, the few files and rows that they read, and readers of what
 * they write that know nothing of Tidemark. A file is run by the very command that its head names.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import {
  type Answer,
  exampleProject,
  type ExampleWorld,
  startExampleWorld,
} from './example-world.js';

export const gallery = join(exampleProject, 'gallery');
export const galleryFiles = readdirSync(join(gallery, 'pipelines')).sort();

export const textOf = (file: string): string =>
  readFileSync(join(gallery, 'pipelines', file), 'utf8');

/** Which suite runs a file: how runs are made, files alone, or rows. */
export const suiteOf = (file: string): 'runs' | 'files' | 'rows' => {
  if (/^(?:chain|check|parameter|partition|schedule|selection|sensor|setting)/.test(file))
    return 'runs';
  return textOf(file).includes('type: POSTGRES') ? 'rows' : 'files';
};

export interface Head {
  readonly title: string;
  readonly shows: string;
  /** As a shell takes it. */
  readonly command: string;
  /** What stands behind `tidemark`. */
  readonly args: readonly string[];
}

export const headOf = (file: string): Head => {
  const form = /^# ([A-Z].*)\.\n#\n# Shows: (.+)\.\n# Run: {3}(tidemark [a-z]+.*)\n/;
  const [, title = '', shows = '', command = ''] = form.exec(textOf(file)) ?? [];
  const words = [...command.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
  return { title, shows, command, args: words.slice(1) };
};

export const csv = (from: number, to: number): string =>
  `id,note\n${Array.from({ length: to - from }, (_, at) => `${String(from + at)},note ${String(at)}\n`).join('')}`;

export const items = 'id,name,amount\n1,"a, b",1.50\n2,,2.25\n3,"say ""x""",3.00\n';

/** Rows of `sales.orders`: one for each ten minutes, from 2025-01-01 00:10 on. */
export const orders = 300;

const ordersSql = `
  create schema sales; create schema marts;
  create table sales.orders (id bigint primary key, region text, note text, amount numeric(10,2), changed_at timestamptz not null);
  insert into sales.orders select g, case when g % 3 = 0 then 'south' else 'north' end, case g % 4 when 0 then null when 1 then '' else 'note ' || g end,
    g * 1.25, timestamptz '2025-01-01' + g * interval '10 minutes' from generate_series(1, ${String(orders)}) g;`;

export const zipOf = (name: string, content: string): Buffer =>
  execFileSync(
    'python3',
    [
      '-c',
      'import sys,zipfile,io\nb=io.BytesIO()\nz=zipfile.ZipFile(b,"w",zipfile.ZIP_DEFLATED)\nz.writestr(sys.argv[1],sys.stdin.read())\nz.close()\nsys.stdout.buffer.write(b.getvalue())',
      name,
    ],
    { input: content },
  );

export const unzipped = (archive: Buffer): string =>
  execFileSync(
    'python3',
    [
      '-c',
      'import sys,zipfile,io\nz=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\nsys.stdout.write(z.read(z.namelist()[0]).decode())',
    ],
    { input: archive, encoding: 'utf8' },
  );

export interface GalleryWorld extends AsyncDisposable {
  readonly world: ExampleWorld;
  /** Files that were run. */
  readonly ran: ReadonlySet<string>;
  object(key: string): Promise<Buffer>;
  text(key: string): Promise<string>;
  keys(prefix: string): Promise<readonly string[]>;
  putObject(key: string, content: string | Buffer): Promise<void>;
  /** Path of a file of the connection `disk`. */
  onDisk(path: string): string;
  disk(path: string): string;
  putOnDisk(path: string, content: string): void;
  sftp(path: string): Buffer;
  /** Runs the command in the head of a file; `more` stands behind it. */
  attempt(file: string, ...more: readonly string[]): Promise<Answer>;
  /** The same, and it must end well, with a receipt whose counts agree. */
  run<T = RunReceipt>(file: string, ...more: readonly string[]): Promise<T>;
}

const openS3 = ({ endpoint, region, accessKeyId, secretAccessKey }: ExampleWorld['s3']): S3Client =>
  new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });

type Objects = Pick<GalleryWorld, 'object' | 'text' | 'keys' | 'putObject'>;

const objectsOf = (s3: S3Client, Bucket: string): Objects => {
  const object = async (Key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  return {
    object,
    text: async (key) => (await object(key)).toString(),
    keys: async (Prefix) => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = '' }) => Key).sort();
    },
    putObject: async (Key, Body) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
  };
};

type Runs = Pick<GalleryWorld, 'attempt' | 'run' | 'ran'>;

const runsOf = (world: ExampleWorld): Runs => {
  const ran = new Set<string>();
  const attempt: GalleryWorld['attempt'] = (file, ...more) => {
    ran.add(file);
    return world.tidemark(...headOf(file).args, ...more, '--format', 'json');
  };
  const accountOf = (file: string): object =>
    headOf(file).args[0] === 'backfill' ? { failures: [] } : { reconciled: true };
  return {
    ran,
    attempt,
    run: async <T>(file: string, ...more: readonly string[]) => {
      const { out, err, code } = await attempt(file, ...more);
      expect(code, `${file}: ${err}`).toBe(0);
      const receipt = JSON.parse(out) as T;
      expect(receipt).toMatchObject(accountOf(file));
      return receipt;
    },
  };
};

/** `tables`: statements behind those that make `sales.orders` and the schema `marts`. */
export const startGallery = async (tables = ''): Promise<GalleryWorld> => {
  const world = await startExampleWorld(gallery);
  const s3 = openS3(world.s3);
  const onDisk = (path: string): string => join(world.project, '.tidemark', 'disk', path);
  const made: GalleryWorld = {
    world,
    ...objectsOf(s3, world.s3.bucket),
    ...runsOf(world),
    onDisk,
    disk: (path) => readFileSync(onDisk(path), 'utf8'),
    putOnDisk: (path, content) => {
      mkdirSync(dirname(onDisk(path)), { recursive: true });
      writeFileSync(onDisk(path), content);
    },
    sftp: (path) => readFileSync(join(world.sftpRoot, path)),
    [Symbol.asyncDispose]: async () => {
      s3.destroy();
      await world[Symbol.asyncDispose]();
    },
  };
  await world.sql(ordersSql + tables);
  await world.put('out/orders_1.csv', csv(1, 4));
  await world.put('out/orders_2.csv', csv(4, 9));
  await world.put('out/sub/deep.csv', csv(20, 22));
  await made.putObject('seed/items.csv', items);
  made.putOnDisk('in/local.csv', items);
  return made;
};
