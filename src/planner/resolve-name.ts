/**
 * What a workflow type stands for (D13): jobs, assets and sensors share one space of names, kept as written;
 * `job.x`, `asset.x` and `sensor.x` always work.
 */
import { TidemarkError } from '../core/errors/error.js';
import { suggest } from '../core/values/suggest.js';
import type {
  AssetDefinition,
  Definition,
  JobDefinition,
  SensorDefinition,
} from '../language/definition/definition.js';
import { unknownName } from './errors.js';

export type Startable =
  | { readonly kind: 'job'; readonly job: JobDefinition }
  | { readonly kind: 'asset'; readonly asset: AssetDefinition }
  | { readonly kind: 'sensor'; readonly sensor: SensorDefinition };

const byName = <T extends { readonly name: string }>(list: readonly T[], name: string) =>
  list.find((entry) => entry.name === name);

const lookUp = (definition: Definition, kind: string | null, name: string): Startable | null => {
  const job = kind === null || kind === 'job' ? byName(definition.jobs, name) : undefined;
  if (job !== undefined) return { kind: 'job', job };
  const asset = kind === null || kind === 'asset' ? byName(definition.assets, name) : undefined;
  if (asset !== undefined) return { kind: 'asset', asset };
  const sensor = kind === null || kind === 'sensor' ? byName(definition.sensors, name) : undefined;
  return sensor === undefined ? null : { kind: 'sensor', sensor };
};

const namesMax = 50;

const listed = (title: string, entries: readonly { readonly name: string }[]): string => {
  if (entries.length === 0) return `${title}: none`;
  const shown = entries.slice(0, namesMax).map((entry) => entry.name);
  const rest = entries.length > namesMax ? `, and ${entries.length - namesMax} more` : '';
  return `${title}: ${shown.join(', ')}${rest}`;
};

const notFound = (definition: Definition, name: string): TidemarkError => {
  const { jobs, assets, sensors } = definition;
  const all = [...jobs, ...assets, ...sensors].map((entry) => entry.name);
  const near = suggest(name.replace(/^(job|asset|sensor)\./, ''), all);
  const known = [listed('jobs', jobs), listed('assets', assets), listed('sensors', sensors)].join(
    '; ',
  );
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return new TidemarkError(
    unknownName,
    `project "${definition.project.name}" has nothing that is called ${JSON.stringify(shown)} (${known})`,
    near === undefined ? {} : { fix: `Did you mean ${near}?` },
  );
};

/** Throws `plan/unknown-name`, which lists what is known, when there is no such job, asset or sensor. */
export const resolveName = (definition: Definition, name: string): Startable => {
  const bare = lookUp(definition, null, name);
  if (bare !== null) return bare;
  const match = /^(job|asset|sensor)\.(.+)$/s.exec(name);
  const prefixed = match === null ? null : lookUp(definition, match[1] ?? null, match[2] ?? '');
  if (prefixed !== null) return prefixed;
  throw notFound(definition, name);
};
