/**
 * Files that are changed on their way, through whole runs: an SFTP server, an S3 server and worker processes, all real.
 * What arrives is read by programs that know nothing of Tidemark: Python's json, csv and zipfile, and gzip.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { connectionsYaml, sha256Of, slowConnection, startWorld, type World } from './world.js';

const pipelines = `
assets:
  - name: to_jsonl
    source: { type: S3, connection: lake, configs: { prefix: raw/ } }
    target: { type: S3, connection: lake, configs: { prefix: jsonl, object_type: JSONL } }
  - name: to_json
    source: { type: S3, connection: lake, configs: { key: raw/orders.csv } }
    target: { type: S3, connection: lake, configs: { key: json/orders.json, object_type: JSON } }
  - name: back_to_csv
    source: { type: S3, connection: lake, configs: { prefix: jsonl/, object_type: JSONL } }
    target: { type: S3, connection: lake, configs: { prefix: csv, object_type: CSV, csv_options: { delimiter: ";" } } }
  - name: to_gzip
    source: { type: S3, connection: lake, configs: { prefix: raw/ } }
    target: { type: S3, connection: lake, configs: { prefix: gz, compress_options: { compress_type: GUNZIP, action: COMPRESS } } }
  - name: from_gzip
    source: { type: S3, connection: lake, configs: { prefix: gz/, compress_options: { type: GZIP, action: DECOMPRESS } } }
    target: { type: S3, connection: lake, configs: { prefix: plain } }
  - name: to_zip
    source: { type: S3, connection: lake, configs: { prefix: raw/ } }
    target: { type: S3, connection: lake, configs: { prefix: zip, compress_options: { type: ZIPFILE } } }
  - name: from_zip
    source: { type: SFTP, connection: partner, configs: { path: /zips, compress_options: { type: ZIPFILE, action: DECOMPRESS } } }
    target: { type: S3, connection: lake, configs: { prefix: unzipped } }
  - name: one_of_zip
    source: { type: SFTP, connection: partner, configs: { path: /zips, file_name: many.zip, compress_options: { type: ZIPFILE } } }
    target: { type: S3, connection: lake, configs: { key: one.csv } }
  - name: escaping
    source: { type: SFTP, connection: partner, configs: { path: /evil, compress_options: { type: ZIPFILE } } }
    target: { type: S3, connection: lake, configs: { prefix: evil } }
  - name: bad_records
    source: { type: SFTP, connection: partner, configs: { path: /bad } }
    target: { type: S3, connection: lake, configs: { prefix: bad, object_type: JSONL } }
  - name: pieces
    source: { type: SFTP, connection: partner, configs: { path: /big, pattern: 'big.csv' } }
    target: { type: S3, connection: lake, configs: { prefix: pieces, mode: MULTI_FILE } }
  - name: to_parquet
    source: { type: S3, connection: lake, configs: { prefix: raw/, key: orders.csv } }
    target: { type: S3, connection: lake, configs: { prefix: parquet, object_type: PARQUET, parquet_options: { compression: zstd, schema_overrides: { amount: "DECIMAL(10,2)" } } } }
  - name: from_parquet
    source: { type: S3, connection: lake, configs: { prefix: parquet/, object_type: PARQUET } }
    target: { type: S3, connection: lake, configs: { prefix: from_parquet, object_type: JSONL } }
  - name: moved
    source: { type: S3, connection: lake, configs: { prefix: raw/ } }
    target: { type: S3, connection: lake, configs: { prefix: moved } }
  - name: no_rows
    source: { type: SFTP, connection: partner, configs: { path: /empty } }
    target: { type: S3, connection: lake, configs: { prefix: no_rows, mode: MULTI_FILE } }
  - name: slow_recode
    source: { type: SFTP, connection: slow, configs: { path: /big, pattern: 'big.csv' } }
    target: { type: S3, connection: lake, configs: { prefix: slow, object_type: JSONL } }
`;

const rows = Array.from({ length: 2000 }, (_, at) => [
  String(at).padStart(4, '0'),
  at % 3 === 0 ? null : at % 5 === 0 ? '' : `näme "${String(at)}",\r\nline two`,
  (at * 1.1).toFixed(2),
]);
const csvCell = (value: string | null): string =>
  value === null ? '' : `"${value.replaceAll('"', '""')}"`;
const csvText = `\ufeffid,note,amount\r\n${rows.map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
const objects = rows.map(([id, note, amount]) => ({ id, note, amount }));

const python = (program: string, ...args: readonly string[]): string =>
  execFileSync('python3', ['-c', program, ...args], { encoding: 'utf8', maxBuffer: 1e9 });

describe('files that are changed on their way', () => {
  let world: World;
  /** Operations that the S3 server was asked for. */
  const seen: string[] = [];

  const object = async (key: string): Promise<Buffer> => readFile(world.object(key));
  const put = async (key: string, bytes: Buffer | string): Promise<void> => {
    const { S3_ENDPOINT = '', S3_ACCESS_KEY_ID = '', S3_SECRET_ACCESS_KEY = '' } = world.env;
    const client = new S3Client({
      endpoint: S3_ENDPOINT,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY },
    });
    await client.send(new PutObjectCommand({ Bucket: world.bucket, Key: key, Body: bytes }));
    client.destroy();
  };
  const run = async (type: string): Promise<RunReceipt> =>
    (await world.result(await world.start(type))) as RunReceipt;
  /** The code and message that a run ends with. */
  const failure = async (type: string): Promise<string> => {
    const error: unknown = await run(type).catch((caught: unknown) => caught);
    const texts: string[] = [];
    for (let at = error; at instanceof Error; at = at.cause) texts.push(at.message);
    return texts.join('\n');
  };

  beforeAll(async () => {
    world = await startWorld('recode', {
      onS3Request: ({ operation }) => {
        seen.push(operation);
        return undefined;
      },
    });
    await world.yaml('connections/common.yaml', connectionsYaml() + slowConnection('slow', '8 MB'));
    await world.yaml('pipelines/recode.yaml', pipelines);
    await put('raw/orders.csv', csvText);
    await put('raw/sub/packed.csv.gz', gzipSync('a,b\n1,2\n'));
    await put('raw/sub/empty.csv', '');
    const supervisor = world.superviseWorker();
    await supervisor.ready;
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('CSV becomes JSONL as Python reads it: texts stay texts, NULL and empty stay apart', async () => {
    const receipt = await run('to_jsonl');
    const found = python(
      'import json,sys\nfor line in open(sys.argv[1], encoding="utf-8"): print(json.dumps(json.loads(line)))',
      world.object('jsonl/orders.jsonl'),
    );
    expect(
      found
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(objects);
    expect((await object('jsonl/sub/packed.jsonl')).toString()).toBe('{"a":"1","b":"2"}\n');
    expect((await object('jsonl/sub/empty.jsonl')).length).toBe(0);
    expect(receipt).toMatchObject({ reconciled: true, files: 3 });
    expect(receipt.assets[0]?.rows).toMatchObject({ read: 2001, written: 2001 });
    expect(receipt.assets[0]?.route).toBe('recode-files');
    const again = await run('to_jsonl');
    expect([again.files, again.assets[0]?.files.skipped]).toEqual([0, 3]);
  });

  it('CSV becomes an array of JSON', async () => {
    await run('to_json');
    const found = python(
      'import json,sys; print(json.dumps(json.load(open(sys.argv[1], encoding="utf-8"))))',
      world.object('json/orders.json'),
    );
    expect(JSON.parse(found)).toEqual(objects);
  });

  it('JSONL becomes CSV as Python reads it, with the names of all records', async () => {
    await run('to_jsonl');
    await put('jsonl/more.jsonl', '{"n":12345678901234567890}\n{"x":{"y":[1,2]},"n":1.10}\n');
    await run('back_to_csv');
    const found = python(
      'import csv,sys,json; print(json.dumps(list(csv.reader(open(sys.argv[1], encoding="utf-8", newline=""), delimiter=";"))))',
      world.object('csv/orders.csv'),
    );
    expect(JSON.parse(found)).toEqual([
      ['id', 'note', 'amount'],
      ...rows.map((row) => row.map((value) => value ?? '')),
    ]);
    expect((await object('csv/more.csv')).toString()).toBe(
      'n;x\n12345678901234567890;\n1.10;"{""y"":[1,2]}"\n',
    );
  });

  it('gzip reads what is packed, and what was packed is unpacked byte by byte', async () => {
    await run('to_gzip');
    expect(spawnSync('gzip', ['-t', world.object('gz/orders.csv.gz')]).status).toBe(0);
    expect(spawnSync('zcat', [world.object('gz/orders.csv.gz')]).stdout.toString()).toBe(csvText);
    expect(spawnSync('zcat', [world.object('gz/sub/packed.csv.gz')]).stdout.toString()).toBe(
      'a,b\n1,2\n',
    );
    expect(spawnSync('gzip', ['-t', world.object('gz/sub/empty.csv.gz')]).status).toBe(0);
    await run('from_gzip');
    expect((await object('plain/orders.csv')).toString()).toBe(csvText);
    expect((await object('plain/sub/empty.csv')).length).toBe(0);
  });

  it('Python reads what is zipped', async () => {
    await run('to_zip');
    const found = python(
      'import zipfile,sys,json; z=zipfile.ZipFile(sys.argv[1]); print(json.dumps([z.testzip(), z.namelist(), z.read(z.namelist()[0]).decode()]))',
      world.object('zip/orders.csv.zip'),
    );
    expect(JSON.parse(found)).toEqual([null, ['orders.csv'], csvText]);
  });

  it('an archive becomes its files, in a folder of its name; a key takes exactly one', async () => {
    await mkdir(`${world.sftpRoot}/zips`, { recursive: true });
    python(
      [
        'import zipfile,sys',
        'z=zipfile.ZipFile(sys.argv[1]+"/many.zip","w",zipfile.ZIP_DEFLATED)',
        'z.writestr("a.csv","id\\n1\\n"); z.writestr("deep/b.csv","x"*3000000); z.writestr("none/",""); z.writestr("empty.txt","")',
        'z.writestr(zipfile.ZipInfo("stored.bin"), b"\\x00\\x01")',
      ].join('\n'),
      `${world.sftpRoot}/zips`,
    );
    const receipt = await run('from_zip');
    expect((await object('unzipped/many/a.csv')).toString()).toBe('id\n1\n');
    expect((await object('unzipped/many/deep/b.csv')).toString()).toBe('x'.repeat(3_000_000));
    expect((await object('unzipped/many/empty.txt')).length).toBe(0);
    expect([...(await object('unzipped/many/stored.bin'))]).toEqual([0, 1]);
    expect(receipt.assets[0]?.result.keys).toHaveLength(4);
    expect(receipt.reconciled).toBe(true);
    expect(await failure('one_of_zip')).toMatch(/holds 4 files, and key names one object/);
  });

  it('an archive whose names leave it is refused whole, and so is a trap', async () => {
    await mkdir(`${world.sftpRoot}/evil`, { recursive: true });
    python(
      'import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1],"w"); z.writestr("good.csv","1"); z.writestr("../../escaped.csv","2")',
      `${world.sftpRoot}/evil/evil.zip`,
    );
    expect(await failure('escaping')).toMatch(/invalid relative path/);
    expect(await world.head('evil/evil/good.csv')).toBeNull();
    python(
      'import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED); z.writestr("zeros.bin",b"\\0"*200000000)',
      `${world.sftpRoot}/evil/evil.zip`,
    );
    expect(await failure('escaping')).toMatch(/"zeros.bin" has 200000000 bytes/);
    expect(await world.head('evil/evil/zeros.bin')).toBeNull();
  });

  it('a file with one bad record is not there at all', async () => {
    await world.put('bad/orders.csv', 'id,name\n1,x\n2,secret,more\n');
    const told = await failure('bad_records');
    expect(told).toMatch(/record 2 has 3 values, the header has 2/);
    expect(told).not.toMatch(/secret/);
    expect(await world.head('bad/orders.jsonl')).toBeNull();
    expect(await world.openUploads()).toBe(0);
  });

  it('MULTI_FILE cuts at the ends of records and repeats the header', async () => {
    const record = (at: number): string =>
      `${String(at)},"line one of ${String(at)}\nline two, with ""quotes"""\n`;
    const text = `id,note\n${Array.from({ length: 400_000 }, (_, at) => record(at)).join('')}`;
    await world.put('big/big.csv', text);
    const receipt = await run('pieces');
    const names = (await readdir(world.object('pieces'))).filter((name) => name.endsWith('.csv'));
    expect(names.length).toBe(Math.ceil(Buffer.byteLength(text) / (5 * 1024 * 1024)));
    const parts: string[] = [];
    for (let number = 1; number <= names.length; number++) {
      const part = await object(`pieces/big_part_${String(number)}.csv`);
      expect(part.length).toBeLessThanOrEqual(5 * 1024 * 1024);
      expect(part.subarray(0, 8).toString()).toBe('id,note\n');
      parts.push(part.subarray(8).toString());
    }
    expect(parts.every((part) => part.endsWith('"quotes"""\n'))).toBe(true);
    expect(`id,note\n${parts.join('')}`).toBe(text);
    expect(receipt.assets[0]?.result.keys).toHaveLength(names.length);
  });

  it('CSV becomes Parquet and Parquet JSONL, with numbers as numbers', async () => {
    const written = await run('to_parquet');
    expect(written.assets[0]?.rows).toMatchObject({ read: 2000, written: 2000 });
    expect(written.reconciled).toBe(true);
    expect((await object('parquet/orders.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    await run('from_parquet');
    const found = (await object('from_parquet/orders.jsonl')).toString().trim().split('\n');
    expect(found[1]).toBe('{"id":"0001","note":"näme \\"1\\",\\r\\nline two","amount":1.10}');
    expect(found.map((line) => JSON.parse(line) as unknown)).toEqual(
      objects.map((row) => ({ ...row, amount: Number(row.amount) })),
    );
  });

  it('S3 copies objects of one connection itself: no byte comes here', async () => {
    seen.length = 0;
    const receipt = await run('moved');
    expect(receipt.assets[0]?.route).toBe('copy-within');
    expect(receipt).toMatchObject({ reconciled: true, files: 3 });
    expect((await object('moved/orders.csv')).toString()).toBe(csvText);
    expect((await object('moved/sub/empty.csv')).length).toBe(0);
    expect(seen.filter((operation) => operation === 'GetObject')).toEqual([]);
    expect((await run('moved')).assets[0]?.files.skipped).toBe(3);
  });

  it('MULTI_FILE of a file without a byte is one object without a byte', async () => {
    await world.put('empty/none.csv', '');
    await run('no_rows');
    expect((await object('no_rows/none_part_1.csv')).length).toBe(0);
  });

  it('a killed recode starts its file again: equal to an undisturbed one, nothing doubled, nothing left', async () => {
    const supervisor = world.superviseWorker();
    await supervisor.ready;
    const id = await world.start('slow_recode');
    for (;;) {
      if ((await world.openUploads()) > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const pid of [supervisor.pid()]) if (pid !== undefined) process.kill(pid, 'SIGKILL');
    expect(await world.head('slow/big.jsonl')).toBeNull();
    const receipt = (await world.result(id)) as RunReceipt;
    expect(receipt.reconciled).toBe(true);
    expect(receipt.assets[0]?.rows?.written).toBe(400_000);
    expect(await world.openUploads()).toBe(0);
    const lines = python(
      'import csv,json,sys\na=[dict(r) for r in csv.DictReader(open(sys.argv[1],encoding="utf-8",newline=""))]\nb=[json.loads(l) for l in open(sys.argv[2],encoding="utf-8")]\nprint(a==b, len(b))',
      `${world.sftpRoot}/big/big.csv`,
      world.object('slow/big.jsonl'),
    );
    expect(lines.trim()).toBe('True 400000');
    expect(await sha256Of(world.object('slow/big.jsonl'))).toMatch(/^[0-9a-f]{64}$/);
  });
});
