/** Values as text, as Python writes them: `True`, `None`, `['a', 1]`; and as JSON in Python's spacing. */
import { TidemarkError } from '../../core/errors/error.js';
import { type Budget, checkDepth, checkTextLength, spend } from './budget.js';
import { secretPosition } from './errors.js';
import { asText, isList, isSecretReference, isSpecial, type TemplateValue } from './values.js';

type Style = 'python' | 'json';

const refuseSecret = (): never => {
  throw new TidemarkError(
    secretPosition,
    'evaluating a template: a secret has no text; it stays a reference until it is used',
  );
};

const scalarText = (value: string | number | boolean | null, style: Style): string => {
  if (typeof value === 'string') {
    if (style === 'json' || value.includes("'")) return JSON.stringify(value);
    return `'${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}'`;
  }
  if (style === 'json' || typeof value === 'number') return JSON.stringify(value);
  return value === null ? 'None' : value ? 'True' : 'False';
};

const write = (budget: Budget, value: TemplateValue, style: Style, depth: number): string => {
  spend(budget);
  checkDepth(depth);
  if (isSecretReference(value)) return refuseSecret();
  if (isSpecial(value))
    return scalarText(asText(value) ?? ('sql' in value ? value.sql : ''), style);
  if (typeof value !== 'object' || value === null) return scalarText(value, style);
  const parts = isList(value)
    ? value.map((item) => write(budget, item, style, depth + 1))
    : Object.entries(value).map(
        ([key, entry]) => `${scalarText(key, style)}: ${write(budget, entry, style, depth + 1)}`,
      );
  checkTextLength(
    budget,
    parts.reduce((sum, part) => sum + part.length + 2, 2),
  );
  return isList(value) ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
};

/** The text of a value inside other text. A string is itself; everything else as Python prints it. */
export const textOf = (budget: Budget, value: TemplateValue): string => {
  const text = asText(value);
  if (text !== undefined) return text;
  if (isSecretReference(value)) return refuseSecret();
  if (isSpecial(value)) return 'sql' in value ? value.sql : '';
  return typeof value === 'string' ? value : write(budget, value, 'python', 0);
};

/** `{"a": [1]}`: JSON with a space after commas and colons. */
export const jsonTextOf = (budget: Budget, value: TemplateValue): string =>
  write(budget, value, 'json', 0);

/** The characters that Python counts: code points, not UTF-16 units. */
export const charactersOf = (text: string): readonly string[] => Array.from(text);

export const lengthOf = (text: string): number =>
  /[\ud800-\udbff]/.test(text) ? charactersOf(text).length : text.length;
