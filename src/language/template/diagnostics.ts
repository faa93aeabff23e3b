/** What lint can say about a template before values exist (D15). */
import {
  defineDiagnostic,
  type DiagnosticKind,
  type Severity,
} from '../../core/errors/diagnostic.js';

const kind = (name: string, severity: Severity, summary: string, fix: string): DiagnosticKind =>
  defineDiagnostic({ code: `template/${name}`, severity, summary, fix });

export const callProblem = kind(
  'call-problem',
  'error',
  'A function, filter or test is called with arguments that it does not take.',
  'Correct the arguments; the finding lists them.',
);
export const itemOutsideScope = kind(
  'item-outside-scope',
  'error',
  'source.item is used where no item is known.',
  'Use it in the fields of the target, or in a predicate.',
);
export const secretInText = kind(
  'secret-in-text',
  'error',
  'fn.secrets.get is mixed with other text or used inside an expression.',
  'Make it the whole value: "{{ fn.secrets.get(\'X\') }}".',
);
export const syntaxProblem = kind(
  'syntax',
  'error',
  'A template cannot be read.',
  'Correct the template where the finding points.',
);
export const undeclaredParameter = kind(
  'undeclared-parameter',
  'warning',
  'A parameter is used and declared nowhere (D10).',
  'Declare it in params_schema, or pass it at every launch.',
);
export const unknownFieldFinding = kind(
  'no-such-field',
  'error',
  'A template reads a field that its root does not have.',
  'Use one of the fields that the finding lists.',
);
export const unknownFilterFinding = kind(
  'no-such-filter',
  'error',
  'A filter is not known.',
  'Use one of the filters that the finding lists.',
);
export const unknownFunctionFinding = kind(
  'no-such-function',
  'error',
  'A function is not known.',
  'Use one of the functions that the finding lists.',
);
export const unknownItemField = kind(
  'no-such-item-field',
  'error',
  'A template reads a field that items of this connector do not have (D5).',
  'Use the field that the finding names.',
);
export const unknownMethodFinding = kind(
  'no-such-method',
  'error',
  'A method is not known.',
  'Use one of the methods that the finding lists.',
);
export const unknownRoot = kind(
  'no-such-root',
  'error',
  'A template begins with a name that does not exist in its scope.',
  'Use one of the names that the finding lists.',
);
export const unknownTestFinding = kind(
  'no-such-test',
  'error',
  'A test after `is` is not known.',
  'Use one of the tests that the finding lists.',
);
export const unknownVariable = kind(
  'no-such-variable',
  'error',
  'A variable is not in vars/.',
  'Add it to vars/common.yaml or to the file of the environment.',
);
export const unsetEnvironment = kind(
  'unset-environment',
  'warning',
  'An environment variable is not set where lint ran.',
  'Set it where the worker runs.',
);

export const templateDiagnostics: readonly DiagnosticKind[] = [
  callProblem,
  itemOutsideScope,
  unknownFieldFinding,
  unknownFilterFinding,
  unknownFunctionFinding,
  unknownItemField,
  unknownMethodFinding,
  unknownRoot,
  unknownTestFinding,
  unknownVariable,
  secretInText,
  syntaxProblem,
  undeclaredParameter,
  unsetEnvironment,
];
