/** Every file of the gallery as a reader finds it: its form, its line in the README, what `lint` and `explain` say of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/all.js';
import { runProgram } from '../../src/cli/program.js';
import { connectors } from '../../src/connectors/all.js';
import { runTidemark } from './example-world.js';
import { gallery, galleryFiles, headOf, textOf } from './gallery-world.js';

const goldens = join(import.meta.dirname, 'gallery-explain');
const isUpdate = process.env['UPDATE_GOLDEN'] === '1';

/** Names of the jobs of a file; one that has none is not explained. */
const jobsOf = (file: string): readonly string[] => {
  const jobs = /^jobs:.*\n(?:[ \]].*\n)*/m.exec(textOf(file))?.[0] ?? '';
  return [...jobs.matchAll(/(?:\[?\{\s*|^ {2}- )name: (\w+)/gm)].map(([, name]) => name ?? '');
};

/** What the command of the head gives the run, as `explain` takes it. */
const givenTo = (file: string): readonly string[] => {
  const { args } = headOf(file);
  return args.flatMap((word, at) =>
    word === '--param' || word === '--partition' ? [word, args[at + 1] ?? ''] : [],
  );
};

/** So that what explain says does not depend on a running stack. */
const unset = Object.fromEntries(
  [
    ...['SFTP_HOST', 'SFTP_PORT', 'SFTP_USERNAME', 'SFTP_PASSWORD', 'SFTP_HOST_KEY'],
    ...['S3_ENDPOINT', 'S3_REGION', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_BUCKET'],
    ...['PG_HOST', 'PG_PORT', 'PG_USER', 'PG_PASSWORD', 'PG_DATABASE'],
  ].map((name) => [name, name.endsWith('PORT') ? '1' : 'explained']),
);

const readmeLine = (file: string): string => {
  const { title, shows, command } = headOf(file);
  return `| [\`${file}\`](pipelines/${file}) | ${title} | ${shows} | \`${command}\` |\n`;
};

describe('the files of the gallery', () => {
  it('are linted without a finding but variables that only a running stack sets', async () => {
    const { out } = await runTidemark(['lint', '--format', 'json'], gallery);
    const { diagnostics } = JSON.parse(out) as {
      readonly diagnostics: readonly { readonly code: string }[];
    };
    expect(diagnostics.filter(({ code }) => code !== 'template/unset-environment')).toEqual([]);
  });

  it.each(galleryFiles)('%s begins with a title, says what it shows and how it is run', (file) => {
    expect(headOf(file)).not.toContain('');
    expect(headOf(file).args.length).toBeGreaterThan(0);
    expect(textOf(file).split('\n').length).toBeLessThan(45);
  });

  it('stand in the README, each with its title, what it shows and its command', () => {
    const path = join(gallery, 'README.md');
    const text = readFileSync(path, 'utf8');
    const table = galleryFiles.map(readmeLine).join('');
    if (isUpdate) writeFileSync(path, text.replace(/(?:^\| \[.*\n)+/m, table));
    expect(readFileSync(path, 'utf8')).toContain(`|---|---|---|---|\n${table}`);
    expect(readFileSync(path, 'utf8').trimEnd().endsWith(table.trimEnd())).toBe(true);
  });
});

/** The program in this process, with nothing of a running stack in its environment. */
const explain = async (job: string, file: string): Promise<string> => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(
    ['explain', job, ...givenTo(file)],
    { commands, version: '0.0.0' },
    {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      color: false,
      cwd: gallery,
      env: unset,
      connectors,
      signal: new AbortController().signal,
    },
  );
  expect(code, err.join('\n')).toBe(0);
  return out.map((text) => `${text}\n`).join('');
};

describe('what explain says', () => {
  const jobs = galleryFiles.flatMap((file) => jobsOf(file).map((job) => [job, file] as const));

  it.each(jobs)('of %s is the expected', async (job, file) => {
    const text = await explain(job, file);
    const golden = join(goldens, `${job}.txt`);
    if (isUpdate) {
      mkdirSync(goldens, { recursive: true });
      writeFileSync(golden, text);
    }
    expect(existsSync(golden), `${golden} is not there; UPDATE_GOLDEN=1 writes it`).toBe(true);
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });

  it('has an expected text for each job, and no other', () => {
    expect(readdirSync(goldens).sort()).toEqual(jobs.map(([job]) => `${job}.txt`).sort());
  });
});
