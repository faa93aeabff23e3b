/** Findings whose place is not in the file that they name; every test of broken input expects none. */
import type { Diagnostic, Span } from '../../../src/core/errors/diagnostic.js';
import type { LoadedProject } from '../../../src/language/lint/load-project.js';

const isInside = (span: Span, sources: ReadonlyMap<string, string>): boolean => {
  const lines = sources.get(span.file)?.split(/\r\n|\r|\n/);
  // A project without files has one finding, about the folder itself.
  if (lines === undefined) return span.file === 'pipelines' && span.line === 1;
  const fits = (line: number, column: number) =>
    line >= 1 && column >= 1 && column <= (lines[line - 1]?.length ?? -1) + 1;
  const isForward =
    span.endLine > span.line || (span.endLine === span.line && span.endColumn >= span.column);
  return fits(span.line, span.column) && fits(span.endLine, span.endColumn) && isForward;
};

export const outside = ({ diagnostics, sources }: LoadedProject): readonly Diagnostic[] =>
  diagnostics.filter(
    ({ span, related = [] }) =>
      !isInside(span, sources) || !related.every((place) => isInside(place.span, sources)),
  );
