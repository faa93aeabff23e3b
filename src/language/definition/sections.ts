/** The sections of pipeline files: which entries there are, by kind, in the order of files. */
import { diagnose } from '../../core/errors/diagnostic.js';
import { isJsonObject } from '../../core/values/json.js';
import { noKnownSection, wrongValue } from './diagnostics.js';
import type { EntryKind } from './draft.js';
import { placedAt, placedItems, type Placed } from './placed.js';
import { refuseKeys, reportUnknownKey, type Report } from './reading.js';
import { refusedKeys } from './refused.js';

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
const knownSections = ['assets', 'jobs', 'resources', 'schedules', 'sensors'];

const entriesOf = (kind: EntryKind, file: Placed, report: Report): readonly Entry[] => {
  const list = placedAt(file, lists[kind]);
  // `jobs:` with nothing behind it is an empty section.
  if (list.value === null) return [];
  if (!Array.isArray(list.value)) {
    const message = `${lists[kind]} should be a list of ${lists[kind]}`;
    report(diagnose(wrongValue, list.span([], 'value'), message));
    return [];
  }
  return placedItems(list).map((placed, index) => {
    const { value } = placedAt(placed, 'name');
    const name = typeof value === 'string' && value !== '' ? value : undefined;
    const what =
      name === undefined ? `${lists[kind]}[${index}]` : `${kind} ${JSON.stringify(name)}`;
    return { placed, what, name };
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
      reportUnknownKey(placed, [key], { what: name, report }, knownSections);
    }
    return true;
  }
  const message = `${name} has no section that is known; the file is skipped`;
  const span = keys[0] === undefined ? placed.span([], 'value') : placed.span([keys[0]], 'key');
  report(diagnose(noKnownSection, span, message, { known: knownSections }));
  return false;
};

/** `files`: name and content of each pipeline file. */
export const readSections = (
  files: readonly { readonly name: string; readonly placed: Placed }[],
  report: Report,
): Sections => {
  const ours = files
    .filter(({ name, placed }) => isPipelineFile(placed, name, report))
    .map(({ name, placed }) => refuseKeys(placed, 'file', { what: name, report }));
  const all = (kind: EntryKind) => ours.flatMap((file) => entriesOf(kind, file, report));
  const [asset = [], job = [], schedule = [], sensor = []] = kinds.map(all);
  const resources = ours.map((file) => placedAt(file, 'resources'));
  return { asset, job, schedule, sensor, resources };
};
