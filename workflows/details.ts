/**
 * What the Web UI shows of a run in words: current details, as Markdown tables. The UI draws tables without borders or
 * padding, so cells are padded with non-breaking spaces.
 */
import type { BackfillPlan } from '../src/core/plan/backfill-plan.js';
import type { AssetPlan, RunPlan } from '../src/core/plan/plan.js';
import type { BackfillState } from '../src/core/run/backfill-run.js';
import type { CopyState } from '../src/core/run/copy-state.js';
import type { AssetState, RunState } from '../src/core/run/job-run.js';
import type { RowsState } from '../src/core/run/rows-state.js';

const pad = '\u00a0';

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => `${cell}${pad}${pad}${pad}`).join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), `|${head.map(() => ' :--- ').join('|')}|`, ...rows.map(row)].join('\n');

export const bytesText = (bytes: number): string => {
  if (bytes < 1000) return `${String(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
};

/** Rows of a table; more are summed up in one line, so that details stay below 20 kB. */
const rowsMax = 60;

const unitRows = (state: CopyState): readonly (readonly string[])[] =>
  Object.entries(state.units).map(([path, unit]) => {
    const moved = unit.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    const parts = unit.chunks.reduce((sum, chunk) => sum + chunk.count, 0);
    return [
      path.slice(path.lastIndexOf('/') + 1),
      `${bytesText(moved)} of ${bytesText(unit.item.source.size)}`,
      `${String(parts)} of ${String(unit.partCount)} parts`,
      unit.isStale ? 'starts again' : 'moving',
    ];
  });

export const describeCopy = (plan: AssetPlan, state: CopyState): string => {
  const { totals } = state;
  const head = `**${plan.name}**: ${String(totals.files)} files, ${bytesText(totals.bytes)} copied; ${String(totals.skipped)} were there already; ${String(state.queue.length)} waiting`;
  const units = unitRows(state);
  const shown = units.slice(0, rowsMax);
  const parts = [
    head,
    '',
    `${plan.source.kind} \`${plan.source.connection}\` → ${plan.target === null ? 'nothing (list only)' : `${plan.target.kind} \`${plan.target.connection}\``}: ${plan.why}`,
  ];
  if (shown.length > 0) parts.push('', table(['large file', 'bytes', 'parts', 'state'], shown));
  if (units.length > shown.length) parts.push('', `… ${String(units.length - shown.length)} more`);
  return parts.join('\n');
};

/** 1234567 → 1,234,567. */
export const rowsText = (rows: number): string => String(rows).replaceAll(/\B(?=(\d{3})+$)/g, ',');

const windowText = ({ begun }: RowsState): string => {
  if (begun === null) return 'the window is being opened';
  if (begun.isEmpty) return `nothing is new; ${begun.ceiling}`;
  const window = begun.window;
  if (window?.high === null || window === null) return 'everything that the source gives';
  const low = window.low === null ? 'the beginning' : `\`${window.low.value}\``;
  const waiting =
    begun.waiting === null || begun.waiting === 0
      ? ''
      : `; ${rowsText(begun.waiting)} rows wait for a later window`;
  return `window from ${low} to \`${window.high.value}\` of ${window.high.column}; ${begun.ceiling}${waiting}`;
};

const laneRows = (state: RowsState): readonly (readonly string[])[] =>
  Object.values(state.lanes).map(({ plan, outcome }) => [
    plan.file?.path ?? plan.order?.address.key ?? `lane ${String(plan.lane)}`,
    rowsText(outcome?.rows ?? 0),
    bytesText(outcome?.bytes ?? 0),
  ]);

export const describeRows = (plan: AssetPlan, state: RowsState): string => {
  const under = Object.values(state.lanes).reduce(
    (sum, { outcome }) => sum + (outcome?.rows ?? 0),
    0,
  );
  const parts = [
    `**${plan.name}**: ${state.phase}, ${rowsText(state.totals.rows + under)} rows moved; ${String(state.done.length)} lanes done, ${String(state.queue.length)} waiting`,
    '',
    `* ${windowText(state)}`,
    `* ${plan.source.kind} \`${plan.source.connection}\` → ${plan.target === null ? 'nothing' : `${plan.target.kind} \`${plan.target.connection}\``}: ${plan.why}`,
  ];
  for (const check of state.checks) {
    parts.push(
      `* check ${check.name}: ${check.passed ? 'passed' : '**failed**'}, ${check.message}`,
    );
  }
  const lanes = laneRows(state).slice(0, rowsMax);
  if (lanes.length > 0) parts.push('', table(['lane', 'rows', 'bytes'], lanes));
  return parts.join('\n');
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const cellsOf = (name: string, state: AssetState, link: string): readonly string[] => {
  switch (state.state) {
    case 'waiting':
      return [name, 'waiting', '', '', '', ''];
    case 'running':
      return [link, '**running**', '', '', '', ''];
    case 'done': {
      const { files, bytes, rows } = state.receipt;
      const read = bytes.read_twice > 0 ? `${bytesText(bytes.read_twice)} read twice` : '';
      const moved = rows === undefined ? String(files.copied) : `${rowsText(rows.read)} rows`;
      return [link, 'done', moved, bytesText(bytes.target), seconds(state.ms), read];
    }
    case 'failed':
      return [link, '**failed**', '', '', seconds(state.ms), state.failure.message.slice(0, 200)];
    case 'skipped':
      return [name, 'skipped', '', '', '', state.because];
  }
};

/** The table of a run. `namespace` makes links to the assets' own runs. */
export const describeRun = (plan: RunPlan, state: RunState, namespace: string): string => {
  const entries = Object.entries(state);
  const count = (kind: AssetState['state']): number =>
    entries.filter(([, asset]) => asset.state === kind).length;
  const head = `**${plan.context.name}**: ${String(count('done'))} of ${String(entries.length)} assets done, ${String(count('running'))} running, ${String(count('failed'))} failed, ${String(count('skipped'))} skipped`;
  const rows = entries.slice(0, rowsMax).map(([name, asset]) => {
    const id = encodeURIComponent(plan.assetIds[name] ?? '');
    return cellsOf(name, asset, `[${name}](/namespaces/${namespace}/workflows/${id})`);
  });
  const parts = [head, '', table(['asset', 'state', 'files or rows', 'bytes', 'time', ''], rows)];
  if (entries.length > rowsMax) parts.push('', `… ${String(entries.length - rowsMax)} more`);
  return parts.join('\n');
};

/** The table of a run of several partitions. */
export const describeBackfill = (
  plan: BackfillPlan,
  state: BackfillState,
  namespace: string,
): string => {
  const { done, made, failed, running, queue, next, sums } = state;
  const more = next === null ? '' : ' or more';
  const head = `**${plan.name}**: ${rowsText(done)} partitions done, ${rowsText(made)} made before, ${rowsText(running.length)} running, ${rowsText(failed)} failed, ${rowsText(queue.length)}${more} waiting${state.isPaused ? '; **paused**: signal \`resume\` goes on' : ''}`;
  const link = (partition: string): string => {
    const id = encodeURIComponent(`${plan.project}/${plan.name}/${partition}`);
    return `[${partition}](/namespaces/${namespace}/workflows/${id})`;
  };
  const rows = [
    ...running.map((partition) => [link(partition), '**running**', '']),
    ...state.failures.map(({ partition, message }) => [
      link(partition),
      '**failed**',
      message.slice(0, 200),
    ]),
  ].slice(0, rowsMax);
  const parts = [
    head,
    '',
    `* ${rowsText(sums.rows)} rows, ${rowsText(sums.files)} files, ${bytesText(sums.bytes)}`,
  ];
  if (rows.length > 0) parts.push('', table(['partition', 'state', ''], rows));
  return parts.join('\n');
};
