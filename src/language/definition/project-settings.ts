/** Reads `tidemark.yaml` (D25): who the project is, and the defaults of its entries. */
import { objectFields } from '../../connectors/fields.js';
import type { ProjectSettings } from './definition.js';
import type { EntryDefaults } from './draft.js';
import { withMeantKeys } from './meant-keys.js';
import type { Placed } from './placed.js';
import { readShape, type Report } from './reading.js';
import { defaultRetry, retrySpec } from './retry.js';
import { projectShape, type ProjectShape } from './shapes.js';

const settingsOf = (shape: ProjectShape, name: string): Omit<ProjectSettings, 'span'> => ({
  name,
  namespace: shape.namespace ?? null,
  taskQueue: shape.task_queue ?? name,
  timeZone: shape.time_zone,
  allowConfigOverrides: shape.allow_config_overrides,
});

export const readProjectSettings = (
  written: Placed | null,
  folderName: string,
  report: Report,
): { readonly settings: ProjectSettings; readonly defaults: EntryDefaults } => {
  const reading = { what: 'tidemark.yaml', report };
  const placed = written && withMeantKeys(written, objectFields(projectShape), reading);
  // An empty file says as much as none.
  const read =
    placed === null || placed.value === null
      ? undefined
      : readShape(projectShape, placed, 'project', reading);
  const shape = read ?? projectShape.parse({});
  return {
    settings: {
      ...settingsOf(shape, shape.name ?? folderName),
      span: placed?.span([], 'value') ?? null,
    },
    defaults: entryDefaults(shape.defaults),
  };
};

const entryDefaults = (shape: ProjectShape['defaults']): EntryDefaults => ({
  maxWorkers: shape.max_workers,
  retry: retrySpec(shape.retry_policy, defaultRetry),
  onOverlap: shape.on_overlap,
  onTrigger: shape.on_trigger,
  catchupWindowMs: shape.catchup_window,
});
