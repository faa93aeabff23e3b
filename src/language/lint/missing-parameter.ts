/** A required parameter without a value: whoever starts the job by hand can give one, a schedule or sensor cannot. */
import {
  defineDiagnostic,
  diagnose,
  type Diagnostic,
  type Span,
} from '../../core/errors/diagnostic.js';
import type { JsonObject } from '../../core/values/json.js';
import type { JobDefinition, ParameterDefinition } from '../definition/definition.js';
import { assetNamed, jobNamed, type ProjectDraft } from '../definition/draft.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/missing-parameter',
  severity: 'warning',
  summary:
    'A schedule or sensor starts a job whose required parameter has no value: every such run would fail.',
  fix: 'Give the parameter a default in params_schema, a value in job_overrides, or, for a sensor, in its params.',
});

const has = (values: JsonObject | undefined, name: string): boolean =>
  values !== undefined && Object.hasOwn(values, name);

const hasValue = (
  param: ParameterDefinition,
  job: JobDefinition,
  launch: JsonObject,
  draft: ProjectDraft,
): boolean => {
  if (param.default !== undefined || has(job.overrides, param.name) || has(launch, param.name)) {
    return true;
  }
  const assets = param.asset === null ? job.assets : [param.asset];
  return assets.every((asset) => {
    const own = assetNamed(draft, asset)?.definition.params;
    return (
      has(launch, `${asset}.${param.name}`) ||
      has(job.assetOverrides[asset], param.name) ||
      has(own, param.name)
    );
  });
};

interface Start {
  readonly what: string;
  readonly job: string;
  readonly params: JsonObject;
  readonly span: Span;
}

const starts = (draft: ProjectDraft): readonly Start[] => [
  ...draft.schedules.flatMap(({ definition: { name, jobs, span } }) =>
    jobs.map(({ job }) => ({ what: `schedule ${JSON.stringify(name)}`, job, params: {}, span })),
  ),
  ...draft.sensors.map(({ definition: { name, job, params, span } }) => ({
    what: `sensor ${JSON.stringify(name)}`,
    job,
    params,
    span,
  })),
];

const findings = (start: Start, draft: ProjectDraft): readonly Diagnostic[] => {
  const job = jobNamed(draft, start.job)?.definition;
  return (job?.params ?? []).flatMap((param) => {
    if (job === undefined || !param.required || hasValue(param, job, start.params, draft))
      return [];
    const message = `${start.what}: job ${JSON.stringify(job.name)} requires parameter ${JSON.stringify(param.name)}, which has no value`;
    const related = [{ message: 'declared here', span: param.span }];
    return [diagnose(kind, start.span, message, { fix: kind.fix, related })];
  });
};

const project = (type: string) =>
  exampleProject(
    `assets:\n${exampleAsset.replace('raw/orders', '"raw/{{ params.zone }}"')}jobs:\n  - { name: orders_job, selection: orders, cron: "0 3 * * *", params_schema: { zone: "${type}" } }\n`,
  );

export const missingParameter = defineRule({
  kind,
  bad: project('string!'),
  good: project('string!|eu'),
  check: (draft) => starts(draft).flatMap((start) => findings(start, draft)),
});
