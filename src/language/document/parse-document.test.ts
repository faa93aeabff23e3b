import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderDiagnostic } from '../../core/errors/render.js';
import { documentDiagnostics } from './diagnostics.js';
import { entryOf, locate, nodeAt, toJson, type LocatedScalar } from './located.js';
import { parseDocument } from './parse-document.js';
import { spanWithin } from './span-within.js';

const parse = (text: string) => parseDocument(text, 'a.yaml');
const codes = (text: string) => parse(text).diagnostics.map((finding) => finding.code);
const json = (text: string) => toJson(parse(text).document.root);
const scalarAt = (text: string, ...path: (string | number)[]): LocatedScalar => {
  const node = nodeAt(parse(text).document, path);
  if (node?.kind !== 'scalar') throw new Error(`no scalar at ${path.join('.')}`);
  return node;
};
const place = (text: string, path: (string | number)[], part: 'key' | 'value') => {
  const { line, column, endLine, endColumn } = locate(parse(text).document, path, part);
  return [line, column, endLine, endColumn];
};

describe('places', () => {
  const text = 'assets:\n  - name: orders\n    source: {type: SFTP, path: "/in"}\n';
  test('a key and its value have places of their own', () => {
    expect(place(text, ['assets', 0, 'source', 'type'], 'key')).toEqual([3, 14, 3, 18]);
    expect(place(text, ['assets', 0, 'source', 'type'], 'value')).toEqual([3, 20, 3, 24]);
    expect(place(text, ['assets', 0, 'source', 'path'], 'value')).toEqual([3, 32, 3, 37]);
  });
  test('a path that does not exist is located at its nearest ancestor', () => {
    expect(place(text, ['assets', 0, 'source', 'nope', 'deeper'], 'key')).toEqual(
      place(text, ['assets', 0, 'source'], 'value'),
    );
    expect(place(text, ['assets', 7], 'value')).toEqual(place(text, ['assets'], 'value'));
  });
  test('Windows line ends and a missing last newline do not move places', () => {
    expect(place('a: 1\r\nb: 22', ['b'], 'value')).toEqual([2, 4, 2, 6]);
  });
  test('aliased content is located where it was written', () => {
    const aliased = 'x: &d\n  type: daily\ny: *d\n';
    expect(place(aliased, ['y', 'type'], 'value')).toEqual([2, 9, 2, 14]);
    expect(place(aliased, ['y'], 'key')).toEqual([3, 1, 3, 2]);
  });
  test('a stretch of a scalar is found behind quotes and inside blocks', () => {
    const quoted = 'key: "in/{{ a }}/{{ a }}"\n';
    const document = parse(quoted).document;
    const second = String(scalarAt(quoted, 'key').value).lastIndexOf('{{ a }}');
    expect(spanWithin(document, scalarAt(quoted, 'key'), second, 7)).toMatchObject({
      line: 1,
      column: 18,
      endColumn: 25,
    });
    const block = 'sql: |\n  SELECT 1\n  WHERE x = {{ nope }}\n';
    const at = String(scalarAt(block, 'sql').value).indexOf('nope');
    expect(spanWithin(parse(block).document, scalarAt(block, 'sql'), at, 4)).toMatchObject({
      line: 3,
      column: 16,
      endColumn: 20,
    });
  });
});

describe('values', () => {
  test('YAML 1.2 core types are read and everything else stays text', () => {
    expect(json('{a: 1, b: 1.5, c: true, d: null, e: ~, f: 0o17, g: 0x1F, h: text, i: }')).toEqual({
      a: 1,
      b: 1.5,
      c: true,
      d: null,
      e: null,
      f: 15,
      g: 31,
      h: 'text',
      i: null,
    });
  });
  test('unquoted dates stay text and are marked, quoted ones are not marked', () => {
    expect(scalarAt('d: 2023-01-01', 'd')).toMatchObject({ value: '2023-01-01', date: true });
    expect(scalarAt('d: 2023-01-01T10:00:00Z', 'd')).toMatchObject({
      value: '2023-01-01T10:00:00Z',
      date: true,
    });
    expect(scalarAt('d: "2023-01-01"', 'd').date).toBeUndefined();
  });
  test.each([
    ['yes', 'boolean'],
    ['NO', 'boolean'],
    ['on', 'boolean'],
    ['Off', 'boolean'],
    ['y', 'boolean'],
    ['n', 'boolean'],
    ['19:30', 'sexagesimal'],
    ['0777', 'octal'],
  ] as const)('plain %s is marked as the %s that YAML 1.1 reads', (raw, yaml11) => {
    expect(scalarAt(`v: ${raw}`, 'v')).toMatchObject({ raw, yaml11, plain: true });
    expect(scalarAt(`v: "${raw}"`, 'v').yaml11).toBeUndefined();
  });
  test('ordinary scalars carry no YAML 1.1 mark', () => {
    for (const raw of ['true', '0', '10', 'yesterday', '09:00:00x', 'orders'])
      expect(scalarAt(`v: ${raw}`, 'v').yaml11).toBeUndefined();
  });
  test('an integer beyond 2^53 keeps its digits', () => {
    expect(scalarAt('n: 9007199254740993', 'n')).toMatchObject({
      value: '9007199254740993',
      largeInteger: true,
    });
    expect(scalarAt('n: 9007199254740991', 'n')).toMatchObject({ value: 9007199254740991 });
    expect(scalarAt('n: .inf', 'n').value).toBe('.inf');
  });
  test('merge keys fill in, the mapping itself wins, and the first merged mapping wins over the second', () => {
    const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 9\n';
    expect((json(text) as { c: unknown }).c).toEqual({ x: 9, y: 1, z: 2 });
    expect(codes(text)).toEqual([]);
    expect(codes('a:\n  <<: 1\n')).toEqual(['document/merge-not-mapping']);
  });
  test('a key named __proto__ is an ordinary key', () => {
    const value = json('__proto__: {polluted: 1}');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
  test('an empty file and a file of comments are null without a finding', () => {
    for (const text of ['', '# nothing\n', '\n\n', '---\n'])
      expect([json(text), codes(text)]).toEqual([null, []]);
  });
});

describe('findings', () => {
  test('a duplicate key names both places', () => {
    const [finding] = parse('a: 1\nb: 2\na: 3\n').diagnostics;
    expect(finding).toMatchObject({ code: 'document/duplicate-key', span: { line: 3, column: 1 } });
    expect(finding?.related?.[0]?.span).toMatchObject({ line: 1, column: 1 });
  });
  test('__proto__ and constructor are not duplicates of anything', () => {
    expect(codes('constructor: 1\n__proto__: 2\ntoString: 3\n')).toEqual([]);
  });
  test.each([
    ['a: 1\n\tb: 2\n', 'document/syntax', 'tab'],
    ['a: b: c\n', 'document/syntax', 'second key'],
    ['a: [1, 2\n', 'document/syntax', 'missing'],
    ['a: |\n  x\n y\n', 'document/syntax', 'indentation'],
    ['a: @x\n', 'document/syntax', 'cannot begin'],
    ['a: "x\\q"\n', 'document/syntax', 'backslash'],
    ['x: !!python/object a\n', 'document/unsupported-tag', 'tag'],
    ['a: {{ vars.x }}\n', 'document/unquoted-template', 'quotes'],
    ['1: x\n', 'document/key-not-text', 'key 1'],
    ['true: x\n', 'document/key-not-text', 'key true'],
    ['? [a]\n: 1\n', 'document/key-not-text', 'used as a key'],
    ['a: *nope\n', 'document/unknown-alias', '*nope'],
    ['a: &a [*a]\n', 'document/alias-cycle', '*a'],
    ['a: 1\n---\nb: 2\n', 'document/multiple-documents', 'second document'],
  ])('%j is refused as %s', (text, code, words) => {
    const [finding] = parse(text).diagnostics;
    expect(finding).toMatchObject({ code });
    expect(finding?.message).toContain(words);
  });
  test('every declared diagnostic has a code of its own, and every one that is raised is declared', () => {
    const declared = documentDiagnostics.map((kind) => kind.code);
    expect(new Set(declared).size).toBe(declared.length);
    expect(declared).toEqual(declared.toSorted());
  });
  test('a finding renders with its caret under the place', () => {
    const text = 'a: 1\nb: 2\na: 3\n';
    expect(renderDiagnostic(parse(text).diagnostics[0]!, text)).toContain('3 | a: 3\n  | ^');
  });
});

describe('bounds', () => {
  test('nesting over 100 levels is a finding, 100 levels are not', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(codes(nested(100))).toEqual([]);
    expect(codes(nested(103))).toEqual(['document/too-deep']);
    expect(codes('['.repeat(4_000_000))).toEqual(['document/too-deep']);
    expect(codes('- '.repeat(2_000_000))).toEqual(['document/too-deep']);
    expect(codes('{a: '.repeat(50_000))).toEqual(['document/too-deep']);
  });
  test('an alias bomb is refused quickly, and nothing expands it', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const { document, diagnostics } = parse(lines.join('\n'));
    expect(diagnostics[0]?.code).toBe('document/too-large');
    expect(JSON.stringify(toJson(document.root)).length).toBeLessThan(5_000_000);
  });
  test('aliases that nest beyond the limit are refused', () => {
    const lines = ['a0: &a0 [x]'];
    for (let i = 1; i < 150; i++) lines.push(`a${i}: &a${i} [*a${i - 1}]`);
    expect(codes(lines.join('\n'))).toContain('document/too-deep');
  });
  test('a file over 4 MiB is refused', () => {
    expect(codes(`# ${'x'.repeat(4 * 1024 * 1024)}`)).toEqual(['document/too-large']);
  });
  test('no text makes the parser throw, and every span lies in the text', () => {
    const fragment = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&x ',
      '*x',
      '<<',
      '|',
      '>',
      '"',
      "'",
      '#',
      '---',
      '...',
      '!!int ',
      '!t ',
      '? ',
      '\t',
      '%',
      '@',
      '~',
      '0777',
      'yes',
      '2023-01-01',
      '\r\n',
      '\r',
      '\u2028',
      '\uFEFF',
      '{{ x }}',
      '999999999999999999',
    );
    const text = fc.oneof(
      fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(text, (source) => {
        const { document, diagnostics } = parse(source);
        JSON.stringify(toJson(document.root));
        const lines = source.split(/\r\n|\r|\n/);
        for (const { span } of diagnostics) {
          expect(span.line).toBeGreaterThan(0);
          expect(span.column).toBeLessThanOrEqual((lines[span.line - 1] ?? '').length + 2);
        }
      }),
      { numRuns: 1_500 },
    );
  });
  test('whatever JSON is written as YAML flow reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));
        expect(JSON.stringify(json(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 300 },
    );
  });
});

test('entryOf answers only for keys of mappings', () => {
  const { root } = parse('a: [1]').document;
  expect(entryOf(root, 'a')?.key).toBe('a');
  expect(entryOf(root, 'toString')).toBeUndefined();
});
