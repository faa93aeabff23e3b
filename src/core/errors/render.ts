/** A diagnostic as text: the format of design §8. Pure; the source text of the file is an argument. */
import type { Diagnostic } from './diagnostic.js';

export const docsAnchor = (code: string): string =>
  `docs/reference/errors.md#${code.replace('/', '-')}`;

const caretLine = (diagnostic: Diagnostic, sourceLine: string, gutter: string): string => {
  const { span } = diagnostic;
  const lastColumn = span.endLine === span.line ? span.endColumn : sourceLine.length + 1;
  const width = Math.max(1, Math.min(lastColumn, sourceLine.length + 1) - span.column);
  const hint = diagnostic.hint === undefined ? '' : ` ${diagnostic.hint}`;
  // Tabs are kept, so that the caret stands under its column whatever a tab's width is.
  const indent = sourceLine.slice(0, span.column - 1).replace(/[^\t]/g, ' ');
  return `${' '.repeat(gutter.length)} | ${indent}${'^'.repeat(width)}${hint}`;
};

const excerpt = (diagnostic: Diagnostic, source: string | undefined): readonly string[] => {
  const sourceLine = source?.split(/\r\n|\r|\n/)[diagnostic.span.line - 1];
  if (sourceLine === undefined)
    return diagnostic.hint === undefined ? [] : [`   ${diagnostic.hint}`];
  const gutter = String(diagnostic.span.line);
  return [`${gutter} | ${sourceLine}`, caretLine(diagnostic, sourceLine, gutter)];
};

const place = ({ file, line, column }: Diagnostic['span']): string => `${file}:${line}:${column}`;

/** `source` is the text of the diagnostic's file; without it the excerpt is left out. */
export const renderDiagnostic = (diagnostic: Diagnostic, source?: string): string => {
  const lines = [
    `${diagnostic.severity}[${diagnostic.code}]: ${diagnostic.message}`,
    `  ${place(diagnostic.span)}`,
    ...excerpt(diagnostic, source),
  ];
  for (const related of diagnostic.related ?? []) {
    lines.push(`   ${related.message}: ${place(related.span)}`);
  }
  if (diagnostic.known !== undefined && diagnostic.known.length > 0) {
    lines.push(`   known: ${diagnostic.known.join(', ')}`);
  }
  if (diagnostic.fix !== undefined) lines.push(`   fix: ${diagnostic.fix}`);
  lines.push(`   see ${docsAnchor(diagnostic.code)}`);
  return lines.join('\n');
};
