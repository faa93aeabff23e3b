/** How `explain` shows what `--live` and `--sample` found. Pure. */
import type { RowSample, Sample } from './explain-facts.js';
import { bytesText } from './bytes-text.js';
import { columns } from './table.js';

const margin = '           ';

export const sampleLines = (sample: Sample): readonly string[] => {
  const rows = sample.items.map(({ source, bytes, target, decision }) => [
    source,
    bytesText(bytes),
    target === null ? '' : `→ ${target}`,
    decision,
  ]);
  const left =
    sample.filtered === 0
      ? []
      : [`${margin}${sample.filtered} more left out by predicate or check_is_modifying`];
  const { counts } = sample;
  const live =
    counts === null ? [] : [`   live    ${counts.files} files, ${bytesText(counts.bytes)}`];
  const title =
    rows.length === 0 && counts !== null
      ? []
      : [`   sample  ${rows.length === 0 ? 'no files' : `the first ${rows.length}`}`];
  return [...title, ...columns(rows, margin), ...left, ...live];
};

const windowLines = ({ live }: RowSample): readonly string[] => {
  const bound = live?.bound ?? null;
  if (bound === null) return [];
  const { high, ceiling, waiting, nullCursors } = bound;
  const end = high === null ? 'nothing to read' : `would end at ${JSON.stringify(high.value)}`;
  const later = waiting === null ? [] : [`${waiting} rows wait for a later one`];
  const nulls = nullCursors === 0 ? [] : [`${nullCursors} rows have no cursor`];
  return [`   window  ${[end, ...later, ...nulls].join('; ')}`, `${margin}ceiling: ${ceiling}`];
};

const shapeLines = ({ shape, live }: RowSample): readonly string[] => {
  if (live === null) return [];
  const key =
    shape.key === null
      ? `no key (${shape.keyFrom})`
      : `key ${shape.key.join(', ')} (${shape.keyFrom})`;
  const table = shape.columns.map(({ name, type, nullable }) => [
    name,
    type,
    nullable ? '' : 'not null',
  ]);
  return [`   live    ${live.rows} rows, ${key}`, ...columns(table, margin)];
};

export const rowSampleLines = (sample: RowSample): readonly string[] => {
  const { lines, live } = sample;
  const title = lines.length === 0 ? 'no rows' : 'the first rows, by key where there is one';
  const rows =
    lines.length === 0 && live !== null
      ? []
      : [`   sample  ${title}`, ...lines.map((line) => `${margin}${line}`)];
  return [...shapeLines(sample), ...windowLines(sample), ...rows];
};
