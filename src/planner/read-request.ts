/**
 * Reads a run's input, which is hostile: anybody who may start a workflow writes it. Every field is checked for its
 * type and size before anything looks at its meaning; unknown fields are refused by name. Names of assets,
 * parameters and partitions are judged later, by who knows them.
 */
import { TidemarkError } from '../core/errors/error.js';
import { parallelMax } from '../core/plan/backfill-plan.js';
import type { PartitionSelection } from '../core/plan/partitions.js';
import type { PartitionRange, RunRequest, Trigger, TriggerItem } from '../core/plan/plan.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/values/json.js';
import { suggest } from '../core/values/suggest.js';
import { badRequest } from './errors.js';
import { planBytesMax } from './hash.js';

const depthMax = 16;
const listMax = 5_000;
const textMax = 4_096;
const tagsMax = 100;

const refuse = (where: string, wrong: string, right: string): TidemarkError =>
  new TidemarkError(badRequest, `input of the run: ${where} ${wrong}; ${right}`);

/** A value in a message: short, and on one line. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

const object = (value: unknown, where: string): JsonObject => {
  if (isJsonObject(value)) return value;
  throw refuse(`"${where}"`, `is ${shown(value)}`, 'it must be a JSON object');
};

const text = (value: unknown, where: string, max = textMax): string => {
  if (typeof value !== 'string')
    throw refuse(`"${where}"`, `is ${shown(value)}`, 'it must be text');
  if (value.length > max) {
    throw refuse(`"${where}"`, `has ${value.length} characters`, `at most ${max} are allowed`);
  }
  return value;
};

const list = (value: unknown, where: string): readonly JsonValue[] => {
  if (!Array.isArray(value)) throw refuse(`"${where}"`, `is ${shown(value)}`, 'it must be a list');
  if (value.length > listMax) {
    throw refuse(`"${where}"`, `has ${value.length} entries`, `at most ${listMax} are allowed`);
  }
  return value as readonly JsonValue[];
};

const flag = (value: unknown, where: string): boolean => {
  if (typeof value === 'boolean') return value;
  throw refuse(`"${where}"`, `is ${shown(value)}`, 'it must be true or false');
};

const onlyFields = (value: JsonObject, known: readonly string[], where: string): void => {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = suggest(key, known);
    const hint = near === undefined ? '' : `did you mean "${near}"? `;
    throw refuse(
      `${where === '' ? '' : `"${where}" has `}the field ${shown(key)}`,
      'is not known',
      `${hint}Known: ${known.join(', ')}`,
    );
  }
};

/** Names that mean something else to JavaScript than to the author; no field of ours is called so. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const checkShape = (value: unknown, where: string, depth: number): void => {
  if (depth > depthMax) throw refuse(where, 'is nested too deeply', `at most ${depthMax} levels`);
  if (value === null || typeof value !== 'object') return;
  for (const [key, entry] of Object.entries(value)) {
    if (forbiddenKeys.has(key))
      throw refuse(where, `has a key ${shown(key)}`, 'choose another name');
    checkShape(entry, where === 'the input' ? `"${key}"` : where, depth + 1);
  }
};

const tags = (value: unknown, where: string): Readonly<Record<string, string>> => {
  const entries = Object.entries(object(value, where));
  if (entries.length > tagsMax) {
    throw refuse(`"${where}"`, `has ${entries.length} entries`, `at most ${tagsMax} are allowed`);
  }
  return Object.fromEntries(entries.map(([key, entry]) => [key, text(entry, `${where}.${key}`)]));
};

const identityFields = ['path', 'size', 'modified', 'etag', 'version', 'ends'];

const triggerItem = (value: unknown, where: string): TriggerItem => {
  const item = object(value, where);
  onlyFields(item, ['identity', 'relative_path', 'fields'], where);
  const identity = object(item['identity'], `${where}.identity`);
  onlyFields(identity, identityFields, `${where}.identity`);
  const size = identity['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw refuse(`"${where}.identity.size"`, `is ${shown(size)}`, 'it must be a number of bytes');
  }
  const optional = ['etag', 'version', 'ends'].filter((name) => identity[name] !== undefined);
  return {
    identity: {
      path: text(identity['path'], `${where}.identity.path`),
      size,
      modified: text(identity['modified'], `${where}.identity.modified`),
      ...Object.fromEntries(
        optional.map((name) => [name, text(identity[name], `${where}.identity.${name}`)]),
      ),
    },
    relative_path: text(item['relative_path'], `${where}.relative_path`),
    fields: object(item['fields'], `${where}.fields`),
  };
};

const triggerTexts = ['cursor', 'last_cursor', 'now'];

const trigger = (value: unknown): Trigger => {
  const given = object(value, 'trigger');
  onlyFields(given, ['sensor', 'connection', 'container', 'items', ...triggerTexts], 'trigger');
  const texts = triggerTexts.filter((name) => given[name] !== undefined);
  return {
    sensor: text(given['sensor'], 'trigger.sensor'),
    connection: text(given['connection'], 'trigger.connection'),
    container: text(given['container'], 'trigger.container'),
    items: list(given['items'], 'trigger.items').map((item, index) =>
      triggerItem(item, `trigger.items[${index}]`),
    ),
    ...Object.fromEntries(texts.map((name) => [name, text(given[name], `trigger.${name}`)])),
  };
};

const count = (value: unknown, where: string, max: number): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max)
    return value;
  throw refuse(`"${where}"`, `is ${shown(value)}`, `it must be a whole number from 1 to ${max}`);
};

const lastMax = 1_000;

const selection = (given: JsonObject): PartitionSelection => {
  const where = 'partition_range';
  const ways = [['from', 'to'], ['keys'], ['last']].filter((names) =>
    names.some((name) => given[name] !== undefined),
  );
  if (ways.length !== 1) {
    throw refuse(`"${where}"`, `is ${shown(given)}`, 'it must have from and to, or keys, or last');
  }
  if (given['keys'] !== undefined) {
    const keys = list(given['keys'], `${where}.keys`);
    if (keys.length === 0) throw refuse(`"${where}.keys"`, 'is empty', 'name a partition');
    return { keys: keys.map((key, index) => text(key, `${where}.keys[${index}]`)) };
  }
  if (given['last'] !== undefined) return { last: count(given['last'], `${where}.last`, lastMax) };
  return { from: text(given['from'], `${where}.from`), to: text(given['to'], `${where}.to`) };
};

const range = (value: unknown): PartitionRange => {
  const given = object(value, 'partition_range');
  onlyFields(given, ['from', 'to', 'keys', 'last', 'missing', 'parallel'], 'partition_range');
  const { missing, parallel } = given;
  return {
    ...selection(given),
    ...(missing === undefined ? {} : { missing: flag(missing, 'partition_range.missing') }),
    ...(parallel === undefined
      ? {}
      : { parallel: count(parallel, 'partition_range.parallel', parallelMax) }),
  };
};

/** One reader for each field of the input; the keys are the fields that exist. */
const readers: Readonly<Record<keyof RunRequest, (value: unknown) => unknown>> = {
  partition: (value) => text(value, 'partition'),
  partition_range: range,
  params: (value) => object(value, 'params'),
  assets: (value) => list(value, 'assets').map((name, index) => text(name, `assets[${index}]`)),
  tags: (value) => tags(value, 'tags'),
  trigger,
  config: (value) => object(value, 'config'),
  full_refresh: (value) => flag(value, 'full_refresh'),
};

const checkSize = (input: unknown): void => {
  const bytes = Buffer.byteLength(JSON.stringify(input) ?? '', 'utf8');
  if (bytes > planBytesMax) {
    throw refuse('it', `has ${Math.ceil(bytes / 1024)} KiB`, 'at most 512 KiB may travel');
  }
};

/**
 * The checked request. No input at all is an empty request; a field that is null counts as left out. Throws
 * `plan/bad-request`, which names the field, its value and what would be right.
 */
export const readRequest = (input: unknown): RunRequest => {
  if (input === undefined || input === null) return {};
  if (!isJsonObject(input)) {
    throw refuse(
      'it',
      `is ${shown(input)}`,
      'it must be one JSON object: {"params": {"day": "2026-01-31"}}',
    );
  }
  checkShape(input, 'the input', 0);
  checkSize(input);
  onlyFields(input, Object.keys(readers), '');
  const given = Object.entries(input).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    given.map(([key, value]) => [key, readers[key as keyof RunRequest](value)]),
  ) as RunRequest;
};
