/** Rounds as lines, totals and a table. */
import { isGood, type RoundReport } from './suite.js';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (value: number): string => `${value.toFixed(1)} s`;

export const lineOf = (report: RoundReport): string => {
  const { movement, number, seed, fault, text, outcome, differences, left } = report;
  const struck = outcome.isStruck ? '' : ' (it came too late)';
  const verdict = isGood(report)
    ? 'same as the clean run, nothing left'
    : [
        ...(outcome.ending.kind === 'hung' ? ['HUNG'] : []),
        ...differences.map((each) => `DIFFERENT: ${each}`),
        ...left.map((each) => `LEFT: ${each}`),
      ].join('; ');
  const recovery = outcome.isStruck ? `went on after ${seconds(outcome.recoverySeconds)}, ` : '';
  return `${movement} #${String(number)} of seed ${seed}: ${fault}: ${text}${struck} | ${verdict} | ${megabytes(report.bytesReadTwice)} read twice, ${recovery}took ${seconds(outcome.seconds)} (clean ${seconds(report.calmSeconds)})`;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

export interface Totals {
  readonly rounds: number;
  readonly struck: number;
  readonly different: number;
  readonly left: number;
  readonly hung: number;
  readonly readTwiceMax: number;
  readonly recoveryMedian: number;
  readonly recoveryMax: number;
}

export const totalsOf = (reports: readonly RoundReport[]): Totals => {
  const struck = reports.filter(({ outcome }) => outcome.isStruck);
  const recoveries = struck.map(({ outcome }) => outcome.recoverySeconds);
  return {
    rounds: reports.length,
    struck: struck.length,
    different: reports.filter(({ differences }) => differences.length > 0).length,
    left: reports.filter(({ left }) => left.length > 0).length,
    hung: reports.filter(({ outcome }) => outcome.ending.kind === 'hung').length,
    readTwiceMax: Math.max(0, ...reports.map(({ bytesReadTwice }) => bytesReadTwice)),
    recoveryMedian: median(recoveries),
    recoveryMax: Math.max(0, ...recoveries),
  };
};

export const totalsLine = (reports: readonly RoundReport[]): string => {
  const all = totalsOf(reports);
  return `${String(all.rounds)} rounds, ${String(all.struck)} struck while they ran: ${String(all.different)} different, ${String(all.left)} left something, ${String(all.hung)} hung; went on after ${seconds(all.recoveryMedian)} (median), ${seconds(all.recoveryMax)} (longest)`;
};

const cells = (texts: readonly string[], widths: readonly number[]): string =>
  `| ${texts.map((text, index) => text.padEnd(widths[index] ?? 0)).join(' | ')} |`;

/** Aligned, so that a formatter leaves it as it is. */
const aligned = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const [head = [], ...body] = rows;
  const rule = cells(
    widths.map((width) => '-'.repeat(width)),
    widths,
  );
  return [cells(head, widths), rule, ...body.map((row) => cells(row, widths))].join('\n');
};

const rowOf = (name: string, reports: readonly RoundReport[]): readonly string[] => {
  const all = totalsOf(reports);
  const kinds = new Set(reports.map(({ fault }) => fault)).size;
  return [
    name,
    ...[all.rounds, kinds, all.struck, all.different, all.left, all.hung].map(String),
    megabytes(all.readTwiceMax),
    `${seconds(all.recoveryMedian)}, ${seconds(all.recoveryMax)}`,
  ];
};

export const tableOf = (seed: string, reports: readonly RoundReport[]): string => {
  const head = [
    'movement',
    'rounds',
    'kinds of fault',
    'struck in time',
    'different',
    'left something',
    'hung',
    'most read twice',
    'went on after (median, longest)',
  ];
  const names = [...new Set(reports.map(({ movement }) => movement))];
  const rows = names.map((name) =>
    rowOf(
      name,
      reports.filter(({ movement }) => movement === name),
    ),
  );
  const table = aligned([head, ...rows, rowOf('all', reports)]);
  return `Seed ${seed}.\n\n${table}`;
};
