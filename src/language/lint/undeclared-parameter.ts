/** D10: a parameter that a template uses and nobody declares or gives a value. */
import { diagnose } from '../../core/errors/diagnostic.js';
import type { AssetDefinition, SensorDefinition } from '../definition/definition.js';
import { jobNamed, jobsOfAsset, type ProjectDraft } from '../definition/draft.js';
import { splitParameterName } from '../definition/parameters.js';
import { undeclaredParameter as kind } from '../template/diagnostics.js';
import { exampleAsset, exampleProject } from './example.js';
import { nearFacts } from './near.js';
import { defineRule } from './rule.js';
import { templateUses } from './template-uses.js';

/** Names of parameters that an asset may see: from its jobs, from sensors of those jobs, from itself. */
const knownToAsset = (asset: AssetDefinition, draft: ProjectDraft): ReadonlySet<string> => {
  const names = jobsOfAsset(draft, asset.name).flatMap((job) => [
    ...job.params
      .filter((param) => param.asset === null || param.asset === asset.name)
      .map((param) => param.name),
    ...Object.keys(job.overrides),
    ...Object.keys(job.assetOverrides[asset.name] ?? {}),
    ...draft.sensors
      .filter(({ definition }) => definition.job === job.name)
      .flatMap(({ definition }) => Object.keys(definition.params))
      .map((key) => splitParameterName(key, [asset.name]).name),
  ]);
  return new Set([...names, ...Object.keys(asset.params)]);
};

/** A sensor sees its own values and those that its job declares. */
const knownToSensor = (sensor: SensorDefinition, draft: ProjectDraft): ReadonlySet<string> => {
  const job = jobNamed(draft, sensor.job)?.definition;
  return new Set([
    ...Object.keys(sensor.params),
    ...(job?.params ?? []).map((param) => param.name),
    ...Object.keys(job?.overrides ?? {}),
  ]);
};

const zone = exampleAsset.replace('raw/orders', '"raw/{{ params.zone }}"');

export const undeclaredParameter = defineRule({
  kind,
  bad: exampleProject(`assets:\n${zone}`),
  good: exampleProject(
    `assets:\n${zone}jobs:\n  - { name: orders_job, selection: orders, params_schema: { zone: "string|eu" } }\n`,
  ),
  check: (draft) =>
    templateUses(draft).flatMap((use) => {
      const { asset, sensor } = use.endpoint ?? {};
      if (!('template' in use.parsed) || (!asset && !sensor)) return [];
      const used = use.parsed.template.references.filter(
        ({ root, path, guarded }) => root === 'params' && path.length > 0 && !guarded,
      );
      if (used.length === 0) return [];
      const known = asset
        ? knownToAsset(asset, draft)
        : sensor
          ? knownToSensor(sensor, draft)
          : new Set<string>();
      return used.flatMap(({ path: [name = ''], offset, length }) => {
        if (known.has(name)) return [];
        const message = `${use.what}: parameter ${JSON.stringify(name)} is declared nowhere`;
        return [
          diagnose(kind, use.span(offset, length), message, {
            ...nearFacts(name, [...known]),
            fix: 'Declare it in params_schema of the job, or give it a value in params of the asset.',
          }),
        ];
      });
    }),
});
