/** Reads `tidemark.yaml` (D25): who the project is, and the defaults of its entries. */
import type { ProjectSettings } from './definition.js';
import type { EntryDefaults } from './draft.js';
import type { Placed } from './placed.js';
import { readShape, type Report } from './reading.js';
import { defaultRetry, retrySpec } from './retry.js';
import { projectShape, type ProjectShape } from './shapes.js';

const hourMs = 3_600_000;

const settingsOf = (
  shape: ProjectShape | undefined,
  name: string,
): Omit<ProjectSettings, 'span'> => ({
  name,
  namespace: shape?.namespace ?? null,
  taskQueue: shape?.task_queue ?? name,
  timeZone: shape?.time_zone ?? 'UTC',
  allowConfigOverrides: shape?.allow_config_overrides ?? false,
});

export const readProjectSettings = (
  placed: Placed | null,
  folderName: string,
  report: Report,
): { readonly settings: ProjectSettings; readonly defaults: EntryDefaults } => {
  // An empty file says as much as none.
  const shape =
    placed === null || placed.value === null
      ? undefined
      : readShape(projectShape, placed, 'project', { what: 'tidemark.yaml', report });
  return {
    settings: {
      ...settingsOf(shape, shape?.name ?? folderName),
      span: placed?.span([], 'value') ?? null,
    },
    defaults: entryDefaults(shape?.defaults),
  };
};

const entryDefaults = (shape: ProjectShape['defaults']): EntryDefaults => ({
  maxWorkers: shape?.max_workers ?? 5,
  retry: retrySpec(shape?.retry_policy, defaultRetry),
  onOverlap: shape?.on_overlap ?? 'wait',
  onTrigger: shape?.on_trigger ?? 'narrow',
  catchupWindowMs: shape?.catchup_window ?? hourMs,
});
