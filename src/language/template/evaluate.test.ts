import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../core/errors/error.js';
import { templateErrors } from './errors.js';
import { evaluateSegments, evaluateTemplate, type Evaluation } from './evaluate.js';
import { templateFunctions } from './functions/all.js';
import { renderValue } from './render-value.js';
import { parseTemplate } from './template.js';
import { instant, isInstant, isSecretReference, type TemplateValue } from './values.js';

const scope: Evaluation['scope'] = {
  vars: { n: 3, A: 'x', list: ['b', 'a', 'b'], deep: { key: ['v0', { leaf: 'v1' }] } },
  params: { zone: 'archive', empty: null, flag: false },
  trigger: { data: { object_path: 'in/2023/f.csv' } },
  partition_key: '2023-12-25',
  partition_start: instant('2023-12-25T19:30:00+00:00'),
  env: { BUCKET: 'b1' },
};
const evaluation: Evaluation = { scope, functions: templateFunctions, context: { nowMs: 0 } };

const templateOf = (text: string) => {
  const parsed = parseTemplate(text);
  if ('problem' in parsed) throw new Error(`${parsed.problem.message} at ${parsed.problem.offset}`);
  return parsed.template;
};
const run = (text: string, more: Partial<Evaluation> = {}): TemplateValue =>
  evaluateTemplate(templateOf(text), { ...evaluation, ...more });
const codeOf = (text: string): string => {
  try {
    return `value ${JSON.stringify(run(text))}`;
  } catch (error) {
    return error instanceof TidemarkError ? error.code : `not ours: ${String(error)}`;
  }
};

describe('the table of dialect.md §5.1', () => {
  test.each<[string, TemplateValue]>([
    ['{{ vars.n }}', 3],
    ['  {{ vars.n }}  ', 3],
    ['{{ vars.n }}/{{ vars.A }}', '3/x'],
    ["{{ params.zz | default('q') }}", 'q'],
    ['{{ params.zz | default(null) }}', null],
    ['{{ params.zz | default(false) }}', false],
    ["{{ {'a':1}.a }}", 1],
    ['{% if vars.n > 2 %}big{% endif %}', 'big'],
    ["{{ trigger.data.object_path.split('/')[0] }}", 'in'],
    ['{{ partition_key[:4] }}', '2023'],
  ])('%s gives %j', (text, value) => {
    expect(run(text)).toEqual(value);
  });
  test.each([
    ['{{ vars.MISSING }}', 'template/unknown-field'],
    ['{{ nope }}', 'template/unknown-name'],
    ['{{ nope.b }}', 'template/unknown-name'],
    ['x{{ nope }}', 'template/unknown-name'],
    ['x{{ vars.MISSING }}', 'template/unknown-field'],
  ])('%s is %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
  test('one trailing newline is not part of a text, with or without a template', () => {
    expect([run('a\n'), run('a\n\n'), run('a{{ vars.n }}\n'), run('{{ vars.n }}\n')]).toEqual([
      'a',
      'a\n',
      'a3',
      3,
    ]);
  });
});

describe('expressions', () => {
  test.each<[string, TemplateValue]>([
    ['7 * 3 // 2', 10],
    ['10 * 3 % 4', 2],
    ['-7 // 2', -4],
    ['-7 % 3', 2],
    ['2 ** 3 ** 2', 64],
    ['10 - 2 + 3', 11],
    ["'a' ~ 1 ~ True", 'a1True'],
    ["'abcdef'[1:-1:2]", 'bd'],
    ["'abc'[::-1]", 'cba'],
    ["'abc'[-1]", 'c'],
    ['[1,2,3][1:]', [2, 3]],
    ['(1, 2)', [1, 2]],
    ["'é😀x'[1]", '😀'],
    ["'a' in 'cat'", true],
    ["'k' not in {'k': 1}", false],
    ['1 < 2 < 3', true],
    ['1 < 2 > 5', false],
    ['not 1 == 2', true],
    ["'y' if vars.n > 2 else 'n'", 'y'],
    ["'y' if false", ''],
    ['none', null],
    ['True and None', null],
    ["'' or 'z'", 'z'],
    ["{'a': {'b': [1, {'c': 2}]}}.a.b[1]['c']", 2],
    ['vars.deep.key[1].leaf', 'v1'],
    ["vars['deep']['key'].0", 'v0'],
    [String.raw`'a\d\n'`, 'a\\d\n'],
    ['params.empty is none', true],
    ['vars.n is not none and vars.n is number', true],
    ['vars.n is divisibleby 3', true],
    ['nope is defined', false],
    ['nope.deeper is undefined', true],
    ['vars.A is string', true],
    ["nope.b.c | default('q')", 'q'],
    ["params.flag | default('x', true)", 'x'],
    ["params.flag | default('x')", false],
    ['range(3)', [0, 1, 2]],
    ['range(5, 0, -2)', [5, 3, 1]],
    ["vars.get('n')", 3],
    ["vars.get('zz', 7)", 7],
    ["vars.get('zz')", null],
    ["env.get_raw('BUCKET')", 'b1'],
    ["{'b': 1, 'a': 2}.keys()", ['b', 'a']],
    ["{'b': 1}.items()", [['b', 1]]],
    ["{'b': 1}.values()", [1]],
    ["'a,b,c'.split(',', 1)", ['a', 'b,c']],
    ["'a,b,c'.rsplit(',', 1)", ['a,b', 'c']],
    ["' a  b '.split()", ['a', 'b']],
    ["'xxaxx'.strip('x')", 'a'],
    ["' a'.lstrip()", 'a'],
    ["'a '.rstrip()", 'a'],
    ["'abc'.startswith(('x', 'a'))", true],
    ["'abc'.endswith('c')", true],
    ["'-'.join(['a', 'b'])", 'a-b'],
    ["'abc'.find('c')", 2],
    ["'abc'.find('z')", -1],
    ["'-7'.zfill(4)", '-007'],
    ["'aXa'.replace('a', 'b', 1)", 'bXa'],
    ["'hello world' | title", 'Hello World'],
    ["'ABC' | lower | capitalize", 'Abc'],
    ['vars.list | sort', ['a', 'b', 'b']],
    ['vars.list | unique', ['b', 'a']],
    ["vars.list | join('-')", 'b-a-b'],
    ['vars.list | reverse | first', 'b'],
    ['vars.list | last', 'b'],
    ['vars.list | length', 3],
    ["'abc' | list", ['a', 'b', 'c']],
    ["' 12 ' | int", 12],
    ["'3.7' | int", 3],
    ["'x' | int(0)", 0],
    ["'1.5' | float", 1.5],
    ['2.5 | round', 2],
    ['3.14159 | round(2)', 3.14],
    ['-3 | abs', 3],
    ["{'a': [1, null]} | tojson", '{"a": [1, null]}'],
    ['1 | string', '1'],
    ["'a-b' | replace('-', '_') | upper", 'A_B'],
    ['[3, 1] | max', 3],
  ])('{{ %s }} is %j', (expression, value) => {
    expect(run(`{{ ${expression} }}`)).toEqual(value);
  });
  test.each([
    ['{{ vars.n.foo }}', 'template/unknown-field'],
    ['{{ vars.list[9] }}', 'template/unknown-field'],
    ['{{ vars.items }}', 'template/unknown-field'],
    ['{{ vars.A | nope }}', 'template/unknown-filter'],
    ['{{ vars.A is nope }}', 'template/unknown-test'],
    ['{{ vars.A.nope() }}', 'template/unknown-method'],
    ['{{ fn.nope.x() }}', 'template/unknown-function'],
    ['{{ nope() }}', 'template/unknown-function'],
    ["{{ 'a' + 1 }}", 'template/wrong-type'],
    ["{{ 1 < 'a' }}", 'template/wrong-type'],
    ['{{ 1 / 0 }}', 'template/wrong-type'],
    ["{{ 'x' | int }}", 'template/bad-argument'],
    ["{{ 'x'.split(1, 2, 3) }}", 'template/bad-argument'],
    ['{{ [] | first }}', 'template/bad-argument'],
    ['{% for x in 3 %}{% endfor %}', 'template/wrong-type'],
    ['a/{{ params.empty }}/b', 'template/null-in-text'],
    ['{{ 9007199254740991 + 1 }}', 'template/wrong-type'],
    ['{{ range(1000000) }}', 'template/bad-argument'],
    ["{{ 'x' * 2000000 }}", 'template/limit-reached'],
    ["{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}", 'template/limit-reached'],
    ["{{ 'a'.zfill(999999999) }}", 'template/limit-reached'],
    [
      '{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}',
      'template/limit-reached',
    ],
    [
      `${'{% set a = [a, a] %}'.repeat(60).replace('[a, a]', '[1]')}{{ a }}x`,
      'template/limit-reached',
    ],
  ])('%s is %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
  test.each(['__proto__', 'constructor', 'toString', 'prototype', '__class__', 'length'])(
    'no value has a field %s that its data does not hold',
    (name) => {
      for (const target of [
        'vars',
        'vars.A',
        'vars.list',
        '{}',
        '[]',
        'params',
        'partition_start',
      ]) {
        expect(codeOf(`{{ ${target}.${name} }}`)).toBe('template/unknown-field');
        expect(codeOf(`{{ ${target}['${name}'] }}`)).toBe('template/unknown-field');
        expect(codeOf(`{{ ${target}.${name}() }}`)).toBe('template/unknown-method');
      }
      expect(codeOf(`{{ ${name} }}`)).toBe('template/unknown-name');
    },
  );
  test('an error names the expression, what is missing, what is known and the nearest name', () => {
    expect(() => run('a/{{ vars.regio }}', { scope: { vars: { region: 'eu' } } })).toThrow(
      /vars\.regio.*"regio" is not there; did you mean region\?; known: region/,
    );
  });
  test('an instant acts as its text and stays an instant as a whole value', () => {
    expect(isInstant(run('{{ partition_start }}'))).toBe(true);
    expect(run('{{ partition_start[:10] }}')).toBe('2023-12-25');
    expect(run('at {{ partition_start }}')).toBe('at 2023-12-25T19:30:00+00:00');
  });
});

describe('blocks', () => {
  test.each<[string, TemplateValue]>([
    [
      '{% for x in vars.list %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}',
      '1b,2a,3b',
    ],
    ["{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}", 'a=1'],
    ['{% for x in [1,2,3] if x > 1 %}{{ x }}{% else %}none{% endfor %}', '23'],
    ['{% for x in [] %}{{ x }}{% else %}none{% endfor %}', 'none'],
    ["{% set a = 'q' %}{{ a }}!", 'q!'],
    ['{% set a %}x{{ vars.n }}{% endset %}{{ a }}{{ a }}', 'x3x3'],
    ['{% if false %}a{% elif vars.n == 3 %}b{% else %}c{% endif %}', 'b'],
    ['a{# {{ nope }} #}b', 'ab'],
    ['a {{- 1 -}} b', 'a1b'],
    ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
    ['plain #} text', 'plain #} text'],
    ['{{ 1 }} #}', '1 #}'],
    ['{{ [1, "a", None, True] }}!', "[1, 'a', None, True]!"],
    ['{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}', '1'],
  ])('%s gives %j', (text, value) => {
    expect(run(text)).toBe(value);
  });
  test.each([
    '{{ a',
    '{{ }}',
    '{{ a b }}',
    '{% if a %}',
    '{% endif %}',
    '{% for in x %}{% endfor %}',
    '{# open',
    "{{ 'open }}",
    '{{ a[1 }}',
    '{{ (1 }}',
    '{{ a === b }}',
    '{% include "x" %}',
    '{% macro f() %}{% endmacro %}',
    '{{ r/x/g }}',
    '{{ 12345678901234567890 }}',
    '{% if a',
    '{{ f(a=1, 2) }}',
    '{{ 1abc }}',
    '{% set a.b = 1 %}',
  ])('%j cannot be read, with a place', (text) => {
    const parsed = parseTemplate(text);
    expect(parsed).toHaveProperty('problem');
    if ('problem' in parsed) expect(parsed.problem.offset).toBeLessThanOrEqual(text.length);
  });
  test.each([
    '(',
    '[',
    '{{',
    '-',
    'not ',
    '{% if a %}',
    '{% for a in b %}',
    'a.b|',
    '1+',
    '{% if a %}{% elif a %}',
  ])('%j repeated 50,000 times is refused, quickly', (part) => {
    expect(parseTemplate(`{{ ${part.repeat(50_000)}`)).toHaveProperty('problem');
    expect(parseTemplate(part.repeat(50_000).slice(0, 1_000_000))).toBeDefined();
  });
});

describe('segments', () => {
  test('values are kept apart from the text, secrets stay references', () => {
    const segments = evaluateSegments(
      templateOf("d = '{{ partition_key }}' AND p = '{{ fn.secrets.get('P') }}'"),
      { ...evaluation, secrets: 'allowed' },
    );
    expect(
      segments.map((segment) => (typeof segment === 'string' ? segment : segment.expression)),
    ).toEqual(["d = '", 'partition_key', "' AND p = '", "fn.secrets.get('P')", "'"]);
    expect(
      segments.some((segment) => typeof segment !== 'string' && isSecretReference(segment.value)),
    ).toBe(true);
  });
});

test('renderValue renders values at every depth and leaves keys alone', () => {
  const paths: string[] = [];
  const rendered = renderValue({ '{{ k }}': ['a', { b: 'c' }], n: 1 }, (text, path) => {
    paths.push(path.join('.'));
    return text.toUpperCase();
  });
  expect(rendered).toEqual({ '{{ k }}': ['A', { b: 'C' }], n: 1 });
  expect(paths).toEqual(['{{ k }}.0', '{{ k }}.1.b']);
});

test('every error has a code of its own', () => {
  expect(new Set(templateErrors.map((kind) => kind.code)).size).toBe(templateErrors.length);
});

describe('properties', () => {
  const word = fc.constantFrom(
    '{{ ',
    ' }}',
    '{% if ',
    ' %}',
    '{% endif %}',
    '{% for x in ',
    '{% endfor %}',
    '{% set a = ',
    'vars',
    '.n',
    '.list',
    'vars.list',
    'a',
    'x',
    "'t'",
    '1',
    '2.5',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    ':',
    ',',
    '|',
    'sort',
    'join',
    'default',
    'int',
    'round',
    'tojson',
    '.split()',
    '.items()',
    '.get(',
    ' + ',
    ' * ',
    ' ** ',
    ' // ',
    ' % ',
    ' ~ ',
    ' in ',
    ' is ',
    ' not ',
    ' and ',
    ' < ',
    'None',
    'range(',
    'fn.date.format(',
    'fn.json.from_str(',
    'fn.cron.next(',
    'partition_start',
    '\n',
    '#',
    '-',
    '__proto__',
  );
  const texts = fc.oneof(
    fc.array(word, { maxLength: 25 }).map((parts) => parts.join('')),
    fc.array(word, { maxLength: 12 }).map((parts) => `{{ ${parts.join('')} }}`),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  test('evaluation throws TidemarkErrors and nothing else, none of them a bug of ours, and is pure', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseTemplate(text);
        if ('problem' in parsed) return;
        const before = JSON.stringify(scope);
        const attempt = (): string => {
          try {
            return JSON.stringify(evaluateTemplate(parsed.template, evaluation));
          } catch (error) {
            expect(error).toBeInstanceOf(TidemarkError);
            expect((error as TidemarkError).code).toMatch(/^template\//);
            return (error as TidemarkError).message;
          }
        };
        expect(attempt()).toBe(attempt());
        expect(JSON.stringify(scope)).toBe(before);
      }),
      { numRuns: 3_000 },
    );
  });
  test('a text without braces is itself, but for one trailing newline', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/\{[{%#]/.test(text)),
        (text) => {
          expect(run(text)).toBe(text.replace(/(?:\r\n|\r|\n)$/, ''));
        },
      ),
    );
  });
  test('slices are the same as of a list of characters', () => {
    const bound = fc.option(fc.integer({ min: -8, max: 8 }), { nil: '' });
    fc.assert(
      fc.property(bound, bound, fc.constantFrom('', 1, 2, -1, -2), (from, to, step) => {
        const slice = `[${from}:${to}:${step}]`;
        expect(run(`{{ 'abcdef'${slice} }}`)).toBe(run(`{{ ('abcdef' | list)${slice} | join }}`));
      }),
    );
  });
});
