/**
 * D20: options of formats and compression where files stay as they are: in a plain copy, and at a sensor, which only
 * looks. They would be ignored, so they are refused; where rows are read or written, or files changed, they are welcome.
 */
import { movesRows } from '../../connectors/sides.js';
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { copiesOnly, optionsWithoutEffect } from '../../formats/options.js';
import { recodingOf } from '../../formats/recoding-options.js';
import { allEndpoints, type PlacedEndpoint } from './endpoints.js';
import type { ProjectDraft } from '../definition/draft.js';
import { exampleAsset, exampleProject, exampleRows, toObjects } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/options-without-effect',
  severity: 'error',
  summary: 'Options of a format or compression stand where files are copied or watched unchanged.',
  fix: 'Leave them out; they have an effect where rows go from files into a table or from a table into files.',
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

export const optionsWithoutEffectRule = defineRule({
  kind,
  bad: exampleRows(toObjects(', prefix: in, csv_options: { delimiter: ";" }'), toObjects()),
  good: exampleProject(`assets:\n${exampleAsset}`),
  check: (draft) =>
    allEndpoints(draft)
      .filter((endpoint) => keepsBytes(draft, endpoint))
      .flatMap((placed) => {
        const { what, endpoint, configs } = placed;
        const { why, fix } = reasonOf(placed);
        return optionsWithoutEffect(endpoint.configs).map((name) =>
          diagnose(kind, configs.span([name], 'key'), `${what}: ${name} has no effect${why}`, {
            fix,
          }),
        );
      }),
});
