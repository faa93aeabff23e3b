import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SqlText } from '../../core/plan/rows.js';
import { templateFunctions } from './functions/all.js';
import { bindSql, judgeSql } from './sql-text.js';
import { parseTemplate } from './template.js';
import { instant, type TemplateValue } from './values.js';

const parsed = (text: string) => {
  const result = parseTemplate(text);
  if ('template' in result) return result.template;
  throw new Error(result.problem.message);
};

const files: Readonly<Record<string, string>> = {
  'q.sql': "SELECT 'it''s' -- {{ no template }}\n",
  'empty.sql': '',
};

const bound = (
  text: string,
  x: TemplateValue = 'v',
  params: readonly TemplateValue[] | null = null,
) =>
  bindSql(parsed(text), {
    scope: { params: { x }, partition_start: instant('2026-01-31T00:00:00+00:00') },
    functions: templateFunctions,
    context: { nowMs: 0, readFile: (path) => files[path] },
    params,
  });

const sqlOf = (text: string, x?: TemplateValue, params?: readonly TemplateValue[]): SqlText => {
  const result = bound(text, x, params ?? null);
  if ('sql' in result) return result.sql;
  throw new Error(`${result.problem.expression ?? ''} ${result.problem.message}`);
};

const problemOf = (text: string, x?: TemplateValue, params?: readonly TemplateValue[]): string => {
  const result = bound(text, x, params ?? null);
  return 'problem' in result ? result.problem.message : '';
};

const text = (value: string) => ({ value, as: 'text' });

describe('a template inside a literal', () => {
  it('is one value with everything that the literal holds', () => {
    expect(sqlOf("SELECT 1 WHERE d = '{{ params.x }}'", "a' OR 1=1 --")).toEqual([
      'SELECT 1 WHERE d = ',
      text("a' OR 1=1 --"),
    ]);
    expect(sqlOf("x LIKE 'it''s {{ params.x }}%' AND y")).toEqual([
      'x LIKE ',
      text("it's v%"),
      ' AND y',
    ]);
    expect(sqlOf("f('{{ params.x }}''{{ params.x }}')")).toEqual(['f(', text("v'v"), ')']);
    expect(sqlOf("n = N'{{ params.x }}'")).toEqual(['n = ', text('v')]);
    expect(sqlOf("n = '{{ params.x }}'", 5)).toEqual(['n = ', text('5')]);
  });

  it('an instant alone binds as one, and as text beside other text', () => {
    expect(sqlOf("d >= '{{ partition_start }}'")).toEqual([
      'd >= ',
      { value: '2026-01-31T00:00:00+00:00', as: 'instant' },
    ]);
    expect(sqlOf("d >= 'x{{ partition_start }}'")).toEqual([
      'd >= ',
      text('x2026-01-31T00:00:00+00:00'),
    ]);
  });

  it('a secret stays a name, and stands in quotes of its own (D12)', () => {
    const known = `k = '{{ fn.secrets.get("K") }}' OR k = '{{ fn.secrets.get('L', 'none') }}'`;
    expect(sqlOf(known)).toEqual([
      'k = ',
      { secret: 'K' },
      ' OR k = ',
      { secret: 'L', default: 'none' },
    ]);
    const isNumber = () => false;
    for (const [wrong, message] of [
      [`k = 'v1-{{ fn.secrets.get('K') }}'`, 'is a secret and stands in a literal with other text'],
      [`k = {{ fn.secrets.get('K') }}`, 'stands outside quotes'],
    ] as const) {
      expect(problemOf(wrong)).toBe(message);
      expect(judgeSql(parsed(wrong), isNumber).problems.map((found) => found.message)).toEqual([
        message,
      ]);
    }
    expect(judgeSql(parsed(known), isNumber).problems).toEqual([]);
    expect(() => bound(`k = '{{ fn.secrets.get('K') | upper }}'`)).toThrow('a secret may only be');
  });

  it('a mark stays a mark, and stands in quotes of its own', () => {
    expect(sqlOf("u > '{{ metadata.last_cursor }}' AND u < '{{metadata.now}}'")).toEqual([
      'u > ',
      { mark: 'last_cursor' },
      ' AND u < ',
      { mark: 'now' },
    ]);
    expect(problemOf("u > '{{ metadata.last_cursor }}x'")).toContain('other text');
    expect(problemOf("u > '{{ metadata.last_cursor | upper }}'")).toContain('a mark is known only');
    expect(problemOf('{% if metadata.now %}x{% endif %}')).toContain('a mark is known only');
    expect(problemOf('u > {{ metadata.last_cursor }}')).toContain('outside quotes');
  });

  it.each([
    ["E'\\'{{ params.x }}'", "E'…'"],
    ["B'{{ params.x }}'", "B'…'"],
    ["U&'{{ params.x }}'", "U&'…'"],
    ['$$ {{ params.x }} $$', 'dollar quote'],
    ['$a$ {{ params.x }} $a$', 'dollar quote'],
    ['${{ params.x }}$', 'dollar quote'],
    ['SELECT 1 -- {{ params.x }}', 'comment'],
    ['SELECT /* /* */ {{ params.x }} */ 1', 'comment'],
  ])('%s is refused', (sql, says) => {
    expect(problemOf(sql)).toContain(says);
  });

  it.each([
    ["'{{ params.x }}'", [1] as TemplateValue],
    ["'{{ params.x }}'", null],
    ["'{{ params.x }}'", 'a\0b'],
    ["'{{ params.x }}", 'v'],
  ])('%s with %j is refused', (sql, value) => {
    expect(problemOf(sql, value)).not.toBe('');
  });
});

describe('a template outside of literals', () => {
  it('gives a name where a name may stand, and a number anywhere', () => {
    expect(sqlOf('SELECT * FROM {{ params.x }} t', 'sales.orders')).toEqual([
      'SELECT * FROM sales.orders t',
    ]);
    expect(sqlOf('SELECT * FROM orders_{{ params.x }}', 2026)).toEqual([
      'SELECT * FROM orders_2026',
    ]);
    expect(sqlOf('SELECT 1 -{{ params.x }} LIMIT 3', -5)).toEqual(['SELECT 1 -(-5) LIMIT 3']);
    expect(sqlOf('SELECT "{{ params.x }}" FROM t', 'a b')).toEqual(['SELECT "a b" FROM t']);
  });

  it.each([
    ['WHERE id = {{ params.x }}', 'id'],
    ['WHERE id IS DISTINCT FROM {{ params.x }}', 'id'],
    ['SELECT * FROM {{ params.x }}', 'a; DROP TABLE a'],
    ['SELECT * FROM {{ params.x }}', 'a--'],
    ['SELECT * FROM {{ params.x }}', ''],
    ['SELECT * FROM {{ params.x }}', '"a"'],
    ['SELECT "{{ params.x }}"', 'a" FROM b --'],
    ["SELECT 'a'{{ params.x }}", 'b'],
    ['LIMIT {{ params.x }}', true],
    ['LIMIT {{ params.x }}', '1 OR 1'],
  ])('%s with %j is refused', (sql, value) => {
    expect(problemOf(sql, value)).not.toBe('');
  });

  it('a condition that a function made is text with values', () => {
    expect(sqlOf("WHERE {{ fn.date.between_date('t.d', params.x, 'b') }} LIMIT 1", "a'b")).toEqual([
      'WHERE t.d BETWEEN ',
      text("a'b"),
      ' AND ',
      text('b'),
      ' LIMIT 1',
    ]);
    expect(problemOf("'{{ fn.date.between_date('d', 'a', 'b') }}'")).toContain('a condition');
  });

  it('a file of the project is text of the author, templates in it are none', () => {
    expect(sqlOf("{{ fn.file.read('q.sql') }}")).toEqual(["SELECT 'it''s' -- {{ no template }}\n"]);
    expect(problemOf("{{ fn.file.read('q.sql') ~ params.x }}")).not.toBe('');
    expect(problemOf('{{ fn.file.read(params.x) }}', 'q.sql')).not.toBe('');
  });
});

describe('question marks', () => {
  it('are values in their order, outside of quotes and comments, and only with params', () => {
    expect(sqlOf("a = ? AND b = '?' -- ?\n AND c = ?", 'v', ["1' --", null])).toEqual([
      'a = ',
      text("1' --"),
      " AND b = '?' -- ?\n AND c = NULL",
    ]);
    expect(sqlOf('a ? b')).toEqual(['a ? b']);
    expect(problemOf('a = ?', 'v', [1, 2])).toContain('1 question marks and params 2 values');
  });

  it('never continue a literal before them: backslashes of a value would count in it', () => {
    expect(sqlOf("E'a'?", 'v', ["\\'; DROP"])).toEqual(["E'a' ", text("\\'; DROP")]);
  });
});

describe('hostile values', () => {
  const pieces = fc.constantFrom(
    "'",
    "''",
    ' ',
    'a',
    'E',
    'N',
    '$',
    '$a$',
    '-',
    '--',
    '/*',
    '*/',
    '"',
    '\\',
    '\n',
    ' FROM ',
    ', ',
    '{{ params.x }}',
    "'{{ params.x }}'",
  );
  const hostile = fc.constantFrom(
    "'; DROP TABLE marker; --",
    "\\'; DROP TABLE marker; --",
    'marker" --',
    '$a$; marker',
    'marker */',
    "marker''",
  );

  it('no text of a value is ever in a string piece', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), hostile, (parts, value) => {
        const result = bound(parts.join(''), value);
        if ('problem' in result) return;
        const own = result.sql.filter((piece) => typeof piece === 'string').join('');
        expect(own.includes('marker')).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  it('whatever lint accepts without values is accepted with a text value, in literals', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const sql = parts.filter((part) => part !== '{{ params.x }}').join('');
        const judged = judgeSql(parsed(sql), () => false);
        expect(judged.problems.length === 0).toBe('sql' in bound(sql, 'x y'));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('without values', () => {
  const problems = (sql: string) =>
    judgeSql(parsed(sql), (name) => name === 'n').problems.map(({ message }) => message);

  it.each([
    "SELECT '{{ params.x }}'",
    'SELECT * FROM {{ params.table }} LIMIT {{ params.n }}',
    "{{ fn.file.read('q.sql') }}",
    "WHERE {{ fn.date.between_date('d', params.a, params.b) }}",
    "WHERE a {% if params.x %}= '{{ params.x }}'{% else %}IS NULL{% endif %} AND b = '{{ params.y }}'",
    "{% for n in params.names %}OR a = '{{ n }}'{% endfor %}",
  ])('%s is accepted', (sql) => {
    expect(problems(sql)).toEqual([]);
  });

  it.each([
    'WHERE a = {{ params.x }}',
    'LIMIT {{ params.x }}',
    'WHERE day = {{ partition_key }}',
    "WHERE a {% if params.x %}= {{ params.x }}{% endif %} AND b = '{{ params.y }}'",
  ])('%s is refused once', (sql) => {
    expect(problems(sql)).toEqual(['stands outside quotes']);
  });
});
