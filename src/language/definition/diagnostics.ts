/** Every finding of the definition stage: about one file or one entry by itself, not about what entries mean together. */
import { defineDiagnostic, type DiagnosticKind } from '../../core/errors/diagnostic.js';

export const unknownKey = defineDiagnostic({
  code: 'definition/unknown-key',
  severity: 'error',
  summary: 'A key is not known where it stands.',
  fix: 'Correct the spelling, or remove the key; the message lists the keys that are known there.',
});

export const wrongValue = defineDiagnostic({
  code: 'definition/wrong-value',
  severity: 'error',
  summary: 'A value has the wrong type, or is not one of the values that its key takes.',
  fix: 'Write a value as the message says.',
});

export const missingKey = defineDiagnostic({
  code: 'definition/missing-key',
  severity: 'error',
  summary: 'A key that is required is not there.',
  fix: 'Add the key.',
});

export const notSupported = defineDiagnostic({
  code: 'definition/not-supported',
  severity: 'error',
  summary:
    'A key, type or value of the dialect is known, but this release does not do what it asks for.',
  fix: 'Write what the message names instead, or leave it out.',
});

export const unknownType = defineDiagnostic({
  code: 'definition/unknown-type',
  severity: 'error',
  summary: 'The type of a source, target, sensor or connection is not known.',
  fix: 'Write one of the types that the message lists.',
});

export const wrongSide = defineDiagnostic({
  code: 'definition/wrong-side',
  severity: 'error',
  summary:
    'A connector is used for something that it cannot do: as a source, as a target or to be watched.',
  fix: 'Use one of the types that the message lists.',
});

export const templateNotAllowed = defineDiagnostic({
  code: 'definition/template-not-allowed',
  severity: 'error',
  summary:
    'A template stands in a place that takes none, or a reference to a secret outside a secret field.',
  fix: 'Write the value itself; a secret belongs into a secret field of a connection.',
});

export const plaintextSecret = defineDiagnostic({
  code: 'definition/plaintext-secret',
  severity: 'warning',
  summary: 'A secret stands in the YAML as plain text.',
  fix: "Write {{ env.NAME }} or {{ fn.secrets.get('NAME') }} and put the value into the environment.",
});

export const noFiles = defineDiagnostic({
  code: 'definition/no-files',
  severity: 'error',
  summary: 'The project has no pipeline file.',
  fix: 'Put at least one .yaml or .yml file below pipelines/.',
});

export const noLayer = defineDiagnostic({
  code: 'definition/no-layer',
  severity: 'warning',
  summary:
    'ENV or --env names a layer that has no file, though others have; only common.yaml is read.',
  fix: 'Correct the name, or add connections/<ENV>.yaml or vars/<ENV>.yaml.',
});

export const noKnownSection = defineDiagnostic({
  code: 'definition/no-known-section',
  severity: 'warning',
  summary: 'A file below pipelines/ has no section that Tidemark knows; it is skipped.',
  fix: 'Write assets, jobs, schedules, sensors or resources at the top of the file, or move it elsewhere.',
});

export const unreadableFile = defineDiagnostic({
  code: 'definition/unreadable-file',
  severity: 'error',
  summary: 'A file of the project cannot be read.',
  fix: 'Check that the file exists and may be read.',
});

export const definitionDiagnostics: readonly DiagnosticKind[] = [
  unknownKey,
  wrongValue,
  missingKey,
  notSupported,
  unknownType,
  wrongSide,
  templateNotAllowed,
  plaintextSecret,
  noFiles,
  noKnownSection,
  noLayer,
  unreadableFile,
];
