/** docs/reference/yaml.md: the keys of the dialect outside connectors, from the shapes that the reader reads by. */
import type { z } from 'zod';
import { fieldDocs } from '../../src/cli/option-docs.js';
import { checkShapes } from '../../src/language/definition/check-shapes.js';
import { partitionShapes } from '../../src/language/definition/partition-shapes.js';
import {
  olderOptions,
  refusedConnectionTypes,
  refusedKeys,
  refusedTypes,
  type Section,
} from '../../src/language/definition/refused.js';
import {
  assetShape,
  connectionShape,
  endpointShape,
  jobShape,
  projectShape,
  scheduleShape,
  sensorShape,
} from '../../src/language/definition/shapes.js';
import { code, fieldTable, generated, table } from './markdown.js';

const advice = (keys: Readonly<Record<string, string>>): readonly string[] => {
  const rows = Object.entries(keys).map(([key, text]) => [code(key), text]);
  return rows.length === 0
    ? []
    : ['Known and refused:', '', ...table(['key', 'what to do instead'], rows)];
};

interface Part {
  readonly title: string;
  readonly text: string;
  readonly shape: z.ZodType;
  readonly section?: Section;
}

const part = ({ title, text, shape, section }: Part): readonly string[] => [
  `## ${title}`,
  '',
  text,
  '',
  ...fieldTable(fieldDocs(shape), { templates: false }),
  ...(section === undefined ? [] : advice(refusedKeys[section])),
];

/** One table for the keys that all types share, and one for each type with the rest. */
const byType = (
  shapes: Readonly<Record<string, z.ZodType>>,
  own: (type: string) => readonly string[],
): readonly string[] =>
  Object.entries(shapes).flatMap(([type, shape]) => [
    `### \`type: ${type}\``,
    '',
    ...own(type),
    ...fieldTable(
      fieldDocs(shape).filter(({ name }) => name !== 'type'),
      { templates: false },
    ),
  ]);

const parts: readonly Part[] = [
  {
    title: 'assets',
    text: 'A list in a pipeline file: what is moved from where to where.',
    shape: assetShape,
    section: 'asset',
  },
  {
    title: 'source and target',
    text: 'One side of an asset. The options are those of the [connector](README.md#connectors); they stand in `configs`, or beside `type` and `connection` where there is no `configs`. The connection may stand among the options, too.',
    shape: endpointShape,
    section: 'endpoint',
  },
  {
    title: 'jobs',
    text: 'A list in a pipeline file: which assets run together, with which parameters.',
    shape: jobShape,
    section: 'job',
  },
  {
    title: 'schedules',
    text: 'A list in a pipeline file: which jobs run when.',
    shape: scheduleShape,
    section: 'schedule',
  },
  {
    title: 'sensors',
    text: 'A list in a pipeline file: what is watched, and which job an arrival starts. The place stands beside `name` as `type`, `connection` and `configs`, or in one mapping `source`.',
    shape: sensorShape,
    section: 'sensor',
  },
];

const files = [
  '## The files',
  '',
  ...table(
    ['file', 'holds'],
    [
      ['`tidemark.yaml`', 'the project itself; may be missing; *ours*'],
      [
        '`connections/common.yaml`, `connections/<ENV>.yaml`',
        '`resources`: connections by name; the layer over what is common',
      ],
      ['`vars/common.yaml`, `vars/<ENV>.yaml`', 'values for `{{ vars.name }}`; any mapping'],
      [
        '`pipelines/**/*.yaml`, `*.yml`',
        '`assets`, `jobs`, `schedules`, `sensors`, and `resources` over those of the files above',
      ],
    ],
  ),
  '`ENV` is the variable of that name, else `dev`. Mappings of layers merge key by key; everything else replaces. Unknown keys are errors.',
  '',
  'For a pipeline file as a whole:',
  '',
  ...advice(refusedKeys.file).slice(2),
];

export const yamlPage = (): string =>
  [
    '# Keys of the YAML files',
    '',
    generated,
    'Options of sources, targets and connections stand on the pages of the [connectors](README.md#connectors). Marked as *ours* is what',
    'the predecessor does not know. Durations are written `30s`, `5m`, `2h` or `1d`; a plain number means seconds. Choices are accepted',
    'in upper and lower case.',
    '',
    ...files,
    ...part({
      title: 'tidemark.yaml',
      text: 'At the root of the project. All of it is *ours*.',
      shape: projectShape,
      section: 'project',
    }),
    ...part({
      title: 'resources',
      text: 'Connections by name, in `connections/` and in pipeline files.',
      shape: connectionShape,
      section: 'connection',
    }),
    ...parts.flatMap(part),
    '## partitions_def',
    '',
    'Of an asset; `type` says what else there is. A run makes one partition of each of its assets.',
    '',
    ...byType(partitionShapes, () => []),
    '## checks',
    '',
    'A list in an asset: what must hold before something is published. Without a type a check is an `observation_diff`.',
    '',
    ...advice(refusedKeys.check),
    ...byType(checkShapes, () => []),
    '## Older spellings and types',
    '',
    'Options that are older spellings, refused where the connector does not know them:',
    '',
    ...advice(olderOptions).slice(2),
    'Types that are known and not supported:',
    '',
    ...table(
      ['type', 'why'],
      Object.entries({ ...refusedTypes, ...refusedConnectionTypes }).map(([type, why]) => [
        code(type),
        why,
      ]),
    ),
  ].join('\n');
