/**
 * What the Web UI shows of a run in words: current details, as Markdown tables. The UI draws tables without borders or
 * padding, so cells are padded with non-breaking spaces.
 */
import type { AssetPlan, RunPlan } from '../src/core/plan/plan.js';
import type { CopyState } from '../src/core/run/copy-state.js';
import type { AssetState, RunState } from '../src/core/run/job-run.js';

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

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const cellsOf = (name: string, state: AssetState, link: string): readonly string[] => {
  switch (state.state) {
    case 'waiting':
      return [name, 'waiting', '', '', '', ''];
    case 'running':
      return [link, '**running**', '', '', '', ''];
    case 'done': {
      const { files, bytes } = state.receipt;
      const read = bytes.read_twice > 0 ? `${bytesText(bytes.read_twice)} read twice` : '';
      return [link, 'done', String(files.copied), bytesText(bytes.target), seconds(state.ms), read];
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
  const parts = [head, '', table(['asset', 'state', 'files', 'bytes', 'time', ''], rows)];
  if (entries.length > rowsMax) parts.push('', `… ${String(entries.length - rowsMax)} more`);
  return parts.join('\n');
};
