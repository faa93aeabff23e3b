/** Jobs: which assets run together, with which parameters. Also the jobs that an asset's `cron` generates. */
import type { AssetDefinition, JobDefinition } from './definition.js';
import type { Draft, JobDraft, LoadContext } from './draft.js';
import { readParameters } from './parameters.js';
import { placedAt, type Placed } from './placed.js';
import { readShape } from './reading.js';
import { resolveSelection } from './selection.js';
import { jobShape } from './shapes.js';

export interface AssetGraph {
  readonly assets: readonly AssetDefinition[];
  /** Names that files declare, also of assets that could not be defined. */
  readonly declared: readonly string[];
}

export const readJob = (
  placed: Placed,
  what: string,
  graph: AssetGraph,
  context: LoadContext,
): JobDraft | undefined => {
  const reading = { what, report: context.report };
  const shape = readShape(jobShape, placed, 'job', reading);
  if (shape === undefined) return undefined;
  const params = placedAt(placed, 'params_schema');
  const selection = resolveSelection(placedAt(placed, 'selection').value ?? undefined, graph);
  const definition: JobDefinition = {
    name: shape.name,
    description: shape.description ?? '',
    assets: selection.names,
    tags: shape.tags ?? {},
    params: readParameters(params, graph.declared, reading),
    overrides: shape.job_overrides ?? {},
    assetOverrides: shape.ops_config ?? {},
    isStrict: shape.is_strict,
    generatedFrom: null,
    span: placed.span(['name'], 'value'),
  };
  return { definition, placed, cron: shape.cron, selectionProblems: selection.problems };
};

/** `cron` on an asset: job `<asset>_job` of just that asset (dialect §3.2). */
export const generatedJob = ({ definition, placed }: Draft<AssetDefinition>): JobDraft => ({
  definition: {
    name: `${definition.name}_job`,
    description: definition.description,
    assets: [definition.name],
    tags: {},
    params: [],
    overrides: {},
    assetOverrides: {},
    isStrict: false,
    generatedFrom: definition.name,
    span: placed.span(['cron'], 'value'),
  },
  placed,
  cron: undefined,
  selectionProblems: [],
});
