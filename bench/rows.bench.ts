/**
 * How fast do 3,000,000 rows get from PostgreSQL to versitygw, back, and into another table, next to `psql`, the AWS CLI,
 * Sling and dlt (goals P1–P7, P13, P16)?
 *
 * `BENCH_PARTS` chooses: unload, gzip, parquet, copy, load, peers. `AWS_PATH`, `SLING_PATH` and `DLT_PYTHON` name the programs.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from './child-run.js';
import {
  type Contestant,
  type Measured,
  measure,
  median,
  medianSeconds,
  repetitions,
} from './measure.js';
import { comparison, goal, report, table } from './results.js';
import { columns, rowCount, startRowsStage } from './rows-stage.js';
import { runTidemark } from './tidemark-run.js';

await using stage = await startRowsStage();
const { env, s3 } = stage;
const aws = process.env['AWS_PATH'] ?? 'aws';
const copyOut = `COPY (SELECT ${columns} FROM orders) TO STDOUT CSV`;
const put = `${aws} --endpoint-url ${s3.endpoint} --region us-east-1 s3 cp --only-show-errors - s3://lake/rows/orders.csv`;
const get = `${aws} --endpoint-url ${s3.endpoint} --region us-east-1 s3 cp --only-show-errors s3://lake/rows/source.csv -`;

const shell = (name: string, command: string): Contestant => ({
  name,
  run: () => runChild('bash', ['-o', 'pipefail', '-c', command], env),
});

const ours = (name: string, asset: string): Contestant => ({
  name,
  run: () => runTidemark(stage, asset),
});

/** SHA-256 of what psql writes: the independent reader. */
const digestOfPsql = (command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    const child = spawn('bash', ['-o', 'pipefail', '-c', command], { env });
    child.stdout.on('data', (bytes: Buffer) => hash.update(bytes));
    child.once('close', (code) => {
      if (code === 0) resolve(hash.digest('hex'));
      else reject(new Error(`${command} ended with ${String(code)}`));
    });
  });

const expected = await digestOfPsql(`psql -qc "${copyOut}"`);

const sameObject = async (): Promise<void> => {
  const found = [...(await stage.bucket.digests())].filter(([key]) => key.startsWith('rows/'));
  if (found.length !== 1 || found[0]?.[1] !== expected) {
    throw new Error(`the object is not what psql writes: ${JSON.stringify(found)}`);
  }
};

/** The objects one behind the other, in the order of their names, are what psql writes. */
const sameTogether = async (command: string): Promise<void> => {
  if ((await digestOfPsql(command)) !== expected) {
    throw new Error('the objects together are not what psql writes');
  }
};

const cat = (keys: string, filter: string): string =>
  `for key in $(${aws} --endpoint-url ${s3.endpoint} --region us-east-1 s3 ls s3://lake/rows/ | awk '{print $4}' | grep '${keys}'); do ${aws} --endpoint-url ${s3.endpoint} --region us-east-1 s3 cp --only-show-errors s3://lake/rows/$key - ${filter}; done`;

/** Count and sums over every value, by psql. */
const sumsOf = (name: string): Promise<string> =>
  stage.postgres.psql(
    `select count(*), sum(id), sum(hashtextextended(t::text, 0)::numeric) from ${name} t`,
  );

const wantedSums = await sumsOf('orders');

const sameTable = async (): Promise<void> => {
  const found = await sumsOf('orders_copy');
  if (found !== wantedSums) throw new Error(`the table holds ${found}, not ${wantedSums}`);
};

/** What duckdb's own program would run: the package has a library only. */
const duckScript = join(stage.folder, 'duck.mjs');
const parquetFile = join(stage.folder, 'reference.parquet');
await writeFile(
  duckScript,
  `import { DuckDBInstance } from ${JSON.stringify(import.meta.resolve('@duckdb/node-api'))};
const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
const connection = await instance.connect();
console.log(JSON.stringify((await connection.runAndReadAll(process.argv[2])).getRows().map((row) => row.map(String))));
`,
);
const duck = (sql: string): string => `${process.execPath} ${duckScript} "${sql}"`;
const toParquet = `psql -qc "${copyOut}" | ${duck(
  `COPY (SELECT * FROM read_csv('/dev/stdin', header = false, auto_detect = false, delim = ',', allow_quoted_nulls = false, columns = {id: 'BIGINT', customer_id: 'INTEGER', email: 'VARCHAR', name: 'VARCHAR', amount: 'DECIMAL(12,2)', status: 'VARCHAR', created_at: 'TIMESTAMPTZ', is_gift: 'BOOLEAN', score: 'DOUBLE', note: 'VARCHAR'})) TO '${parquetFile}' (FORMAT parquet, COMPRESSION snappy)`,
)}`;
const putFile = `${aws} --endpoint-url ${s3.endpoint} --region us-east-1 s3 cp --only-show-errors ${parquetFile} s3://lake/rows/orders.parquet`;
const sums =
  'count(*), sum(id), sum(customer_id), sum(amount), count(note), sum(length(note)), sum(length(name))';

/** Counts and sums of the Parquet files, by duckdb, are those of the table, by psql. */
const sameParquet = async (): Promise<void> => {
  const folder = join(stage.folder, 'found');
  const get = `rm -rf ${folder}; ${aws} --endpoint-url ${s3.endpoint} --region us-east-1 s3 cp --only-show-errors --recursive s3://lake/rows/ ${folder}; [ -n "$(ls ${folder} 2>/dev/null)" ] || { mkdir -p ${folder}; cp ${parquetFile} ${folder}; }`;
  const read = duck(`SELECT ${sums} FROM '${folder}/*.parquet'`);
  const { output } = await runChild('bash', ['-c', `${get}; ${read}`], env);
  const found = (JSON.parse(output) as string[][])[0]?.join('|');
  const wanted = await stage.postgres.psql(`select ${sums} from orders`);
  if (found !== wanted) throw new Error(`the files hold ${String(found)}, not ${wanted}`);
};

const emptyBucket = (): Promise<void> => stage.bucket.clear();
const emptyTable = async (): Promise<void> => {
  await stage.postgres.psql('truncate orders_copy');
};

const megabytes =
  Number((await runChild('bash', ['-c', `psql -qc "${copyOut}" | wc -c`], env)).output.trim()) /
  1e6;

const tell = (
  part: string,
  title: string,
  measured: readonly Measured[],
  goals: readonly string[],
): void => {
  const rows = table(comparison(measured, 'krows', rowCount / 1000));
  report(`rows: ${part}`, {
    question: `${title} ${String(rowCount)} rows of ten columns, ${megabytes.toFixed(0)} MB as CSV.`,
    versions: stage.versions,
    text: `${rows}\n\n${goals.join('\n')}`,
  });
};

const secondsOf = (measured: readonly Measured[], index: number): number => {
  const one = measured[index];
  return one === undefined ? NaN : medianSeconds(one);
};

/** Time of one contestant over that of another. */
const timeRatio = (measured: readonly Measured[], ours: number, other = 0): number =>
  secondsOf(measured, ours) / secondsOf(measured, other);

const cpuOf = (measured: readonly Measured[], index: number): number =>
  median((measured[index]?.runs ?? []).map(({ cpuSeconds }) => cpuSeconds));

const atMost = (name: string, found: number, limit: number): string =>
  goal(name, found, `≤ ${limit.toFixed(2)}`, found <= limit);

const atLeast = (name: string, found: number, limit: number): string =>
  goal(name, found, `≥ ${limit.toFixed(2)}`, found >= limit);

const asked = (process.env['BENCH_PARTS'] ?? 'unload,gzip,parquet,copy,load,peers').split(',');

if (asked.includes('unload')) {
  const found = await measure(
    [
      shell('psql COPY | aws s3 cp - (reference)', `psql -qc "${copyOut}" | ${put}`),
      ours('tidemark, one COPY (not resumable)', 'unload_once'),
      ours('tidemark, key pages (resumable)', 'unload'),
      {
        ...ours('tidemark, two lanes into two objects', 'unload_two'),
        check: () => sameTogether(cat('csv$', '')),
      },
    ],
    { repetitions, prepare: emptyBucket, check: sameObject },
  );
  tell('unload', 'PostgreSQL → S3, CSV.', found, [
    atMost('P1, time ÷ reference', timeRatio(found, 1), 1),
    atMost('P2, time ÷ reference', timeRatio(found, 2), 1.1),
    atMost('P3, time ÷ reference', timeRatio(found, 3), 0.75),
    atMost('P16, CPU seconds for a million rows', (cpuOf(found, 2) / rowCount) * 1e6, 0.6),
  ]);
}

if (asked.includes('gzip')) {
  const gz = put.replace('orders.csv', 'orders.csv.gz');
  const found = await measure(
    [
      shell('psql | pigz -4 -p2 | aws (reference)', `psql -qc "${copyOut}" | pigz -4 -p2 | ${gz}`),
      ours('tidemark, gzip members', 'unload_gz'),
      {
        ...shell('psql | gzip -6 | aws, once', `psql -qc "${copyOut}" | gzip -6 | ${gz}`),
        rounds: 1,
      },
    ],
    { repetitions, prepare: emptyBucket, check: () => sameTogether(cat('gz$', '| zcat')) },
  );
  tell('gzip', 'PostgreSQL → S3, CSV in gzip, parts of at least 5 MiB.', found, [
    atMost('P4, time ÷ reference', timeRatio(found, 1), 0.85),
    atLeast('P4, speed ÷ gzip -6', timeRatio(found, 2, 1), 3.5),
  ]);
}

if (asked.includes('copy')) {
  const found = await measure(
    [
      shell(
        'psql COPY | psql COPY (reference)',
        `psql -qc "COPY orders TO STDOUT" | psql -qc "COPY orders_copy FROM STDIN"`,
      ),
      ours('tidemark, staged and published', 'copy_table'),
    ],
    { repetitions, prepare: emptyTable, check: sameTable },
  );
  tell('copy', 'PostgreSQL → PostgreSQL, one lane; ours stages aside, then publishes.', found, [
    atMost('P6, time ÷ reference', timeRatio(found, 1), 1.15),
  ]);
}

if (asked.includes('load')) {
  await emptyBucket();
  const source = put.replace('orders.csv', 'source.csv');
  await runChild('bash', ['-o', 'pipefail', '-c', `psql -qc "${copyOut}" | ${source}`], env);
  const file = join(stage.folder, 'source.csv');
  await runChild('bash', ['-o', 'pipefail', '-c', `psql -qc "${copyOut}" > ${file}`], env);
  const found = await measure(
    [
      shell(
        'aws s3 cp - | psql \\copy (reference)',
        `${get} | psql -qc "\\copy orders_copy from stdin csv"`,
      ),
      ours('tidemark, pages into staging, then published', 'load'),
      shell('psql \\copy from a local file', `psql -qc "\\copy orders_copy from '${file}' csv"`),
    ],
    { repetitions, prepare: emptyTable, check: sameTable },
  );
  tell('load', 'S3 → PostgreSQL, CSV; ours stages aside, then publishes.', found, [
    atMost('P13, time ÷ reference', timeRatio(found, 1), 1.15),
    `- beside it, time ÷ psql \\copy from a local file: ${timeRatio(found, 1, 2).toFixed(2)}`,
  ]);
}

if (asked.includes('parquet')) {
  const found = await measure(
    [
      shell('psql COPY | duckdb into a local file (reference)', toParquet),
      shell('the same, then aws s3 cp', `${toParquet} && ${putFile}`),
      ours('tidemark, spooled and encoded, into S3', 'parquet'),
      ours('tidemark, two lanes into two objects', 'parquet_two'),
    ],
    { repetitions, prepare: emptyBucket, check: sameParquet },
  );
  tell('parquet', 'PostgreSQL → S3, Parquet with snappy.', found, [
    atMost('P5, time ÷ reference', timeRatio(found, 2), 1.3),
    `- beside it, time ÷ the same with an upload: ${timeRatio(found, 2, 1).toFixed(2)}`,
    `- P5, thousand rows a second: ${(rowCount / 1000 / secondsOf(found, 2)).toFixed(0)} (goal 400 on the machine of the reference)`,
  ]);
}

const sling = process.env['SLING_PATH'];
const dlt = process.env['DLT_PYTHON'];
if (asked.includes('peers') && sling !== undefined) {
  const peerEnv = {
    PG: `postgres://${stage.postgres.user}:${stage.postgres.password}@${stage.postgres.host}:${String(stage.postgres.port)}/${stage.postgres.database}?sslmode=disable`,
    S3V: JSON.stringify({
      type: 's3',
      bucket: 'lake',
      access_key_id: s3.keys[0],
      secret_access_key: s3.keys[1],
      endpoint: s3.endpoint,
      region: 'us-east-1',
      use_ssl: false,
      url_style: 'path',
    }),
    SLING_DISABLE_TELEMETRY: 'TRUE',
    SLING_HOME_DIR: join(stage.folder, 'sling'),
  };
  const contestants: Contestant[] = [
    {
      name: 'Sling 1.4.11 (reference)',
      run: () =>
        runChild(
          sling,
          [
            'run',
            '--src-conn',
            'PG',
            '--src-stream',
            'public.orders',
            '--tgt-conn',
            'S3V',
            '--tgt-object',
            's3://lake/rows/orders.csv',
          ],
          { ...env, ...peerEnv },
        ),
    },
    ours('tidemark, key pages (resumable)', 'unload'),
  ];
  if (dlt !== undefined) {
    const script = join(stage.folder, 'dlt-run.py');
    await writeFile(
      script,
      `import dlt, os
from dlt.sources.sql_database import sql_table
os.environ['DESTINATION__FILESYSTEM__BUCKET_URL'] = 's3://lake/rows'
os.environ['DESTINATION__FILESYSTEM__CREDENTIALS__AWS_ACCESS_KEY_ID'] = os.environ['AWS_ACCESS_KEY_ID']
os.environ['DESTINATION__FILESYSTEM__CREDENTIALS__AWS_SECRET_ACCESS_KEY'] = os.environ['AWS_SECRET_ACCESS_KEY']
os.environ['DESTINATION__FILESYSTEM__CREDENTIALS__ENDPOINT_URL'] = os.environ['BENCH_S3']
table = sql_table(credentials=os.environ['PG'].replace('postgres://','postgresql+psycopg2://'), table='orders', backend='pyarrow', chunk_size=100000)
p = dlt.pipeline('bench', destination='filesystem', dataset_name='d', pipelines_dir=os.environ['DLT_DIR'])
print(p.run(table, loader_file_format='parquet'))
`,
    );
    contestants.push({
      name: 'dlt 1.31 (pyarrow, Parquet: its fastest)',
      run: () =>
        runChild(dlt, [script], {
          ...env,
          ...peerEnv,
          DLT_DIR: join(stage.folder, 'dlt', String(Math.random())),
        }),
    });
  }
  const measured = await measure(contestants, {
    repetitions,
    prepare: emptyBucket,
    check: () => Promise.resolve(),
  });
  tell(
    'peers',
    'PostgreSQL → S3 next to Sling and dlt. What they wrote is not compared.',
    measured,
    [
      atLeast('P7, speed ÷ Sling', timeRatio(measured, 0, 1), 5),
      atMost('P7, CPU seconds ÷ Sling', cpuOf(measured, 1) / cpuOf(measured, 0), 1 / 3),
      ...(dlt === undefined ? [] : [atLeast('P7, speed ÷ dlt', timeRatio(measured, 2, 1), 4)]),
    ],
  );
}
