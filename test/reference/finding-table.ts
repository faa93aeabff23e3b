/** Findings as rows of a page: their codes lead to the page of errors and findings. */
import type { DiagnosticKind } from '../../src/core/errors/diagnostic.js';
import { table } from './markdown.js';

const byCode = (a: DiagnosticKind, b: DiagnosticKind) => (a.code < b.code ? -1 : 1);

export const findingTable = (kinds: readonly DiagnosticKind[], page: string): readonly string[] =>
  table(
    ['code', 'severity', 'what it means'],
    kinds
      .toSorted(byCode)
      .map(({ code, severity, summary, fix }) => [
        `[\`${code}\`](${page}#${code.replace('/', '-')})`,
        severity,
        `${summary} ${fix}`,
      ]),
  );
