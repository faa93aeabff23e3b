/** Tables of a bench: printed, and kept as one section of results/VERSION.md that a new run replaces. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Measured, median, medianSeconds } from './measure.js';

export type Row = readonly string[];

/** A markdown table whose columns are padded, so that it reads well as text. */
export const table = (rows: readonly Row[]): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lineOf = (row: Row): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lineOf(head), rule, ...body.map(lineOf)].join('\n');
};

const seconds = (value: number): string => value.toFixed(2);

/** One row for each contestant; speeds are compared with the first. */
export const comparison = (
  measured: readonly Measured[],
  what: string,
  amount: number,
): readonly Row[] => {
  const reference = measured[0] === undefined ? NaN : medianSeconds(measured[0]);
  const head = [
    'contestant',
    'seconds, median (min–max)',
    `${what}/s`,
    'CPU s',
    'speed ÷ reference',
  ];
  return [
    head,
    ...measured.map((one) => {
      const times = one.runs.map((run) => run.seconds);
      const middle = medianSeconds(one);
      return [
        one.name,
        `${seconds(middle)} (${seconds(Math.min(...times))}–${seconds(Math.max(...times))})`,
        (amount / middle).toFixed(0),
        seconds(median(one.runs.map((run) => run.cpuSeconds))),
        `${(reference / middle).toFixed(2)}×`,
      ];
    }),
  ];
};

/** A goal of performance.md §14 beside what was measured. A missed one is the exit code of the bench. */
export const goal = (name: string, found: number, limit: string, isMet: boolean): string => {
  if (!isMet) process.exitCode = 1;
  return `- ${name}: ${found.toFixed(2)}, goal ${limit}: ${isMet ? 'met' : '**missed**'}`;
};

const version = '0.2.0';
const folder = 'bench/results';

const preface = `# Benchmarks of Tidemark ${version}

Written by \`npm run bench\`; a new run of a bench replaces its section. How it is measured, and what the figures do
not show: [bench/README.md](../README.md). Commit: not recorded.
`;

const machine = (): string =>
  `${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'} (${arch()}), ${(totalmem() / 2 ** 30).toFixed(0)} GB, Linux ${release()}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1) ?? ''}`;

/** Prints the section and puts it in its place in the file. */
export const report = (
  name: string,
  {
    question,
    versions,
    text,
  }: { readonly question: string; readonly versions: readonly string[]; readonly text: string },
): void => {
  const section = `## ${name}\n\n${question}\n\n${machine()}; ${versions.join(', ')}.\n\n${text.trim()}\n`;
  console.log(section);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${version}.md`);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : preface;
  const [head = preface, ...sections] = before.split(/^(?=## )/m);
  const others = sections.filter((other) => !other.startsWith(`## ${name}\n`));
  const all = [...others, section].map((each) => each.trim()).sort();
  writeFileSync(path, `${[head.trim(), ...all].join('\n\n')}\n`);
};
