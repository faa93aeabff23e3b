/**
 * A parsed template: its syntax tree, and everything that can be said about it without values.
 *
 * A text without `{{`, `{%` or `{#` is a template too: a constant one. One trailing newline is not part of any
 * template (dialect.md §5.1), so a block scalar does not put a line break into a key.
 */
import { analyse, type TemplateFacts } from './analyse.js';
import { parseJinja, type SyntaxProblem } from './jinja-parser.js';
import type { Expression, Statement } from './syntax.js';

export interface Template extends TemplateFacts {
  /** As written, with its trailing newline; offsets refer to it. */
  readonly text: string;
  /** No expression and no block: always the same text. */
  readonly constant: boolean;
  /** Set when the text is exactly one `{{ expression }}`: evaluation gives the native value. */
  readonly sole: Expression | undefined;
  readonly statements: readonly Statement[];
}

export type ParsedTemplate = { readonly template: Template } | { readonly problem: SyntaxProblem };

const lengthLimit = 1024 * 1024;

const soleExpression = (text: string, statements: readonly Statement[]): Expression | undefined => {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{{') || !trimmed.endsWith('}}') || text.includes('{#')) return undefined;
  const rest = statements.filter(
    (statement) => statement.kind !== 'text' || statement.text.trim() !== '',
  );
  const [only] = rest;
  return rest.length === 1 && only?.kind === 'output' ? only.expression : undefined;
};

const isProblem = (result: readonly Statement[] | SyntaxProblem): result is SyntaxProblem =>
  'message' in result;

/** Never throws. `problem.offset` and `problem.length` are a stretch of `text`. */
export const parseTemplate = (text: string): ParsedTemplate => {
  if (text.length > lengthLimit) {
    return {
      problem: {
        message: `the text has ${text.length} characters; a template has at most ${lengthLimit}`,
        offset: 0,
        length: 0,
      },
    };
  }
  const source = text.replace(/(?:\r\n|\r|\n)$/, '');
  const statements = /\{[{%#]/.test(source)
    ? parseJinja(source)
    : [{ kind: 'text' as const, text: source }];
  if (isProblem(statements)) return { problem: statements };
  const constant = statements.every((statement) => statement.kind === 'text');
  return {
    template: {
      text,
      constant,
      sole: soleExpression(source, statements),
      statements,
      ...analyse(statements),
    },
  };
};
