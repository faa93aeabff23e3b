import { expect, test } from 'vitest';
import { defineDiagnostic, diagnose } from './diagnostic.js';
import { renderDiagnostic } from './render.js';

const kind = defineDiagnostic({
  code: 'definition/unknown-type',
  severity: 'error',
  summary: 's',
  fix: 'f',
});
const span = (line: number, column: number, endLine: number, endColumn: number) => ({
  file: 'pipelines/orders.yaml',
  line,
  column,
  endLine,
  endColumn,
});

test('a finding looks as design §8 shows it', () => {
  const source = `${'\n'.repeat(11)}      type: SFTPP\n`;
  const finding = diagnose(
    kind,
    span(12, 13, 12, 18),
    'asset "orders": source type "SFTPP" is not known',
    { hint: 'did you mean SFTP?', known: ['LOCAL', 'SFTP'] },
  );
  expect(renderDiagnostic(finding, source)).toBe(
    [
      'error[definition/unknown-type]: asset "orders": source type "SFTPP" is not known',
      '  pipelines/orders.yaml:12:13',
      '12 |       type: SFTPP',
      '   |             ^^^^^ did you mean SFTP?',
      '   known: LOCAL, SFTP',
      '   see docs/reference/errors.md#definition-unknown-type',
    ].join('\n'),
  );
});

test('tabs before the place are kept, so the caret stands under it at any tab width', () => {
  expect(renderDiagnostic(diagnose(kind, span(1, 3, 1, 4), 'm'), '\t\tx y')).toContain(
    '1 | \t\tx y\n  | \t\t^\n',
  );
});

test('a span over several lines is underlined to the end of its first line', () => {
  expect(renderDiagnostic(diagnose(kind, span(1, 4, 3, 2), 'm'), 'a: [1,\n 2,\n]')).toContain(
    '1 | a: [1,\n  |    ^^^\n',
  );
});

test('an empty span, and one behind the end of its line, have a caret of one column', () => {
  for (const at of [span(1, 3, 1, 3), span(1, 3, 1, 99)]) {
    expect(renderDiagnostic(diagnose(kind, at, 'm'), 'ab')).toContain('1 | ab\n  |   ^\n');
  }
});

test('Windows line ends do not reach the output', () => {
  expect(renderDiagnostic(diagnose(kind, span(2, 1, 2, 2), 'm'), 'a\r\nb\r\n')).toContain(
    '2 | b\n  | ^\n',
  );
});

test('without the source the hint, the related places and the fix are still there', () => {
  const finding = diagnose(kind, span(7, 1, 7, 2), 'm', {
    hint: 'h',
    fix: 'write x',
    related: [{ message: 'first written here', span: span(3, 2, 3, 3) }],
  });
  expect(renderDiagnostic(finding).split('\n').slice(2)).toEqual([
    '   h',
    '   first written here: pipelines/orders.yaml:3:2',
    '   fix: write x',
    '   see docs/reference/errors.md#definition-unknown-type',
  ]);
});
