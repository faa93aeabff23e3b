/**
 * The contract of a template function: `fn.<name>(…)`, or without `fn.` where the scope has no such name.
 *
 * A function is pure: everything that it knows comes from its arguments and the context, and whatever is wrong with
 * them is a TidemarkError. It never gives back its input because it could not read it.
 */
import type { JsonValue } from '../../../core/values/json.js';
import type { BoundCall, Parameter } from '../signature.js';
import type { TemplateValue } from '../values.js';

export interface FunctionContext {
  /** The moment that counts as now, in milliseconds since 1970 UTC; fixed by whoever evaluates. */
  readonly nowMs: number;
  /**
   * The text of a project file, or undefined when there is none. The path is relative to the project folder, has no
   * `..` that leaves it, and uses `/`; following symbolic links out of the folder is the port's to refuse.
   */
  readonly readFile?: (path: string) => string | undefined;
}

export interface FunctionArgument {
  /** A trailing `?` makes it optional. */
  readonly name: Parameter;
  readonly summary: string;
}

export interface FunctionExample {
  /** What an author writes between the braces. */
  readonly expression: string;
  /** The value; fragments and instants as their text. Executed by a test. */
  readonly gives: JsonValue;
}

export interface TemplateFunction {
  /** Module and name: `date.format`. */
  readonly name: string;
  readonly summary: string;
  readonly args: readonly FunctionArgument[];
  readonly examples: readonly FunctionExample[];
  /** `planning`: needs what only planning has (files, references to secrets). `anywhere`: also item by item. */
  readonly at: 'planning' | 'anywhere';
  /** `secret`: gives a reference, which may stand only where secrets are allowed (D12). */
  readonly gives?: 'secret';
  /** Called once per evaluation of the call, with the arguments bound to `args` in order. */
  readonly run: (call: BoundCall, context: FunctionContext) => TemplateValue;
}

export const defineFunction = (declaration: TemplateFunction): TemplateFunction =>
  Object.freeze(declaration);
