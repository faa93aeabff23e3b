/** Findings for programs: our JSON (public API, design §10), SARIF 2.1.0, and GitHub's annotations. */
import type { Diagnostic, DiagnosticKind } from '../core/errors/diagnostic.js';
import { docsAnchor } from '../core/errors/render.js';

export interface LintSummary {
  readonly errors: number;
  readonly warnings: number;
  /** Files that were read. */
  readonly files: number;
}

export const summaryOf = (diagnostics: readonly Diagnostic[], files: number): LintSummary => {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: diagnostics.length - errors, files };
};

const counted = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;

export const summaryText = ({ errors, warnings, files }: LintSummary): string =>
  `${counted(errors, 'error')}, ${counted(warnings, 'warning')} in ${counted(files, 'file')}`;

/** What to do, from the diagnostic's fix, or its hint where there is no fix. */
const advice = ({ fix, hint }: Diagnostic): string | undefined => fix ?? hint;

export const toJson = (diagnostics: readonly Diagnostic[], files: number) => ({
  diagnostics: diagnostics.map((finding) => {
    const { code, severity, message, span, related } = finding;
    const fix = advice(finding);
    return {
      code,
      severity,
      message,
      ...span,
      ...(fix === undefined ? {} : { fix }),
      ...(related === undefined
        ? {}
        : { related: related.map((place) => ({ message: place.message, ...place.span })) }),
      docs: docsAnchor(code),
    };
  }),
  summary: summaryOf(diagnostics, files),
});

const sarifPlace = ({ file, line, column, endLine, endColumn }: Diagnostic['span']) => ({
  physicalLocation: {
    artifactLocation: {
      uri: file.split('/').map(encodeURIComponent).join('/'),
      uriBaseId: 'PROJECT',
    },
    region: { startLine: line, startColumn: column, endLine, endColumn },
  },
});

const sarifResult = (finding: Diagnostic, rules: readonly string[]) => {
  const fix = advice(finding);
  const related = (finding.related ?? []).map((place, id) => ({
    id,
    message: { text: place.message },
    ...sarifPlace(place.span),
  }));
  return {
    ruleId: finding.code,
    ruleIndex: rules.indexOf(finding.code),
    level: finding.severity,
    message: { text: fix === undefined ? finding.message : `${finding.message}. ${fix}` },
    locations: [sarifPlace(finding.span)],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
  };
};

/** What is declared of a code: GitHub shows it beside each result, and asks for all three texts. */
const sarifRule = (id: string, kinds: readonly DiagnosticKind[]) => {
  const kind = kinds.find(({ code }) => code === id);
  const properties = { docs: docsAnchor(id) };
  if (kind === undefined) return { id, properties };
  const summary = { text: kind.summary };
  return {
    id,
    shortDescription: summary,
    fullDescription: summary,
    help: { text: kind.fix },
    defaultConfiguration: { level: kind.severity },
    properties,
  };
};

export const toSarif = (
  diagnostics: readonly Diagnostic[],
  tool: { readonly version: string; readonly kinds: readonly DiagnosticKind[] },
) => {
  const rules = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'tidemark',
            version: tool.version,
            rules: rules.map((id) => sarifRule(id, tool.kinds)),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((finding) => sarifResult(finding, rules)),
      },
    ],
  };
};

/** Workflow commands take `%`, line ends and, in properties, `:` and `,` only escaped. */
const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string =>
  escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

export const toGithub = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics
    .map((finding) => {
      const { severity, code, message, span } = finding;
      const fix = advice(finding);
      const place = `file=${property(span.file)},line=${span.line},endLine=${span.endLine},col=${span.column},endColumn=${span.endColumn}`;
      return `::${severity} ${place},title=${property(code)}::${escaped(fix === undefined ? message : `${message}\n${fix}`)}`;
    })
    .join('\n');
