/**
 * Every key of every example project, misspelt in turn: exactly one finding, at that key, which names the right one.
 * Keys that the author is free to choose (connections, variables, parameters, aliases) are told from the declarations:
 * they stand in a mapping whose schema has no fields.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { connectors } from '../../../src/connectors/all.js';
import { objectFields, partsOf } from '../../../src/connectors/fields.js';
import type { Span } from '../../../src/core/errors/diagnostic.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/values/json.js';
import { sideOf, type Side } from '../../../src/language/definition/endpoint.js';
import { checkShapes } from '../../../src/language/definition/check-shapes.js';
import { partitionShapes } from '../../../src/language/definition/partition-shapes.js';
import * as shapes from '../../../src/language/definition/shapes.js';
import { toJson, type LocatedNode } from '../../../src/language/document/located.js';
import { parseDocument } from '../../../src/language/document/parse-document.js';
import { filesInMemory } from '../../../src/language/lint/sample-connectors.fixture.js';
import { loadProject } from '../../../src/language/lint/load-project.js';

const repository = join(import.meta.dirname, '../../..');
const projectsBelow = (folder: string): readonly string[] =>
  readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => basename(name) === 'tidemark.yaml')
    .map((name) => dirname(join(repository, folder, name)));

const roots = [...projectsBelow('example-pipelines'), join(import.meta.dirname, 'valid-project')];

/** Every variable is set. */
const env = new Proxy<Record<string, string>>(
  {},
  { get: (_, name) => (name === 'ENV' ? undefined : 'set') },
);

const yamlOf = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /^(tidemark\.yaml|(connections|vars|pipelines)\/.*\.ya?ml)$/.test(name))
    .sort();

interface Project {
  readonly root: string;
  readonly texts: Readonly<Record<string, string>>;
  /** Types of connections; only one of their layers has to say it. */
  readonly types: Readonly<Record<string, string>>;
}

const resourcesOf = (name: string, text: string): readonly (readonly [string, string])[] => {
  const value = toJson(parseDocument(text, name).document.root);
  const resources = isJsonObject(value) ? value['resources'] : undefined;
  return isJsonObject(resources)
    ? Object.entries(resources).flatMap(([key, entry]) =>
        kindOf(entry) === '' ? [] : [[key, kindOf(entry)] as const],
      )
    : [];
};

const projectAt = (root: string): Project => {
  const texts = Object.fromEntries(
    yamlOf(root).map((name) => [name, readFileSync(join(root, name), 'utf8')]),
  );
  const types = Object.entries(texts).flatMap(([name, text]) => resourcesOf(name, text));
  return { root, texts, types: Object.fromEntries(types) };
};

const load = ({ root, texts }: Project) =>
  loadProject({ root, files: filesInMemory(texts), env, connectors }).diagnostics;

interface KeyPlace {
  readonly key: string;
  readonly span: Span;
  readonly path: readonly (string | number)[];
}

const keysOf = (
  node: LocatedNode,
  path: readonly (string | number)[] = [],
): readonly KeyPlace[] => {
  if (node.kind === 'sequence')
    return node.items.flatMap((item, index) => keysOf(item, [...path, index]));
  if (node.kind === 'scalar') return [];
  return node.entries
    .filter(({ merged }) => merged !== true)
    .flatMap(({ key, keySpan, value }) => [
      { key, span: keySpan, path: [...path, key] },
      ...keysOf(value, [...path, key]),
    ]);
};

type Fields = Readonly<Record<string, z.ZodType>>;

const kindOf = (value: JsonValue | undefined): string =>
  isJsonObject(value) && typeof value['type'] === 'string' ? value['type'] : '';

/** What a mapping that names its type may hold below the key. */
const typedFields = (key: string, value: JsonObject, type: string): Fields | undefined => {
  const side = { source: 'source', target: 'target', sensors: 'watch' }[key] as Side | undefined;
  const sided = connectors.find((connector) => connector.type === type.toUpperCase());
  const declared = side && sided && sideOf(sided, side);
  if (declared) {
    const outer = side === 'watch' ? shapes.sensorShape : shapes.endpointShape;
    const flat = Object.hasOwn(value, 'configs') ? {} : objectFields(declared.options);
    return { ...flat, ...objectFields(outer), configs: declared.options };
  }
  const named = connectors.find(({ connection }) => connection.types.includes(type));
  if (key === 'resources' && named)
    return { ...objectFields(shapes.connectionShape), config: named.connection.options };
  const table = {
    checks: checkShapes,
    partitions_def: partitionShapes,
    dimensions: partitionShapes,
  }[key];
  const word = (type === '' ? 'observation_diff' : type).toLowerCase();
  return table && Object.hasOwn(table, word)
    ? objectFields((table as Readonly<Record<string, z.ZodType>>)[word] as z.ZodType)
    : undefined;
};

const fileFields = (file: string): Fields => {
  if (file === 'tidemark.yaml') return objectFields(shapes.projectShape);
  if (file.startsWith('vars/')) return {};
  return objectFields(file.startsWith('connections/') ? shapes.layerShape : shapes.fileShape);
};

const sectionFields: Readonly<Record<string, Fields>> = {
  assets: objectFields(shapes.assetShape),
  jobs: objectFields(shapes.jobShape),
  schedules: objectFields(shapes.scheduleShape),
  sensors: objectFields(shapes.sensorShape),
};

type Parts = ReturnType<typeof partsOf>;

/** What may stand below a value: by its own type, by its section, or by the schema of what holds it. */
const partsBelow = (name: string, value: JsonValue, type: string, schema?: z.ZodType): Parts => {
  const typed = isJsonObject(value) ? typedFields(name, value, type) : undefined;
  const isEntry = schema !== undefined && isJsonObject(value) && Object.hasOwn(sectionFields, name);
  const fields = typed ?? (isEntry ? sectionFields[name] : undefined);
  if (fields !== undefined) return { fields };
  return schema === undefined ? { fields: {} } : partsOf(schema);
};

/** Is the last key of the path one that the declarations name? Otherwise the author chooses it. */
const isDeclared = (file: string, { texts, types }: Project, path: KeyPlace['path']): boolean => {
  let parts: Parts = { fields: fileFields(file) };
  let value = toJson(parseDocument(texts[file] ?? '', file).document.root);
  let name = '';
  for (const step of path.slice(0, -1)) {
    const named = typeof step === 'string' ? parts.fields[step] : undefined;
    if (named !== undefined) name = String(step);
    value = (value as Record<string | number, JsonValue>)[step] ?? null;
    const ofConnection = name === 'resources' ? (types[step] ?? '') : '';
    const schema = named ?? parts.element;
    parts = partsBelow(name, value, kindOf(value) || ofConnection, schema);
  }
  return Object.hasOwn(parts.fields, String(path.at(-1)));
};

/** One letter less, or one more where that leaves too little. */
const misspelt = (key: string): string =>
  key.length > 3 ? key.slice(0, 2) + key.slice(3) : key + (key.at(-1) ?? 'x');

const replaced = (text: string, span: Span, by: string): string => {
  const lines = text.split('\n');
  const line = lines[span.line - 1] ?? '';
  lines[span.line - 1] = line.slice(0, span.column - 1) + by + line.slice(span.endColumn - 1);
  return lines.join('\n');
};

const cases = roots
  .map(projectAt)
  .flatMap((project) =>
    Object.keys(project.texts).map(
      (file) => [`${relative(repository, project.root)}/${file}`, file, project] as const,
    ),
  );

test.each(cases)(
  '%s: a misspelt key is one finding that names the right one',
  (_, file, project) => {
    const text = project.texts[file] ?? '';
    const keys = keysOf(parseDocument(text, file).document.root);
    const declared = new Set(keys.filter(({ path }) => isDeclared(file, project, path)));
    expect(declared.size > 0).toBe(!file.startsWith('vars/'));
    const before = load(project).map(({ code }) => code);
    for (const place of keys) {
      const { key, span } = place;
      const texts = { ...project.texts, [file]: replaced(text, span, misspelt(key)) };
      const found = load({ ...project, texts }).filter(({ code }) => !before.includes(code));
      if (!declared.has(place)) {
        expect(found.map(({ code }) => code)).not.toContain('definition/unknown-key');
        continue;
      }
      const facts = found.map(({ code, span: { line, column }, hint }) => ({
        code,
        line,
        column,
        hint,
      }));
      expect(facts, `${key} at ${file}:${span.line}:${span.column}`).toEqual([
        {
          code: 'definition/unknown-key',
          line: span.line,
          column: span.column,
          hint: `did you mean ${key}?`,
        },
      ]);
    }
  },
);
