/**
 * How fast do many small files get from OpenSSH to versitygw, next to `rclone copy`: 2,000 on a local line, 300 with a
 * round trip of 20 ms (goal P10: at least 2 and 10 times rclone's speed)? How long is the history of such a run?
 */
import { join } from 'node:path';
import { runChild } from './child-run.js';
import { measure, repetitions } from './measure.js';
import { plainProgram } from './plain-program.js';
import { rcloneVersion, runRclone } from './rclone.js';
import { comparison, report, table } from './results.js';
import { assertSame, writeSmall } from './source-files.js';
import { type Line, lines, roundTripMs, startStage } from './stage.js';
import { historyEvents, runTidemark } from './tidemark-run.js';

const counts: Readonly<Record<Line, number>> = { near: 2000, far: 300 };
await using stage = await startStage();
const texts: string[] = [];
const asked = (process.env['BENCH_LINES'] ?? lines.join()).split(',');
for (const line of lines.filter((each) => asked.includes(each))) {
  const folder = join(stage.sftp.root, `small-${line}`);
  const written = await writeSmall(folder, counts[line]);
  const digests = new Map([...written].map(([name, digest]) => [`small/${name}`, digest]));
  let lastRun = '';
  const measured = await measure(
    [
      { name: 'rclone copy', run: () => runRclone(stage, 'copy', line, [folder, 'small']) },
      {
        name: 'tidemark, run through Temporal',
        run: async () => {
          const run = await runTidemark(stage, `small_${line}`);
          lastRun = run.workflowId;
          return run;
        },
      },
      {
        name: 'tidemark, copy path alone',
        run: () => runChild(process.execPath, [plainProgram, line, 'small'], stage.env),
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
  const events = await historyEvents(stage, lastRun);
  texts.push(
    `${String(counts[line])} files of 16 to 48 KB, round trip to the SFTP server ${String(roundTripMs[line])} ms, to the S3 server 0 ms; ${String(events)} events in the histories of a run and its asset:\n\n${table(comparison(measured, 'files', counts[line]))}`,
  );
}
report('small-files', {
  question:
    'Many small files from OpenSSH to versitygw: how fast next to `rclone copy`, and how long is the history?',
  versions: [await rcloneVersion(), ...stage.versions],
  text: texts.join('\n\n'),
});
