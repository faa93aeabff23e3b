/** What lint can find in the faults of a folder in memory. */
import { defineDiagnostic, type DiagnosticKind } from '../../core/errors/diagnostic.js';

export const misplacedFault = defineDiagnostic({
  code: 'memory/misplaced-fault',
  severity: 'error',
  summary: 'A fault is declared for an operation that cannot suffer it.',
  fix: 'Write a fault that the message names.',
});

export const memoryFindings: readonly DiagnosticKind[] = [misplacedFault];
