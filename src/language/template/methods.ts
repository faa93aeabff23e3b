/** The methods of Python's strings, lists and mappings that templates may call. There are no others. */
import { checkItemCount, checkTextLength } from './budget.js';
import { areEqual } from './operators.js';
import {
  type BoundCall,
  integerArgument,
  optionalText,
  type Parameter,
  refuseArgument,
  textArgument,
} from './signature.js';
import { lengthOf } from './text.js';
import {
  capitalizeText,
  joinTexts,
  replaceText,
  type Side,
  splitText,
  splitTextFromEnd,
  stripText,
  titleText,
  zeroFill,
} from './text-operations.js';
import {
  asText,
  isList,
  isMapping,
  ownEntry,
  type TemplateMapping,
  type TemplateValue,
} from './values.js';

export interface Method<Target> {
  readonly parameters: readonly Parameter[];
  readonly run: (target: Target, call: BoundCall) => TemplateValue;
}

const separatorOf = (call: BoundCall): string | undefined => {
  const separator = optionalText(call, 0);
  return separator === '' ? refuseArgument(call.what, 'the separator is empty') : separator;
};

const affix = (matches: (text: string, part: string) => boolean): Method<string> => ({
  parameters: ['part'],
  run: (text, call) => {
    const parts = call.values[0];
    if (parts === undefined || !isList(parts)) return matches(text, textArgument(call, 0));
    return parts.some((_, at) => matches(text, textArgument({ ...call, values: parts }, at)));
  },
});

const strip = (side: Side): Method<string> => ({
  parameters: ['characters?'],
  run: (text, call) => stripText(text, optionalText(call, 0), side),
});

const plain = (run: (text: string) => string): Method<string> => ({
  parameters: [],
  run: (text, call) => {
    checkTextLength(call.budget, text.length);
    return run(text);
  },
});

const find = (last: boolean): Method<string> => ({
  parameters: ['part'],
  run: (text, call) => {
    const at = last ? text.lastIndexOf(textArgument(call, 0)) : text.indexOf(textArgument(call, 0));
    return at < 0 ? -1 : lengthOf(text.slice(0, at));
  },
});

export const textMethods: Readonly<Record<string, Method<string>>> = {
  capitalize: plain(capitalizeText),
  count: {
    parameters: ['part'],
    run: (text, call) => {
      const part = textArgument(call, 0);
      if (part === '') return refuseArgument(call.what, 'the part to count is empty');
      return splitText(call.budget, text, part, -1).length - 1;
    },
  },
  endswith: affix((text, part) => text.endsWith(part)),
  find: find(false),
  isdigit: { parameters: [], run: (text) => /^\d+$/.test(text) },
  join: {
    parameters: ['items'],
    run: (text, call) => {
      const items = call.values[0];
      if (items === undefined || !isList(items))
        return refuseArgument(call.what, 'takes a list of texts');
      return joinTexts(
        call.budget,
        items.map((_, at) => textArgument({ ...call, values: items }, at)),
        text,
      );
    },
  },
  lower: plain((text) => text.toLowerCase()),
  lstrip: strip('left'),
  removeprefix: {
    parameters: ['part'],
    run: (text, call) =>
      text.startsWith(textArgument(call, 0)) ? text.slice(textArgument(call, 0).length) : text,
  },
  removesuffix: {
    parameters: ['part'],
    run: (text, call) =>
      text.endsWith(textArgument(call, 0))
        ? text.slice(0, text.length - textArgument(call, 0).length)
        : text,
  },
  replace: {
    parameters: ['from', 'to', 'count?'],
    run: (text, call) => {
      const from = textArgument(call, 0);
      if (from === '') return refuseArgument(call.what, 'the text to replace is empty');
      return replaceText(call.budget, text, {
        from,
        to: textArgument(call, 1),
        limit: integerArgument(call, 2, -1),
      });
    },
  },
  rfind: find(true),
  rsplit: {
    parameters: ['separator?', 'limit?'],
    run: (text, call) =>
      splitTextFromEnd(call.budget, text, separatorOf(call), integerArgument(call, 1, -1)),
  },
  rstrip: strip('right'),
  split: {
    parameters: ['separator?', 'limit?'],
    run: (text, call) =>
      splitText(call.budget, text, separatorOf(call), integerArgument(call, 1, -1)),
  },
  splitlines: {
    parameters: [],
    run: (text, call) =>
      splitText(call.budget, text.replace(/\r\n|\r/g, '\n').replace(/\n$/, ''), '\n', -1),
  },
  startswith: affix((text, part) => text.startsWith(part)),
  strip: strip('both'),
  title: plain(titleText),
  upper: plain((text) => text.toUpperCase()),
  zfill: {
    parameters: ['width'],
    run: (text, call) => zeroFill(call.budget, text, integerArgument(call, 0)),
  },
};

export const listMethods: Readonly<Record<string, Method<readonly TemplateValue[]>>> = {
  count: {
    parameters: ['item'],
    run: (items, call) =>
      items.filter((item) => areEqual(call.budget, item, call.values[0] ?? null)).length,
  },
  index: {
    parameters: ['item'],
    run: (items, call) => {
      const at = items.findIndex((item) => areEqual(call.budget, item, call.values[0] ?? null));
      return at < 0 ? refuseArgument(call.what, 'the item is not in the list') : at;
    },
  },
};

const entriesOf = (
  mapping: TemplateMapping,
  call: BoundCall,
): readonly (readonly [string, TemplateValue])[] => {
  const entries = Object.entries(mapping);
  checkItemCount(call.budget, entries.length);
  return entries;
};

export const mappingMethods: Readonly<Record<string, Method<TemplateMapping>>> = {
  get: {
    parameters: ['key', 'default?'],
    run: (mapping, call) => ownEntry(mapping, textArgument(call, 0)) ?? call.values[1] ?? null,
  },
  get_raw: {
    parameters: ['key'],
    run: (mapping, call) =>
      ownEntry(mapping, textArgument(call, 0)) ??
      refuseArgument(call.what, `"${textArgument(call, 0)}" is not set`),
  },
  items: {
    parameters: [],
    run: (mapping, call) => entriesOf(mapping, call).map((entry) => [...entry]),
  },
  keys: { parameters: [], run: (mapping, call) => entriesOf(mapping, call).map(([key]) => key) },
  values: {
    parameters: [],
    run: (mapping, call) => entriesOf(mapping, call).map(([, value]) => value),
  },
};

/** Every method name, of whatever type: what lint can say before values exist. */
export const methodNames: readonly string[] = [
  ...new Set([textMethods, listMethods, mappingMethods].flatMap((methods) => Object.keys(methods))),
].toSorted();

const bind = <Target>(
  methods: Readonly<Record<string, Method<Target>>>,
  name: string,
  target: Target,
): BoundMethod | undefined => {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method === undefined
    ? undefined
    : { parameters: method.parameters, run: (call) => method.run(target, call) };
};

export interface BoundMethod {
  readonly parameters: readonly Parameter[];
  readonly run: (call: BoundCall) => TemplateValue;
}

export const methodsOf = (value: TemplateValue): readonly string[] => {
  if (asText(value) !== undefined) return Object.keys(textMethods);
  if (isList(value)) return Object.keys(listMethods);
  return isMapping(value) ? Object.keys(mappingMethods) : [];
};

export const methodOf = (value: TemplateValue, name: string): BoundMethod | undefined => {
  const text = asText(value);
  if (text !== undefined) return bind(textMethods, name, text);
  if (isList(value)) return bind(listMethods, name, value);
  return isMapping(value) ? bind(mappingMethods, name, value) : undefined;
};
