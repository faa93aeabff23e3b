/** What a source says against what the YAML takes for granted, as findings with their places: lint cannot know them. */
import {
  defineDiagnostic,
  diagnose,
  type Diagnostic,
  type Span,
} from '../core/errors/diagnostic.js';
import { TidemarkError } from '../core/errors/error.js';
import type { RowShape } from '../core/plan/rows.js';
import type { ShapeFinding } from '../planner/rows/check-shape.js';

export const unknownColumn = defineDiagnostic({
  code: 'live/unknown-column',
  severity: 'error',
  summary: 'A field names a column that the table or query does not give.',
  fix: 'Write one of its columns, as the source spells it.',
});

export const keylessTable = defineDiagnostic({
  code: 'live/no-resume-key',
  severity: 'warning',
  summary:
    'A table has no key over columns that are never NULL, so that a read of it cannot resume: it starts again.',
  fix: 'Give the table a primary key, or write primary_key at the source: columns that are unique together and never NULL.',
});

/** Where the fields of one asset stand; null: not written. */
export interface AssetPlaces {
  /** Of the asset itself. */
  readonly asset: Span;
  readonly name: string;
  at(side: 'source' | 'target', field: string, entry?: string): Span | null;
}

type Candidate = readonly ['source' | 'target', string];

/** Where a name may have been written, the likeliest first. */
const fieldsOf: Readonly<Record<string, readonly Candidate[]>> = {
  columns: [['source', 'columns']],
  cursor_column: [
    ['source', 'cursor_column'],
    ['source', 'update_key'],
    ['target', 'update_key'],
  ],
  'source.primary_key': [['source', 'primary_key']],
  'target.primary_key': [
    ['target', 'primary_key'],
    ['source', 'primary_key'],
  ],
};

const read: readonly Candidate[] = [
  ['source', 'sql'],
  ['source', 'query'],
  ['source', 'table_name'],
];

const placeOf = (places: AssetPlaces, fields: readonly Candidate[], entry?: string): Span => {
  for (const [side, field] of [...fields, ...read]) {
    const span = places.at(side, field, entry);
    if (span !== null) return span;
  }
  return places.asset;
};

const subject = ({ name }: AssetPlaces): string => `asset ${JSON.stringify(name)}`;

export const columnFinding = (places: AssetPlaces, found: ShapeFinding): Diagnostic => {
  const { field, column, message, hint } = found;
  const span = placeOf(places, fieldsOf[field] ?? [], column);
  const text = `${subject(places)}: ${message}`;
  return diagnose(
    unknownColumn,
    span,
    text,
    hint === undefined ? { fix: unknownColumn.fix } : { hint },
  );
};

export const keylessFinding = (places: AssetPlaces, { keyFrom }: RowShape): Diagnostic =>
  diagnose(
    keylessTable,
    placeOf(places, []),
    `${subject(places)}: the read cannot resume: ${keyFrom}`,
    { fix: keylessTable.fix },
  );

/** What the source refuses for good, where the query stands; anything else is thrown on. */
export const refusalFinding = (places: AssetPlaces, error: unknown): Diagnostic => {
  if (!(error instanceof TidemarkError) || error.kind.recovery !== 'never') throw error;
  const { code, message, fix } = error;
  const span = placeOf(places, []);
  return { code, severity: 'error', message: `${subject(places)}: ${message}`, span, fix };
};
