/**
 * Reads the files of a project as placed values: `tidemark.yaml`, the layers of connections and vars (dialect §2.3),
 * and the pipeline files in sorted order (D2). Remembers every text for excerpts.
 */
import { diagnose, type Span } from '../../core/errors/diagnostic.js';
import { isJsonObject, type JsonValue } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import { parseDocument } from '../document/parse-document.js';
import { noFiles, noLayer, unreadableFile, wrongValue } from './diagnostics.js';
import { mergePlaced, type Path, type Placed } from './placed.js';
import { placedDocument } from './placed-document.js';
import type { ProjectFiles } from './project-files.js';
import { pathText, type Report } from './reading.js';

export interface FileReading {
  readonly files: ProjectFiles;
  readonly report: Report;
  /** Filled as files are read: name → text. */
  readonly sources: Map<string, string>;
}

export const startOf = (file: string): Span => ({
  file,
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 1,
});

/** A plain number that YAML 1.1 reads differently is refused wherever it stands: its value is in doubt (D22). */
const refuseDoubtfulNumbers = (placed: Placed, report: Report): void => {
  const walk = (value: JsonValue, path: Path): void => {
    if (typeof value === 'number') {
      const fix = placed.yaml11(path);
      if (fix === undefined) return;
      const message = `${pathText(path)} is a number that YAML 1.1 reads differently`;
      report(diagnose(wrongValue, placed.span(path, 'value'), message, { fix }));
    } else if (Array.isArray(value)) {
      value.forEach((item: JsonValue, index) => {
        walk(item, [...path, index]);
      });
    } else if (isJsonObject(value)) {
      for (const [key, entry] of Object.entries(value)) walk(entry, [...path, key]);
    }
  };
  walk(placed.value, []);
};

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is a link that leads nowhere',
  ELOOP: 'it is a link that leads back to itself',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

const textOf = (file: string, reading: FileReading): string | undefined => {
  try {
    return reading.files.readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = `${file} cannot be read: ${reasons[code] ?? code}`;
    reading.report(diagnose(unreadableFile, startOf(file), message));
    return undefined;
  }
};

/** One file, or null when it does not exist. */
export const readPlaced = (file: string, reading: FileReading): Placed | null => {
  const text = textOf(file, reading);
  if (text === undefined) return null;
  reading.sources.set(file, text);
  const { document, diagnostics } = parseDocument(text, file);
  diagnostics.forEach(reading.report);
  const placed = placedDocument(document);
  refuseDoubtfulNumbers(placed, reading.report);
  return placed;
};

const empty: Placed = {
  value: null,
  span: () => startOf(''),
  within: () => startOf(''),
  yaml11: () => undefined,
};

/** A layer has to be a mapping; anything else is reported and counts as empty. */
const layer = (file: string, reading: FileReading): Placed => {
  const placed = readPlaced(file, reading);
  if (placed === null || placed.value === null || isJsonObject(placed.value))
    return placed ?? empty;
  const message = `${file} should hold a mapping`;
  reading.report(diagnose(wrongValue, placed.span([], 'value'), message));
  return empty;
};

const isThere = (file: string, { files }: FileReading): boolean => {
  try {
    return files.readFile(file) !== undefined;
  } catch {
    return false;
  }
};

/** Of these files each has one name; under another it would be passed over in silence. */
const refuseYml = (file: string, reading: FileReading): void => {
  const other = file.replace(/\.yaml$/, '.yml');
  if (!isThere(other, reading)) return;
  reading.report(
    diagnose(unreadableFile, startOf(other), `${other} is not read: its name has to end in .yaml`, {
      fix: `Rename it to ${file}.`,
    }),
  );
};

/** `tidemark.yaml`, or null when there is none. */
export const readSettings = (reading: FileReading): Placed | null => {
  refuseYml('tidemark.yaml', reading);
  return readPlaced('tidemark.yaml', reading);
};

/** `<folder>/common.yaml`, and `<folder>/<env>.yaml` over it. */
export const readLayers = (folder: string, env: string, reading: FileReading): readonly Placed[] =>
  ['common', ...(env === 'common' ? [] : [env])].map((name) => {
    const file = `${folder}/${name}.yaml`;
    refuseYml(file, reading);
    return layer(file, reading);
  });

/** A name that was chosen should be one of the layers that there are; a project without layers may have any. */
export const checkLayer = (env: string, { files, report }: FileReading): void => {
  const found = ['connections', 'vars']
    .flatMap((folder) => files.listFiles(folder))
    .flatMap((file) => /^[^/]+\/([^/]+)\.yaml$/.exec(file)?.[1] ?? []);
  const known = [...new Set(['common', ...found])].sort();
  if (known.length === 1 || known.includes(env)) return;
  const near = suggest(env, known);
  const message = `ENV is ${JSON.stringify(env)}, and neither connections/${env}.yaml nor vars/${env}.yaml is there`;
  report(
    diagnose(noLayer, startOf('connections'), message, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      known,
    }),
  );
};

/** Overlays of the command line; one that does not exist is an error. */
export const readOverlays = (paths: readonly string[], reading: FileReading): readonly Placed[] =>
  paths.map((path) => {
    const file = path.replaceAll('\\', '/');
    if (textOf(file, reading) === undefined) {
      const message = `--connections ${file}: there is no such file`;
      reading.report(diagnose(unreadableFile, startOf(file), message));
      return empty;
    }
    return layer(file, reading);
  });

export const mergeAll = (layers: readonly Placed[]): Placed => layers.reduce(mergePlaced, empty);

/** `pipelines/` if it holds files, otherwise `defs/` (D2). */
export const pipelineFiles = (reading: FileReading): readonly string[] => {
  for (const folder of ['pipelines', 'defs']) {
    const found = reading.files.listFiles(folder).filter((file) => /\.ya?ml$/i.test(file));
    if (found.length > 0) return [...new Set(found)].sort();
  }
  const message = 'the project has no pipeline file: no .yaml or .yml below pipelines/ (or defs/)';
  reading.report(diagnose(noFiles, startOf('pipelines'), message));
  return [];
};
