/** The sections of pipeline files: which entries there are, by kind, in the order of files. */
import type { z } from 'zod';
import { objectFields } from '../../connectors/fields.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import { isJsonObject } from '../../core/values/json.js';
import { noKnownSection, wrongValue } from './diagnostics.js';
import type { EntryKind } from './draft.js';
import { withMeantKeys } from './meant-keys.js';
import { placedAt, placedItems, type Placed } from './placed.js';
import { refuseKeys, reportUnknownKey, type Report } from './reading.js';
import { refusedKeys } from './refused.js';
import {
  assetShape,
  endpointShape,
  fileShape,
  jobShape,
  scheduleShape,
  sensorShape,
} from './shapes.js';

export interface Entry {
  readonly placed: Placed;
  /** `asset "orders"`, or `assets[2]` without a name. */
  readonly what: string;
  readonly name: string | undefined;
}

export interface Sections extends Readonly<Record<EntryKind, readonly Entry[]>> {
  readonly resources: readonly Placed[];
}

const lists: Readonly<Record<EntryKind, string>> = {
  asset: 'assets',
  job: 'jobs',
  schedule: 'schedules',
  sensor: 'sensors',
};
const kinds: readonly EntryKind[] = ['asset', 'job', 'schedule', 'sensor'];

/** A side is a mapping of its type; in both spellings these keys are the first that are needed. */
const sideFields = { source: endpointShape, target: endpointShape };
const fieldsOf: Readonly<Record<EntryKind, Readonly<Record<string, z.ZodType>>>> = {
  asset: { ...objectFields(assetShape), ...sideFields },
  job: objectFields(jobShape),
  schedule: objectFields(scheduleShape),
  sensor: { ...objectFields(sensorShape), source: endpointShape },
};
const sectionFields: Readonly<Record<string, z.ZodType>> = objectFields(fileShape);
const knownSections = Object.keys(sectionFields);

const entriesOf = (kind: EntryKind, file: Placed, report: Report): readonly Entry[] => {
  const list = placedAt(file, lists[kind]);
  // `jobs:` with nothing behind it is an empty section.
  if (list.value === null) return [];
  if (!Array.isArray(list.value)) {
    const message = `${lists[kind]} should be a list of ${lists[kind]}`;
    report(diagnose(wrongValue, list.span([], 'value'), message));
    return [];
  }
  return placedItems(list).map((written, index) => {
    const called = (placed: Placed): Pick<Entry, 'name' | 'what'> => {
      const { value } = placedAt(placed, 'name');
      return typeof value === 'string' && value !== ''
        ? { name: value, what: `${kind} ${JSON.stringify(value)}` }
        : { name: undefined, what: `${lists[kind]}[${index}]` };
    };
    const placed = withMeantKeys(written, fieldsOf[kind], { what: called(written).what, report });
    return { placed, ...called(placed) };
  });
};

/** Does the file belong to us? Reports what does not. */
const isPipelineFile = (placed: Placed, name: string, report: Report): boolean => {
  if (placed.value === null) return false;
  const keys = isJsonObject(placed.value) ? Object.keys(placed.value) : [];
  const isKnown = (key: string) =>
    knownSections.includes(key) || Object.hasOwn(refusedKeys.file, key);
  if (keys.some(isKnown)) {
    for (const key of keys.filter((entry) => !isKnown(entry))) {
      reportUnknownKey(placed, [key], { what: name, report }, { known: knownSections });
    }
    return true;
  }
  const message = `${name} has no section that is known; the file is skipped`;
  const span = keys[0] === undefined ? placed.span([], 'value') : placed.span([keys[0]], 'key');
  report(diagnose(noKnownSection, span, message, { known: knownSections }));
  return false;
};

/** The connections of a file; what is no mapping is reported, and hides no other layer. */
export const resourcesIn = (file: Placed, report: Report): Placed => {
  const resources = placedAt(file, 'resources');
  if (resources.value === null || isJsonObject(resources.value)) return resources;
  const message = 'resources should be a mapping: connections by name';
  report(diagnose(wrongValue, resources.span([], 'value'), message));
  return { ...resources, value: null };
};

/** `files`: name and content of each pipeline file. */
export const readSections = (
  files: readonly { readonly name: string; readonly placed: Placed }[],
  report: Report,
): Sections => {
  const ours = files
    .map(({ name, placed }) => ({
      name,
      placed: withMeantKeys(placed, sectionFields, { what: name, report }),
    }))
    .filter(({ name, placed }) => isPipelineFile(placed, name, report))
    .map(({ name, placed }) => refuseKeys(placed, 'file', { what: name, report }));
  const all = (kind: EntryKind) => ours.flatMap((file) => entriesOf(kind, file, report));
  const [asset = [], job = [], schedule = [], sensor = []] = kinds.map(all);
  const resources = ours.map((file) => resourcesIn(file, report));
  return { asset, job, schedule, sensor, resources };
};
