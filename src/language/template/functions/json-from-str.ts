import { checkTextLength } from '../budget.js';
import { parseJinja } from '../jinja-parser.js';
import { refuseArgument, textArgument } from '../signature.js';
import type { Expression } from '../syntax.js';
import type { TemplateValue } from '../values.js';
import { defineFunction } from './function.js';

/** The value of an expression that consists of literals only; undefined when anything else is in it. */
const literalOf = (expression: Expression): TemplateValue | undefined => {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'sign') {
    const value = literalOf(expression.operand);
    return typeof value !== 'number' ? undefined : expression.sign === '-' ? 0 - value : value;
  }
  if (expression.kind === 'list') {
    const items = expression.items.map(literalOf);
    return items.includes(undefined) ? undefined : (items as TemplateValue[]);
  }
  if (expression.kind !== 'mapping') return undefined;
  const entries = expression.entries.map(
    ({ key, value }) => [literalOf(key), literalOf(value)] as const,
  );
  const plain = entries.every(([key, value]) => typeof key === 'string' && value !== undefined);
  return plain ? (Object.fromEntries(entries) as TemplateValue) : undefined;
};

const pythonLiteral = (text: string): TemplateValue | undefined => {
  const parsed = parseJinja(`{{ ${text} }}`);
  if ('message' in parsed) return undefined;
  const [only] = parsed;
  return parsed.length === 1 && only?.kind === 'output' ? literalOf(only.expression) : undefined;
};

const jsonValue = (text: string): TemplateValue | undefined => {
  // A number of more digits than can be kept would be changed without a word.
  if (/\d{16,}/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ''))) return undefined;
  try {
    return JSON.parse(text) as TemplateValue;
  } catch {
    return undefined;
  }
};

export const jsonFromStr = defineFunction({
  name: 'json.from_str',
  summary: 'The value that a text of JSON, or of Python literals, stands for.',
  args: [{ name: 'text', summary: 'JSON, or a Python literal such as [1, True].' }],
  examples: [
    { expression: "fn.json.from_str('[1, true]')", gives: [1, true] },
    { expression: 'fn.json.from_str("{\'a\': None}")', gives: { a: null } },
    { expression: "fn.json.from_str('null')", gives: null },
  ],
  at: 'anywhere',
  run: (call) => {
    const text = textArgument(call, 0);
    checkTextLength(call.budget, text.length);
    // `null` is a value here, so only undefined means "not readable".
    const json = jsonValue(text);
    const value = json === undefined ? pythonLiteral(text) : json;
    return value === undefined
      ? refuseArgument(
          call.what,
          `${JSON.stringify(text.slice(0, 60))} is neither JSON nor a Python literal`,
        )
      : value;
  },
});
