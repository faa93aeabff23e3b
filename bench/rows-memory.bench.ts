/**
 * How much memory does a worker process take while it moves rows, and does it take more for four times the rows (goal P15:
 * peak minus idle at most 100 MB, and the peak at most 5 % higher)?
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryBytesDefault } from '../src/runtime/worker/worker-settings.js';
import { runChild } from './child-run.js';
import { median, repetitions } from './measure.js';
import { type Memory, memoryDuring } from './resident-memory.js';
import { goal, report, table } from './results.js';
import { columns, rowCount, startRowsStage } from './rows-stage.js';
import { runTidemark } from './tidemark-run.js';

const ways = [
  ['PostgreSQL → S3, CSV', 'unload'],
  ['PostgreSQL → S3, gzip', 'unload_gz'],
  ['PostgreSQL → PostgreSQL', 'copy_table'],
  ['S3 → PostgreSQL', 'load'],
] as const;
const sizes = ['_quarter', ''] as const;

const stage = await startRowsStage();
const aws = process.env['AWS_PATH'] ?? 'aws';
for (const [table, key] of [
  ['orders', 'source'],
  ['orders_quarter', 'source-quarter'],
]) {
  const put = `${aws} --endpoint-url ${stage.s3.endpoint} --region us-east-1 s3 cp --only-show-errors - s3://lake/rows/${String(key)}.csv`;
  const out = `psql -qc "COPY (SELECT ${columns} FROM ${String(table)}) TO STDOUT CSV"`;
  await runChild('bash', ['-o', 'pipefail', '-c', `${out} | ${put}`], stage.env);
}

/** A worker of its own for each run: what one run leaves behind is not idle memory of the next. */
const memoryOf = async (asset: string): Promise<Memory> => {
  await stage.postgres.psql('truncate orders_copy');
  await stage.renewWorker();
  await sleep(1000);
  const found = await memoryDuring(stage.worker.pid, () => runTidemark(stage, asset));
  const told = `${found.idle.toFixed(0)}, peak ${found.peak.toFixed(0)} MB`;
  process.stderr.write(`  ${asset}: idle ${told}\n`);
  return found;
};

const rows = [['rows', 'way', 'idle MB', 'peak MB, median (min–max)', 'peak − idle, MB']];
const goals: string[] = [];
for (const [title, asset] of ways) {
  const medians: { readonly peak: number; readonly above: number }[] = [];
  for (const size of sizes) {
    const found: Memory[] = [];
    for (let round = 0; round < repetitions; round++) found.push(await memoryOf(asset + size));
    const peaks = found.map(({ peak }) => peak);
    const above = median(found.map(({ idle, peak }) => peak - idle));
    medians.push({ peak: median(peaks), above });
    rows.push([
      String(size === '' ? rowCount : Math.ceil(rowCount / 4)),
      title,
      median(found.map(({ idle }) => idle)).toFixed(0),
      `${median(peaks).toFixed(0)} (${Math.min(...peaks).toFixed(0)}–${Math.max(...peaks).toFixed(0)})`,
      above.toFixed(0),
    ]);
  }
  const [small, large] = medians;
  const above = large?.above ?? NaN;
  const percent = ((large?.peak ?? NaN) / (small?.peak ?? NaN) - 1) * 100;
  goals.push(
    goal(`P15, ${title}, peak − idle in MB`, above, '≤ 100', above <= 100),
    goal(`P15, ${title}, peak: % more for four times the rows`, percent, '≤ 5', percent <= 5),
  );
}
report('rows-memory', {
  question: 'Resident memory of the worker process while it moves rows (the kernel’s own peak).',
  versions: [
    ...stage.versions,
    `buffers of the worker: ${String(memoryBytesDefault / 2 ** 20)} MiB (the default)`,
  ],
  text: `${table(rows)}\n\n${goals.join('\n')}`,
});
await stage[Symbol.asyncDispose]();
