/**
 * `--live` and `--sample` for assets that read rows: the source says what its query gives. Nothing is written, no
 * window is opened; values of rows are shown because the user asked for them.
 */
import type { RowSource, WindowBound } from '../connectors/row-connector.js';
import type { Diagnostic } from '../core/errors/diagnostic.js';
import { invariant } from '../core/errors/invariant.js';
import type { AssetPlan } from '../core/plan/plan.js';
import {
  plainCsv,
  type RowFormat,
  type RowQuery,
  type RowShape,
  type RowsPlan,
} from '../core/plan/rows.js';
import { parquetColumns } from '../formats/parquet-columns.js';
import { checkAgainstShape } from '../planner/rows/check-shape.js';
import { Redactor } from '../runtime/secrets/redactor.js';
import { withSecretsInQueries } from '../runtime/secrets/statement-secrets.js';
import type { ExplainFacts, RowSample } from './explain-facts.js';
import {
  columnFinding,
  keylessFinding,
  refusalFinding,
  type AssetPlaces,
} from './live-findings.js';
import { openContext, resolved, type SampleWish } from './sample.js';

export interface RowAnswer {
  /** Null: the source refuses the query. */
  readonly sample: RowSample | null;
  readonly findings: readonly Diagnostic[];
}

/** What is asked of an open source. */
interface Question {
  readonly source: RowSource;
  readonly rows: RowsPlan;
  readonly query: RowQuery;
  readonly format: RowFormat;
  readonly wish: SampleWish;
  readonly signal: AbortSignal;
}

const firstLines = async (bytes: AsyncIterable<Buffer>, lines: number): Promise<string[]> => {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('\n').length > lines) break;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, lines);
};

const firstRows = async (question: Question, shape: RowShape): Promise<readonly string[]> => {
  const { source, query, format, wish, signal } = question;
  if (wish.files === 0) return [];
  await using reader = await source.open({ query, shape, window: null, format }, signal);
  const upTo = shape.key === null ? null : await reader.pageEnd(null, null, wish.files, signal);
  const hasHeader = format.kind === 'csv';
  const page = { after: null, upTo, header: hasHeader };
  return await firstLines(reader.read(page, signal), wish.files + (hasHeader ? 1 : 0));
};

const boundOf = async (
  { source, query, rows, signal }: Question,
  shape: RowShape,
): Promise<WindowBound | null> =>
  rows.mark === null ? null : source.bound(query, shape, { low: null, plan: rows.mark }, signal);

/** Columns first: with all of them known, each wrong name has its place. */
const unknownColumns = async (question: Question, places: AssetPlaces) => {
  const { source, query, rows, signal } = question;
  const bare = { ...query, columns: null, key: null, cursor: null };
  const { columns } = await source.inspect(bare, signal);
  return checkAgainstShape(rows, { columns }).map((found) => columnFinding(places, found));
};

const ask = async (question: Question, places: AssetPlaces): Promise<RowAnswer> => {
  const { source, query, wish, signal } = question;
  const wrong = await unknownColumns(question, places);
  if (wrong.length > 0) return { sample: null, findings: wrong };
  const shape = await source.inspect(query, signal);
  const { parquet } = question.rows.format;
  // Refused here as it would be at the beginning of a run.
  if (parquet !== undefined) parquetColumns(shape.columns);
  // A Parquet file starts again in any case.
  const keyless = shape.key === null && query.table !== null && parquet === undefined;
  const sample: RowSample = {
    shape,
    live: wish.counts
      ? { rows: await source.count(query, signal), bound: await boundOf(question, shape) }
      : null,
    lines: await firstRows(question, shape),
  };
  return { sample, findings: keyless ? [keylessFinding(places, shape)] : [] };
};

export const sampleRows = async (
  plan: AssetPlan,
  wish: SampleWish,
  places: AssetPlaces,
  facts: ExplainFacts,
): Promise<RowAnswer> => {
  const { env, signal } = facts.terminal;
  const redactor = new Redactor();
  const saw = (value: string): void => redactor.add(value);
  const { rows } = plan;
  try {
    const { connector, config } = resolved(plan.source, facts, redactor);
    const declared = connector.rowSource;
    const query = rows?.query ?? null;
    invariant(
      declared !== undefined && rows !== undefined && query !== null,
      'an asset that reads rows has a query',
    );
    await using opened = await declared.open(config, openContext(plan.source, facts));
    const source = withSecretsInQueries(opened, { read: (name) => env[name], saw });
    const format: RowFormat = declared.capabilities.writes.includes('jsonl')
      ? { kind: 'jsonl' }
      : { ...plainCsv, header: true };
    return await ask({ source, rows, query, format, wish, signal }, places);
  } catch (error) {
    return { sample: null, findings: [refusalFinding(places, error)] };
  }
};
