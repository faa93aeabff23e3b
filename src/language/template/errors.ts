/** What can go wrong while a template is evaluated. Nothing is swallowed (D15). */
import { defineError, type ErrorKind } from '../../core/errors/error.js';

const kind = (name: string, summary: string, fix: string): ErrorKind =>
  defineError({ code: `template/${name}`, recovery: 'never', summary, fix });

export const badArgument = kind(
  'bad-argument',
  'A function, filter or method got a number of arguments or a value that it does not take.',
  'Correct the argument; the message says what is accepted.',
);
export const badFilePath = kind(
  'bad-file-path',
  'fn.file.read was asked for a file that does not exist or lies outside the project folder.',
  'Name an existing file, relative to the project folder.',
);
export const limitReached = kind(
  'limit-reached',
  'A template needs more steps, text or list items than one value may take.',
  'Do less in the template, or prepare the value elsewhere.',
);
export const nullInText = kind(
  'null-in-text',
  'An expression inside text is null, which would put the word None into a key, a path or a statement.',
  "Give it a value, or say what stands for it: {{ x | default('all', true) }}.",
);
export const secretPosition = kind(
  'secret-position',
  'fn.secrets.get stands where a secret may not go.',
  'Use it as the whole value of a field declared secret, or as a whole literal in SQL.',
);
export const syntaxError = kind(
  'syntax-error',
  'A template cannot be read.',
  'Correct the template at the place that the message names.',
);
export const unknownField = kind(
  'unknown-field',
  'An expression reads a field, an index or a variable that the value does not have.',
  "Correct the name, or give a default: {{ x.y | default('z') }}.",
);
export const unknownFilter = kind(
  'unknown-filter',
  'A filter is not known.',
  'Use one of the filters that the message lists.',
);
export const unknownFunction = kind(
  'unknown-function',
  'A function is not known.',
  'Use one of the functions that the message lists.',
);
export const unknownMethod = kind(
  'unknown-method',
  'A value has no such method.',
  'Use one of the methods that the message lists.',
);
export const unknownName = kind(
  'unknown-name',
  'An expression begins with a name that does not exist here.',
  'Use one of the names that the message lists.',
);
export const unknownTest = kind(
  'unknown-test',
  'A test after `is` is not known.',
  'Use one of the tests that the message lists.',
);
export const wrongType = kind(
  'wrong-type',
  'An operation got a value of a type that it does not take.',
  'Convert the value first, with a filter such as `string` or `int`.',
);

export const templateErrors: readonly ErrorKind[] = [
  badArgument,
  badFilePath,
  limitReached,
  nullInText,
  secretPosition,
  syntaxError,
  unknownField,
  unknownFilter,
  unknownFunction,
  unknownMethod,
  unknownName,
  unknownTest,
  wrongType,
];
