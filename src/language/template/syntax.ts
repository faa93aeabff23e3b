/**
 * The syntax tree of a template: plain readonly data.
 *
 * Every expression knows its stretch of the template's text and its height, which the parser bounds, so that whoever
 * walks the tree may recurse.
 */
export type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~';
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

interface Placed {
  readonly offset: number;
  readonly length: number;
  readonly height: number;
}

export interface NamedArgument {
  readonly name: string;
  readonly value: Expression;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly NamedArgument[];
}

export type ExpressionShape =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | {
      readonly kind: 'mapping';
      readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
    }
  | { readonly kind: 'attribute'; readonly target: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly target: Expression; readonly index: Expression }
  | {
      readonly kind: 'slice';
      readonly target: Expression;
      readonly bounds: readonly (Expression | undefined)[];
    }
  | { readonly kind: 'call'; readonly target: Expression; readonly args: Arguments }
  | {
      readonly kind: 'filter';
      readonly target: Expression;
      readonly name: string;
      readonly args: Arguments;
    }
  | {
      readonly kind: 'test';
      readonly target: Expression;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'sign'; readonly sign: '-' | '+'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'compare';
      readonly first: Expression;
      readonly rest: readonly { readonly operator: Comparison; readonly operand: Expression }[];
    }
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression | undefined;
    };

export type Expression = ExpressionShape & Placed;

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly expression: Expression }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: 'for';
      readonly names: readonly string[];
      readonly items: Expression;
      readonly condition: Expression | undefined;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: 'set';
      readonly name: string;
      readonly value: Expression | readonly Statement[];
    };

/** Every expression that stands directly below this one. */
export const childrenOf = (expression: ExpressionShape): readonly Expression[] => {
  switch (expression.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'list':
      return expression.items;
    case 'mapping':
      return expression.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'attribute':
      return [expression.target];
    case 'index':
      return [expression.target, expression.index];
    case 'slice':
      return [expression.target, ...expression.bounds.filter((bound) => bound !== undefined)];
    case 'call':
    case 'filter':
      return [
        expression.target,
        ...expression.args.positional,
        ...expression.args.named.map((argument) => argument.value),
      ];
    case 'test':
      return [expression.target, ...expression.args];
    case 'not':
    case 'sign':
      return [expression.operand];
    case 'binary':
    case 'and':
    case 'or':
      return [expression.left, expression.right];
    case 'compare':
      return [expression.first, ...expression.rest.map((part) => part.operand)];
    case 'choice':
      return [
        expression.condition,
        expression.then,
        ...(expression.otherwise === undefined ? [] : [expression.otherwise]),
      ];
  }
};
