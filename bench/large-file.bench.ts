/**
 * How fast does one file of 500 MB get from OpenSSH to versitygw, next to `rclone copyto`, on a local line and on one
 * with a round trip of 20 ms (goal P8: at least 1.5 and 3.5 times rclone's speed)?
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child-run.js';
import { measure, repetitions } from './measure.js';
import { rcloneVersion, runRclone } from './rclone.js';
import { comparison, report, table } from './results.js';
import { assertSame, writeLarge } from './source-files.js';
import { lines, roundTripMs, startStage } from './stage.js';
import { runTidemark } from './tidemark-run.js';
import { plainProgram } from './plain-program.js';

const fileBytes = 500_000_000;
await using stage = await startStage();
const path = join(stage.sftp.root, 'large', 'large.bin');
const digests = new Map([['large/large.bin', await writeLarge(path, fileBytes)]]);
const texts: string[] = [];
const asked = (process.env['BENCH_LINES'] ?? lines.join()).split(',');
for (const line of lines.filter((each) => asked.includes(each))) {
  const measured = await measure(
    [
      {
        name: 'rclone copyto',
        run: () => runRclone(stage, 'copyto', line, [path, 'large/large.bin']),
      },
      { name: 'tidemark, run through Temporal', run: () => runTidemark(stage, `large_${line}`) },
      {
        name: 'tidemark, copy path alone',
        run: () => runChild(process.execPath, [plainProgram, line, 'large'], stage.env),
      },
    ],
    {
      repetitions,
      prepare: () => stage.bucket.clear(),
      check: async () => {
        assertSame(digests, await stage.bucket.digests());
      },
    },
  );
  texts.push(
    `500 MB, round trip to the SFTP server ${String(roundTripMs[line])} ms, to the S3 server 0 ms:\n\n${table(comparison(measured, 'MB', fileBytes / 1e6))}`,
  );
}
rmSync(path);
report('large-file', {
  question: 'One file of 500 MB from OpenSSH to versitygw: how fast next to `rclone copyto`?',
  versions: [await rcloneVersion(), ...stage.versions],
  text: texts.join('\n\n'),
});
