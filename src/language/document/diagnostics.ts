/** What can be wrong with a file before its meaning is looked at. */
import { defineDiagnostic, type DiagnosticKind } from '../../core/errors/diagnostic.js';

export const aliasCycle = defineDiagnostic({
  code: 'document/alias-cycle',
  severity: 'error',
  summary: 'An alias stands inside the value that its anchor names.',
  fix: 'Write the value out, or move the anchor to a value that does not contain the alias.',
});

export const duplicateKey = defineDiagnostic({
  code: 'document/duplicate-key',
  severity: 'error',
  summary: 'A mapping holds the same key twice.',
  fix: 'Remove one of the two, or rename it.',
});

export const keyNotText = defineDiagnostic({
  code: 'document/key-not-text',
  severity: 'error',
  summary: 'A key is a number, a boolean, empty or a collection.',
  fix: 'Put the key in quotes.',
});

export const mergeNotMapping = defineDiagnostic({
  code: 'document/merge-not-mapping',
  severity: 'error',
  summary: 'The merge key << takes a mapping or a list of mappings.',
  fix: 'Write `<<: *anchor`, where the anchor is on a mapping.',
});

export const multipleDocuments = defineDiagnostic({
  code: 'document/multiple-documents',
  severity: 'error',
  summary: 'A file holds more than one YAML document.',
  fix: 'Put what follows the second `---` into a file of its own.',
});

export const notUtf8 = defineDiagnostic({
  code: 'document/not-utf8',
  severity: 'error',
  summary: 'A file holds bytes that are not UTF-8.',
  fix: 'Save the file as UTF-8.',
});

export const syntax = defineDiagnostic({
  code: 'document/syntax',
  severity: 'error',
  summary: 'The text is not YAML 1.2.',
  fix: 'Correct the place that the finding points at.',
});

export const tooDeep = defineDiagnostic({
  code: 'document/too-deep',
  severity: 'error',
  summary: 'Mappings and lists are nested deeper than 100 levels.',
  fix: 'Flatten the value; nothing in a pipeline needs that depth.',
});

export const tooLarge = defineDiagnostic({
  code: 'document/too-large',
  severity: 'error',
  summary: 'A file is over 4 MiB, or its aliases expand to more than 100,000 values.',
  fix: 'Split the file, or write out what the aliases stand for.',
});

export const unknownAlias = defineDiagnostic({
  code: 'document/unknown-alias',
  severity: 'error',
  summary: 'An alias names an anchor that is not defined before it.',
  fix: 'Define the anchor (`&name`) above the alias (`*name`).',
});

export const unquotedTemplate = defineDiagnostic({
  code: 'document/unquoted-template',
  severity: 'error',
  summary: 'A value begins with `{{` without quotes, which YAML reads as a mapping.',
  fix: 'Put the whole value in quotes: "{{ … }}".',
});

export const unsupportedTag = defineDiagnostic({
  code: 'document/unsupported-tag',
  severity: 'error',
  summary: "A value carries a tag (`!…`) that is not part of YAML 1.2's core schema.",
  fix: 'Remove the tag.',
});

export const documentDiagnostics: readonly DiagnosticKind[] = [
  aliasCycle,
  duplicateKey,
  keyNotText,
  mergeNotMapping,
  multipleDocuments,
  notUtf8,
  syntax,
  tooDeep,
  tooLarge,
  unknownAlias,
  unquotedTemplate,
  unsupportedTag,
];
