/**
 * How long does `tidemark lint` take for 500 pipeline files, the start of the process included (goal: under 2 s on an idle
 * machine)? Once with four copies of files in each, half of which depend on others, and a job; once with rows: a
 * partitioned query, an incremental table behind a copy of files, checks, jobs, a schedule and a sensor.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './child-run.js';
import { comparison, goal, report, table } from './results.js';
import { measure, medianSeconds } from './measure.js';

const files = 500;
const assetsOfFile = 4;
const goalSeconds = 2;

const connections = `resources:
  inbox:
    type: SFTPResource
    config: { host: files.example.com, username: bench, password: '{{ env.BENCH_PASSWORD }}', public_key: ssh-ed25519 AAAA }
  lake: { type: S3Resource, config: { region_name: us-east-1 } }
  shop: { type: PostgresResource, config: { host: db.example.com, database: shop, user: bench, password: '{{ env.BENCH_PASSWORD }}' } }
`;

const asset = (file: number, at: number): string => `  - name: asset_${file}_${at}
    description: Files of partner ${file}, number ${at}
    source:
      type: SFTP
      connection: inbox
      configs: { path: /out/${file}/${at}, pattern: '^orders_.*\\.csv$', recursive: true }
    target:
      type: S3
      connection: lake
      configs: { bucket_name: lake, prefix: 'raw/${file}/${at}/{{ params.day }}' }
${at % 2 === 0 ? '' : `    deps: [asset_${file}_${at - 1}]\n`}`;

const copies = (file: number): string => {
  const assets = Array.from({ length: assetsOfFile }, (_, at) => asset(file, at)).join('');
  return `assets:
${assets}jobs:
  - name: job_${file}
    selection: ['key:asset_${file}_*']
    cron: '0 ${file % 24} * * *'
    params_schema: { day: 'string|today' }
`;
};

const rows = (file: number): string => `assets:
  - name: orders_${file}
    description: Orders of shop ${file}, day by day
    tags: { team: team_${file % 7} }
    partitions_def: { type: daily, start_date: '2025-01-01' }
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: |
          select id, customer, amount, updated_at from orders_${file}
          where updated_at >= '{{ partition_start }}' and updated_at < '{{ partition_end }}'
            and region = '{{ params.region }}'
        primary_key: id
    target:
      type: S3
      connection: lake
      configs: { bucket_name: lake, prefix: 'raw/orders_${file}/{{ partition_key }}', object_type: JSONL, compress_options: { type: GZIP } }
    checks:
      - { name: rows, type: row_count, min: 1, severity: warn }
  - name: files_${file}
    source: { type: S3, connection: lake, configs: { bucket_name: lake, prefix: 'in/${file}/', predicate: size > 10 } }
    target: { type: S3, connection: lake, configs: { bucket_name: other, prefix: 'out/${file}/' } }
  - name: items_${file}
    deps: [files_${file}]
    source:
      type: POSTGRES
      connection: shop
      configs: { table_name: items_${file}, cursor_column: updated_at, sync_mode: incremental, primary_key: id }
    target:
      type: POSTGRES
      connection: shop
      configs: { table_name: items_copy_${file}, sync_mode: incremental, primary_key: id, auto_create_table: true }
jobs:
  - { name: orders_job_${file}, selection: [orders_${file}], params_schema: { region: 'string|eu' } }
  - { name: items_job_${file}, selection: ['*items_${file}'] }
schedules:
  - { name: nightly_${file}, job: orders_job_${file}, cron: '15 3 * * *', timezone: Europe/Berlin }
sensors:
  - { name: arrivals_${file}, type: S3, job: items_job_${file}, connection: lake, configs: { bucket_name: lake, prefix: 'in/${file}/' } }
`;

const writeProject = (root: string, pipeline: (file: number) => string): string => {
  mkdirSync(join(root, 'connections'), { recursive: true });
  mkdirSync(join(root, 'pipelines'));
  writeFileSync(join(root, 'connections', 'common.yaml'), connections);
  for (let file = 0; file < files; file++)
    writeFileSync(join(root, 'pipelines', `pipeline-${file}.yaml`), pipeline(file));
  return root;
};

const root = mkdtempSync(join(tmpdir(), 'tidemark-lint-'));
try {
  // The product as `npm run build` leaves it; benches run in the root of the repository.
  const main = join('dist', 'src', 'cli', 'main.js');
  const env = { ...process.env, BENCH_PASSWORD: 'bench' };
  const tidemark = (...args: readonly string[]) => runChild(process.execPath, [main, ...args], env);
  const expected = `0 errors, 0 warnings in ${String(files + 1)} files`;
  const lint = (project: string) => async () => {
    const ended = await tidemark('lint', '--project', project);
    if (!ended.output.includes(expected)) throw new Error(`lint said: ${ended.output.slice(-500)}`);
    return ended;
  };
  const done = () => Promise.resolve();
  const measured = await measure(
    [
      { name: 'tidemark lint, copies', run: lint(writeProject(join(root, 'copies'), copies)) },
      { name: 'tidemark lint, rows', run: lint(writeProject(join(root, 'rows'), rows)) },
      { name: 'tidemark --version', run: () => tidemark('--version') },
    ],
    { repetitions: Number(process.env['BENCH_REPETITIONS'] ?? 3), prepare: done, check: done },
  );
  const [ofCopies = NaN, ofRows = NaN] = measured.map(medianSeconds);
  const seconds = (what: string, value: number): string =>
    goal(`seconds, ${what}`, value, `under ${goalSeconds}`, value < goalSeconds);
  report('lint', {
    question: `\`tidemark lint\` of ${files} files, timed from outside: with ${files * assetsOfFile} copies of files, and with ${files * 3} assets of rows and files.`,
    versions: [`Node ${process.versions.node}`],
    text: `${table(comparison(measured, 'files', files))}\n\n${seconds('copies', ofCopies)}\n${seconds('rows', ofRows)}`,
  });
} finally {
  rmSync(root, { recursive: true });
}
