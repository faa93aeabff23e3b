/**
 * D17: a sensor watches one place while its job reads another and does not look at the trigger: the arrival of a file
 * would start a run that has nothing to do with it. Decided only where both places are written out.
 */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import type { EndpointDefinition, SensorDefinition } from '../definition/definition.js';
import { assetNamed, jobNamed, type ProjectDraft } from '../definition/draft.js';
import { oncePer } from '../definition/once-per.js';
import { holdsTemplate } from '../definition/options.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';
import { templateUses } from './template-uses.js';

const kind = defineDiagnostic({
  code: 'lint/sensor-without-effect',
  severity: 'warning',
  summary: 'A sensor watches one place; its job reads another and does not use the trigger.',
  fix: 'Let an asset of the job read the watched place, or use {{ trigger.… }} in it, or correct the sensor.',
});

const locationKeys = ['bucket_name', 'path', 'prefix', 'key'] as const;

/** The folder that is read, as text to compare; undefined where a template decides. */
const location = ({ configs }: EndpointDefinition): string | undefined => {
  const parts = locationKeys.map((key) => configs[key]);
  if (parts.some((part) => typeof part === 'string' && holdsTemplate(part))) return undefined;
  const folder = parts.slice(1).find((part) => typeof part === 'string' && part !== '');
  return `/${typeof folder === 'string' ? folder : ''}`.replace(/\/+/g, '/').replace(/\/$/, '');
};

const isSameBucket = (a: EndpointDefinition, b: EndpointDefinition): boolean => {
  const [one, other] = [a.configs['bucket_name'], b.configs['bucket_name']];
  // Without a name it is the connection's own bucket, which may be the very one that the other side names.
  return (
    typeof one !== 'string' ||
    typeof other !== 'string' ||
    holdsTemplate(one + other) ||
    one === other
  );
};

const mayCover = (source: EndpointDefinition, watched: EndpointDefinition): boolean => {
  if (holdsTemplate(source.connection) || holdsTemplate(watched.connection)) return true;
  if (source.connection !== watched.connection || !isSameBucket(source, watched)) return false;
  const [read, seen] = [location(source), location(watched)];
  return read === undefined || seen === undefined || read.startsWith(seen) || seen.startsWith(read);
};

/** Names of assets that use the trigger somewhere. */
const usingTrigger = oncePer(
  (draft: ProjectDraft): ReadonlySet<string> =>
    new Set(
      templateUses(draft)
        .filter(({ text }) => /\btrigger\b/.test(text))
        .flatMap(({ endpoint }) => endpoint?.asset?.name ?? []),
    ),
);

const hasEffect = (sensor: SensorDefinition, draft: ProjectDraft): boolean => {
  const job = jobNamed(draft, sensor.job)?.definition;
  // An unknown or empty job is another rule's finding.
  if (job === undefined || job.assets.length === 0) return true;
  return job.assets.some((name) => {
    const asset = assetNamed(draft, name)?.definition;
    return (
      asset === undefined || mayCover(asset.source, sensor.source) || usingTrigger(draft).has(name)
    );
  });
};

const isDecidable = (connection: string, draft: ProjectDraft): boolean =>
  holdsTemplate(connection) || draft.connectionNames.includes(connection);

const project = (path: string) =>
  exampleProject(
    `assets:\n${exampleAsset}jobs:\n  - { name: orders_job, selection: orders }\nsensors:\n  - { name: arrivals, type: FILES, job: orders_job, connection: inbox, configs: { path: ${path} } }\n`,
  );

export const sensorWithoutEffect = defineRule({
  kind,
  bad: project('/out/invoices'),
  good: project('/out/orders'),
  check: (draft) =>
    draft.sensors
      // A connection that nobody defines is another rule's finding.
      .filter(({ definition: { source } }) => isDecidable(source.connection, draft))
      .filter(({ definition }) => !hasEffect(definition, draft))
      .map(({ definition }) => {
        const message = `sensor ${JSON.stringify(definition.name)}: no asset of job ${JSON.stringify(definition.job)} reads what it watches, and none uses the trigger`;
        return diagnose(kind, definition.span, message, { fix: kind.fix });
      }),
});
