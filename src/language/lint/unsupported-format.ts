/**
 * D20: a side of files whose rows cannot be read or written as its options ask, or files that cannot be changed so on
 * their way. What stands in templates is judged when the run is planned, by the same functions.
 */
import { movesRows } from '../../connectors/sides.js';
import { defineDiagnostic, diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import type { AssetDefinition } from '../definition/definition.js';
import type { Draft, ProjectDraft } from '../definition/draft.js';
import { holdsTemplate } from '../definition/options.js';
import { fileFormatFields, fileFormatOf } from '../../formats/options.js';
import { recodingOf } from '../../formats/recoding-options.js';
import { assetEndpoints, type PlacedEndpoint } from './endpoints.js';
import { exampleRows, toObjects, toTable } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/unsupported-format',
  severity: 'error',
  summary:
    'Rows cannot be read from files or written to files as the options of that side ask, or files cannot be converted so.',
  fix: 'Write what the message names instead.',
});

/** Options that do not fit their fields are found where options are read. */
const isJudged = ({ endpoint: { configs } }: PlacedEndpoint): boolean =>
  Object.entries(fileFormatFields).every(
    ([name, schema]) =>
      configs[name] === undefined ||
      (schema.safeParse(configs[name]).success && !holdsTemplate(JSON.stringify(configs[name]))),
  );

/** Of a copy of files: what both sides ask for together. */
const recodingFindings = (sides: readonly PlacedEndpoint[]): readonly Diagnostic[] => {
  const [source, target] = sides;
  if (source === undefined || target === undefined || !sides.every(isJudged)) return [];
  const recoding = recodingOf(source.endpoint.configs, target.endpoint.configs);
  if (recoding === null || !('refused' in recoding)) return [];
  const { what, configs } = recoding.side === 'source' ? source : target;
  const span = configs.span(recoding.path, 'value');
  return [diagnose(kind, span, `${what}: ${recoding.refused}`, { fix: recoding.fix })];
};

const findings = (draft: ProjectDraft, asset: Draft<AssetDefinition>): readonly Diagnostic[] => {
  const sides = assetEndpoints(draft, asset);
  const isRowSide = ({ connector, side }: PlacedEndpoint): boolean =>
    connector !== undefined && side !== 'watch' && movesRows(connector, side);
  if (!sides.some(isRowSide)) return recodingFindings(sides);
  return sides
    .filter((side) => !isRowSide(side) && isJudged(side))
    .flatMap(({ what, side, endpoint, configs }) => {
      const format = fileFormatOf(endpoint.configs, side === 'target' ? 'write' : 'read');
      if (!('refused' in format)) return [];
      const span = configs.span(format.path, 'value');
      return [diagnose(kind, span, `${what}: ${format.refused}`, { fix: format.fix })];
    });
};

const loading = (options: string) =>
  exampleRows(toObjects(`, prefix: raw/orders, ${options}`), toTable(', sync_mode: append'));

export const unsupportedFormat = defineRule({
  kind,
  bad: loading('object_type: PARQUET'),
  good: loading("csv_options: { delimiter: ';' }, compress_options: { type: GZIP }"),
  check: (draft) => draft.assets.flatMap((asset) => findings(draft, asset)),
});
