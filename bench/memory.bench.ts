/**
 * How much memory does a worker process take while it copies 500 MB, and does it take more for 2 GB (goal P15: peak
 * minus idle at most 100 MB, and within 10 % of each other)?
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './measure.js';
import { type Memory, memoryDuring } from './resident-memory.js';
import { report, table } from './results.js';
import { assertSame, writeLarge } from './source-files.js';
import { startStage } from './stage.js';
import { memoryBytesDefault } from '../src/runtime/worker/worker-settings.js';
import { runTidemark } from './tidemark-run.js';

const sizes = [500_000_000, 2_000_000_000];
const rounds = Number(process.env['BENCH_REPETITIONS'] ?? 3);
const megabyte = 1_000_000;

/** A worker of its own for each run: what one run leaves behind is not idle memory of the next. */
const memoryOf = async (fileBytes: number): Promise<Memory> => {
  await using stage = await startStage();
  const path = join(stage.sftp.root, 'large', 'large.bin');
  const digests = new Map([['large/large.bin', await writeLarge(path, fileBytes)]]);
  const { pid } = stage.worker;
  await sleep(1000);
  const { idle, peak } = await memoryDuring(pid, () => runTidemark(stage, 'large_near'));
  rmSync(path);
  assertSame(digests, await stage.bucket.digests());
  process.stderr.write(
    `  ${String(fileBytes / megabyte)} MB: idle ${idle.toFixed(0)}, peak ${peak.toFixed(0)} MB\n`,
  );
  return { idle, peak };
};

const rows = [['file, MB', 'idle MB', 'peak MB, median (min–max)', 'peak − idle, MB']];
const grown: number[] = [];
const found = sizes.map((): Memory[] => []);
for (let round = 0; round < rounds; round++) {
  for (const [index, size] of sizes.entries()) found[index]?.push(await memoryOf(size));
}
for (const [index, size] of sizes.entries()) {
  const memories = found[index] ?? [];
  const peaks = memories.map(({ peak }) => peak);
  const more = median(memories.map(({ idle, peak }) => peak - idle));
  grown.push(more);
  rows.push([
    String(size / megabyte),
    median(memories.map(({ idle }) => idle)).toFixed(0),
    `${median(peaks).toFixed(0)} (${Math.min(...peaks).toFixed(0)}–${Math.max(...peaks).toFixed(0)})`,
    more.toFixed(0),
  ]);
}
const [first = NaN, last = NaN] = grown;
report('memory', {
  question:
    'Resident memory of the worker process while it copies one file, round trip 0 ms (the kernel’s own peak).',
  versions: [`buffers of the worker: ${String(memoryBytesDefault / 2 ** 20)} MiB (the default)`],
  text: `${table(rows)}\n\nFour times the data: ${((last / first - 1) * 100).toFixed(0)} % more above idle.`,
});
