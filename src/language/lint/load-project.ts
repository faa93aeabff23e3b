/**
 * A project folder to a checked definition, with all findings in one pass (promise G11).
 *
 * Never throws for what stands in the files. The definition is null as soon as one finding is an error; warnings
 * leave it. File names are relative to the root with `/`.
 */
import type { Connector } from '../../connectors/connector.js';
import { objectFields } from '../../connectors/fields.js';
import { byPosition, type Diagnostic } from '../../core/errors/diagnostic.js';
import { isJsonObject } from '../../core/values/json.js';
import { fieldPlaces, type FieldPlaces } from './field-places.js';
import { withoutGuesses } from './without-guesses.js';
import { lintDraft } from './lint-draft.js';
import { buildEntries } from '../definition/build-draft.js';
import { readConnections } from '../definition/connections.js';
import { unknownKey } from '../definition/diagnostics.js';
import type { Definition } from '../definition/definition.js';
import type { LoadContext, ProjectDraft } from '../definition/draft.js';
import { hashDefinition } from '../definition/hash.js';
import { withMeantKeys } from '../definition/meant-keys.js';
import { placedEntries, type Placed } from '../definition/placed.js';
import type { ProjectFiles } from '../definition/project-files.js';
import { readProjectSettings } from '../definition/project-settings.js';
import {
  checkLayer,
  mergeAll,
  pipelineFiles,
  readLayers,
  readOverlays,
  readPlaced,
  readSettings,
  type FileReading,
} from '../definition/read-files.js';
import { reportUnknownKey, type Report } from '../definition/reading.js';
import { readSections, resourcesIn, type Sections } from '../definition/sections.js';
import { layerShape } from '../definition/shapes.js';

export interface LoadRequest {
  /** The project's folder; its last part is the default name of the project. */
  readonly root: string;
  readonly files: ProjectFiles;
  /** Environment variables; only asked whether they are set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name of the layer; default: the variable `ENV`, else `dev`. */
  readonly envName?: string;
  /** `--connections`: paths relative to the root or absolute, later ones over earlier ones. */
  readonly connectionFiles?: readonly string[];
  readonly connectors: readonly Connector[];
}

export interface LoadedProject {
  readonly definition: Definition | null;
  /** By position. */
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read, for excerpts. */
  readonly sources: ReadonlyMap<string, string>;
  readonly placeOf: FieldPlaces;
}

const folderName = (root: string): string =>
  root
    .split(/[\\/]+/)
    .filter((part) => part !== '' && part !== '.')
    .at(-1) ?? 'project';

/** The `resources` of connection files; anything beside it is unknown. */
const resourcesOf = (layers: readonly Placed[], report: Report): readonly Placed[] =>
  layers.map((written) => {
    const what = written.span([], 'value').file;
    const layer = withMeantKeys(written, objectFields(layerShape), { what, report });
    for (const [key] of placedEntries(layer).filter(([name]) => name !== 'resources')) {
      reportUnknownKey(layer, [key], { what, report }, { known: ['resources'] });
    }
    return resourcesIn(layer, report);
  });

const readPipelines = (reading: FileReading): Sections =>
  readSections(
    pipelineFiles(reading).flatMap((name) => {
      const placed = readPlaced(name, reading);
      return placed === null ? [] : [{ name, placed }];
    }),
    reading.report,
  );

const readDraft = (request: LoadRequest, env: string, reading: FileReading): ProjectDraft => {
  const { report } = reading;
  const settingsPlaced = readSettings(reading);
  const { settings, defaults } = readProjectSettings(
    settingsPlaced,
    folderName(request.root),
    report,
  );
  const context: LoadContext = { connectors: request.connectors, report, settings, defaults };
  const sections = readPipelines(reading);
  const resources = mergeAll([
    ...resourcesOf(readLayers('connections', env, reading), report),
    ...sections.resources,
    ...resourcesOf(readOverlays(request.connectionFiles ?? [], reading), report),
  ]);
  const vars = mergeAll(readLayers('vars', env, reading)).value;
  return {
    settings,
    settingsPlaced,
    connectors: request.connectors,
    environment: request.env,
    vars: isJsonObject(vars) ? vars : {},
    connections: readConnections(resources, context),
    connectionNames: placedEntries(resources).map(([name]) => name),
    ...buildEntries(sections, context),
  };
};

const definitionOf = (
  draft: ProjectDraft,
  env: string,
  sources: ReadonlyMap<string, string>,
): Definition => {
  const content = {
    project: draft.settings,
    env,
    connections: draft.connections.map(({ definition }) => definition),
    vars: draft.vars,
    assets: draft.assets.map(({ definition }) => definition),
    jobs: draft.jobs.map(({ definition }) => definition),
    schedules: draft.schedules.map(({ definition }) => definition),
    sensors: draft.sensors.map(({ definition }) => definition),
  };
  let hash: string | null = null;
  return {
    ...content,
    files: Object.fromEntries(sources),
    // Worked out for who asks: a look at the findings of many files does not.
    get hash() {
      hash ??= hashDefinition(content);
      return hash;
    },
  };
};

/** Content behind an anchor is read once for each alias; what is wrong with it is said once. */
const once = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] => {
  const seen = new Map<string, Diagnostic>();
  for (const finding of diagnostics) {
    const { file, line, column } = finding.span;
    // A key that is not known is a matter of its place alone; each reader says its own name.
    const message = finding.code === unknownKey.code ? '' : finding.message;
    const key = [finding.code, file, line, column, message].join('\0');
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()].sort(byPosition);
};

export const loadProject = (request: LoadRequest): LoadedProject => {
  const found: Diagnostic[] = [];
  const sources = new Map<string, string>();
  const reading: FileReading = {
    files: request.files,
    report: (diagnostic) => void found.push(diagnostic),
    sources,
  };
  const chosen = request.envName ?? (request.env['ENV'] === '' ? undefined : request.env['ENV']);
  if (chosen !== undefined) checkLayer(chosen, reading);
  const env = chosen ?? 'dev';
  const draft = readDraft(request, env, reading);
  found.push(...lintDraft(draft));
  const diagnostics = once(withoutGuesses(found));
  const hasErrors = diagnostics.some(({ severity }) => severity === 'error');
  const definition = hasErrors ? null : definitionOf(draft, env, sources);
  return { definition, diagnostics, sources, placeOf: fieldPlaces(draft) };
};
