/**
 * How long does `tidemark lint` take for 500 pipeline files with four assets each, the start of the process included
 * (goal: under 2 s on an idle machine)? Half of a file's assets depend on others, and every file has a job.
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

const pipeline = (file: number): string => {
  const assets = Array.from({ length: assetsOfFile }, (_, at) => asset(file, at)).join('');
  return `assets:
${assets}jobs:
  - name: job_${file}
    selection: ['key:asset_${file}_*']
    cron: '0 ${file % 24} * * *'
    params_schema: { day: 'string|today' }
`;
};

const root = mkdtempSync(join(tmpdir(), 'tidemark-lint-'));
try {
  mkdirSync(join(root, 'connections'));
  mkdirSync(join(root, 'pipelines'));
  writeFileSync(join(root, 'connections', 'common.yaml'), connections);
  for (let file = 0; file < files; file++)
    writeFileSync(join(root, 'pipelines', `pipeline-${file}.yaml`), pipeline(file));
  // The product as `npm run build` leaves it; benches run in the root of the repository.
  const main = join('dist', 'src', 'cli', 'main.js');
  const env = { ...process.env, BENCH_PASSWORD: 'bench' };
  const tidemark = (...args: readonly string[]) => runChild(process.execPath, [main, ...args], env);
  const expected = `0 errors, 0 warnings in ${String(files + 1)} files`;
  const lint = async () => {
    const ended = await tidemark('lint', '--project', root);
    if (!ended.output.includes(expected)) throw new Error(`lint said: ${ended.output.slice(-500)}`);
    return ended;
  };
  const done = () => Promise.resolve();
  const measured = await measure(
    [
      { name: 'tidemark lint', run: lint },
      { name: 'tidemark --version', run: () => tidemark('--version') },
    ],
    { repetitions: Number(process.env['BENCH_REPETITIONS'] ?? 3), prepare: done, check: done },
  );
  const [whole = NaN] = measured.map(medianSeconds);
  const met = goal('seconds', whole, `under ${goalSeconds}`, whole < goalSeconds);
  report('lint', {
    question: `\`tidemark lint\` of ${files} files with ${files * assetsOfFile} assets, timed from outside.`,
    versions: [`Node ${process.versions.node}`],
    text: `${table(comparison(measured, 'files', files))}\n\n${met}`,
  });
} finally {
  rmSync(root, { recursive: true });
}
