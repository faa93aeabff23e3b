/**
 * D20: options of formats and compression where files stay as they are: in a plain copy, and at a sensor, which only
 * looks. They would be ignored, so they are refused; where rows are read or written, or files changed, they are welcome.
 * `params` of a source fill a query; a table has none.
 */
import { movesRows } from '../../connectors/sides.js';
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { copiesOnly, optionsWithoutEffect } from '../../formats/options.js';
import { recodingOf } from '../../formats/recoding-options.js';
import { allEndpoints, type PlacedEndpoint } from './endpoints.js';
import type { ProjectDraft } from '../definition/draft.js';
import { exampleAsset, exampleProject, exampleRows, toObjects } from './example.js';
import { isWritten, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/options-without-effect',
  severity: 'error',
  summary:
    'Options stand where nothing reads them: of a format or compression where files are copied or watched unchanged, `params` where a table is read.',
  fix: 'Leave them out; formats have an effect where rows go from files into a table or from a table into files, `params` beside `sql`.',
});

const isRows = (
  draft: ProjectDraft,
  side: 'source' | 'target',
  kindName: string | undefined,
): boolean => {
  const connector = draft.connectors.find((entry) => entry.kind === kindName);
  return connector !== undefined && movesRows(connector, side);
};

/** Does nothing read the format of this side's files? */
const keepsBytes = (draft: ProjectDraft, { asset, side }: PlacedEndpoint): boolean => {
  if (side === 'watch') return true;
  if (asset === null) return false;
  if (isRows(draft, 'source', asset.source.kind) || isRows(draft, 'target', asset.target?.kind))
    return false;
  // What cannot be done is found by another rule.
  return asset.target === null || recodingOf(asset.source.configs, asset.target.configs) === null;
};

const reasonOf = ({
  side,
  asset,
}: PlacedEndpoint): { readonly why: string; readonly fix: string } => {
  if (side === 'watch') return { why: ': a sensor does not open files', fix: 'Leave it out.' };
  return asset?.target === null
    ? { why: ': files are only counted', fix: 'Leave it out.' }
    : { why: ' on a copy', fix: copiesOnly };
};

const tableParams = (draft: ProjectDraft) =>
  rowAssets(draft)
    .filter(({ source }) => isWritten(source, 'table_name') && isWritten(source, 'params'))
    .filter(({ source }) => !isWritten(source, 'sql') && !isWritten(source, 'query'))
    .map(({ source: { what, configs } }) =>
      diagnose(kind, configs.span(['params'], 'key'), `${what}: params has no effect on a table`, {
        fix: 'Leave it out, or read by sql instead of table_name.',
      }),
    );

export const optionsWithoutEffectRule = defineRule({
  kind,
  bad: exampleRows(toObjects(', prefix: in, csv_options: { delimiter: ";" }'), toObjects()),
  good: exampleProject(`assets:\n${exampleAsset}`),
  check: (draft) => [
    ...allEndpoints(draft).flatMap((placed) => {
      const { what, endpoint, configs } = placed;
      const names = optionsWithoutEffect(endpoint.configs);
      if (names.length === 0 || !keepsBytes(draft, placed)) return [];
      const { why, fix } = reasonOf(placed);
      return names.map((name) =>
        diagnose(kind, configs.span([name], 'key'), `${what}: ${name} has no effect${why}`, {
          fix,
        }),
      );
    }),
    ...tableParams(draft),
  ],
});
