/**
 * `params_schema` (D10, dialect §3.5): `name: "<type>[!][|<default>]"`, a list of choices, or any other YAML value as
 * a default of its own type. `!` belongs to the type; the default is everything behind the first `|`.
 */
import { diagnose } from '../../core/errors/diagnostic.js';
import { isJsonObject, type JsonValue } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import type { ParameterDefinition, ParameterType } from './definition.js';
import { wrongValue } from './diagnostics.js';
import { holdsTemplate } from './options.js';
import { placedEntries, type Placed } from './placed.js';
import type { Reading } from './reading.js';

const typeNames: Readonly<Record<string, ParameterType>> = {
  string: 'string',
  str: 'string',
  int: 'int',
  integer: 'int',
  float: 'float',
  number: 'float',
  bool: 'bool',
  boolean: 'bool',
  list: 'list',
};
const typeWords = ['string', 'int', 'float', 'bool', 'list'];

type Cast = { readonly value: JsonValue } | { readonly expected: string };

const castList = (text: string): Cast => {
  if (text.trim() === '') return { value: [] };
  if (!text.trim().startsWith('[')) return { value: text.split(',').map((item) => item.trim()) };
  try {
    return { value: JSON.parse(text.trim()) as JsonValue };
  } catch {
    return { expected: 'a list such as ["a", "b"]' };
  }
};

const castText = (text: string, type: ParameterType): Cast => {
  // A template has its value when the run is planned.
  if (holdsTemplate(text)) return { value: text };
  const trimmed = text.trim();
  if (type === 'int') {
    const isInt = /^[-+]?\d+$/.test(trimmed) && Number.isSafeInteger(Number(trimmed));
    return isInt ? { value: Number(trimmed) } : { expected: 'a whole number' };
  }
  if (type === 'float') {
    const isNumber = trimmed !== '' && Number.isFinite(Number(trimmed));
    return isNumber ? { value: Number(trimmed) } : { expected: 'a number' };
  }
  if (type === 'bool') {
    const word = trimmed.toLowerCase();
    return word === 'true' || word === 'false'
      ? { value: word === 'true' }
      : { expected: 'true or false' };
  }
  return type === 'list' ? castList(text) : { value: text };
};

const typeOf = (value: JsonValue): ParameterType => {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (Array.isArray(value)) return 'list';
  return isJsonObject(value) ? 'mapping' : 'string';
};

type Declared = Pick<ParameterDefinition, 'type' | 'required' | 'default' | 'choices'>;

const readText = (text: string, where: string, placed: Placed, reading: Reading): Declared => {
  const bar = text.indexOf('|');
  const head = (bar < 0 ? text : text.slice(0, bar)).trim();
  const required = head.endsWith('!');
  const word = head.replace(/!$/, '').trim();
  const lower = word.toLowerCase();
  const type = Object.hasOwn(typeNames, lower) ? typeNames[lower] : undefined;
  // Any other word means text (dialect §3.5), unless it looks like a slip of the pen.
  const near = type === undefined ? suggest(word, typeWords) : undefined;
  const span = placed.span([], 'value');
  if (near !== undefined || word === '') {
    const message = `${where}: type ${JSON.stringify(word)} is not known`;
    const hint = near === undefined ? {} : { hint: `did you mean ${near}?` };
    reading.report(diagnose(wrongValue, span, message, { ...hint, known: typeWords }));
  }
  const declared = { type: type ?? 'string', required };
  if (bar < 0) return declared;
  const fallback = text.slice(bar + 1);
  const cast = castText(fallback, declared.type);
  if ('value' in cast) return { ...declared, default: cast.value };
  const message = `${where}: default ${JSON.stringify(fallback)} should be ${cast.expected}`;
  reading.report(diagnose(wrongValue, span, message));
  return declared;
};

const readDeclared = (where: string, placed: Placed, reading: Reading): Declared => {
  const { value } = placed;
  if (typeof value === 'string') return readText(value, where, placed, reading);
  if (Array.isArray(value) && value.length > 0) {
    const choices = value as readonly JsonValue[];
    const [first = null] = choices;
    return { type: typeOf(first), required: false, default: first, choices };
  }
  return { type: typeOf(value), required: false, default: value };
};

/** `asset.param`, where an asset of that name exists; names of assets may hold dots, so the longest one counts. */
export const splitParameterName = (
  key: string,
  assets: readonly string[],
): { readonly asset: string | null; readonly name: string } => {
  if (!key.includes('.')) return { asset: null, name: key };
  const asset = assets
    .filter((name) => key.startsWith(`${name}.`) && key.length > name.length + 1)
    .sort((a, b) => b.length - a.length)[0];
  return asset === undefined
    ? { asset: null, name: key }
    : { asset, name: key.slice(asset.length + 1) };
};

export const readParameters = (
  placed: Placed,
  assets: readonly string[],
  reading: Reading,
): readonly ParameterDefinition[] =>
  placedEntries(placed).map(([key, entry]) => ({
    ...splitParameterName(key, assets),
    ...readDeclared(`${reading.what}: parameter ${JSON.stringify(key)}`, entry, reading),
    span: entry.span([], 'key'),
  }));
