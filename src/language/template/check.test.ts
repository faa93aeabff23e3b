import { describe, expect, test } from 'vitest';
import { checkTemplate, type CheckOptions } from './check.js';
import { templateDiagnostics } from './diagnostics.js';
import { templateFunctions } from './functions/all.js';
import { scopeRoots, type ScopeName } from './scopes.js';
import { parseTemplate } from './template.js';

const facts = {
  vars: ['n', 'region'],
  params: ['zone'],
  env: ['BUCKET'],
  aliases: ['raw'],
  itemFields: ['object_name', 'key', 'size'],
  sourceFields: ['path'],
};
const options = (scope: ScopeName): CheckOptions => ({
  roots: scopeRoots(scope, facts),
  functions: templateFunctions,
  otherItemFields: { file_name: 'object_name', file_size: 'size' },
});
const check = (text: string, scope: ScopeName = 'run') => {
  const parsed = parseTemplate(text);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return checkTemplate(parsed.template, options(scope));
};

describe('templates without a finding', () => {
  test.each<[string, ScopeName]>([
    ['{{ vars.n }}/{{ params.zone }}/{{ env.BUCKET }}', 'run'],
    ["{{ trigger.data.object_path.split('/')[0] }}", 'run'],
    ['{{ raw.result.prefix }}{{ source.path }}{{ source.trigger.data.x }}', 'run'],
    ["{{ params.zz | default('q') }}{{ nope is defined }}", 'run'],
    ["{{ vars.get('nope', 1) }}{{ env.get_raw('BUCKET') }}", 'run'],
    [
      "{{ fn.date.format(partition_key, 'YYYY') }}{{ date.format(partition_key, fmt) if false else '' }}".replace(
        'fmt',
        "'YYYY'",
      ),
      'run',
    ],
    ['{% for x in params.zone %}{{ x }}{{ loop.index }}{% endfor %}{% set y = 1 %}{{ y }}', 'run'],
    ['{{ source.item.object_name }}/{{ params.zone }}/{{ trigger.cursor }}', 'item'],
    ['{{ size > 10 and source.item.key.endswith(".csv") and vars.n }}', 'predicate'],
    ['{{ env.BUCKET }}{{ vars.n }}', 'connection'],
    ["{{ fn.secrets.get('X', 'd') }}", 'connection'],
  ])('%s in scope %s', (text, scope) => {
    expect(check(text, scope)).toEqual([]);
  });
});

describe('findings', () => {
  test.each<[string, ScopeName, string, string]>([
    ['{{ prams.zone }}', 'run', 'template/no-such-root', 'did you mean params?'],
    ['{{ params.zon }}', 'run', 'template/undeclared-parameter', 'did you mean zone?'],
    ['{{ vars.regoin }}', 'run', 'template/no-such-variable', 'did you mean region?'],
    [
      '{{ source.item.file_name }}',
      'item',
      'template/no-such-item-field',
      'items here have object_name',
    ],
    ['{{ file_size > 1 }}', 'predicate', 'template/no-such-root', 'items here have size'],
    ['{{ raw.result.prefx }}', 'run', 'template/no-such-field', 'did you mean prefix?'],
    ['{{ trigger.curser }}', 'run', 'template/no-such-field', 'did you mean cursor?'],
    ['{{ vars.n | uper }}', 'run', 'template/no-such-filter', 'did you mean upper?'],
    ['{{ vars.n is strng }}', 'run', 'template/no-such-test', 'did you mean string?'],
    ['{{ vars.n.splt(1) }}', 'run', 'template/no-such-method', 'did you mean split?'],
    ['{{ fn.date.fromat(1, 2) }}', 'run', 'template/no-such-function', 'did you mean date.format?'],
  ])('%s in scope %s is %s', (text, scope, code, hint) => {
    expect(check(text, scope).map((finding) => [finding.kind.code, finding.hint])).toEqual([
      [code, hint],
    ]);
  });
  test.each<[string, ScopeName, string]>([
    ['{{ source.item.key }}', 'run', 'template/item-outside-scope'],
    ['{{ env.NOPE }}', 'run', 'template/unset-environment'],
    ["{{ env.get_raw('NOPE') }}", 'run', 'template/unset-environment'],
    ['{{ partition_key }}', 'connection', 'template/no-such-root'],
    ["{{ fn.date.format('x') }}", 'run', 'template/call-problem'],
    ["{{ date.format('x') }}", 'run', 'template/call-problem'],
    ["{{ 'x' | replace('a') }}", 'run', 'template/call-problem'],
    ["x{{ fn.secrets.get('X') }}", 'run', 'template/secret-in-text'],
    ['{{ vars.constructor }}', 'run', 'template/no-such-variable'],
    ['{{ constructor }}', 'run', 'template/no-such-root'],
  ])('%s in scope %s is %s', (text, scope, code) => {
    expect(check(text, scope).map((finding) => finding.kind.code)).toEqual([code]);
  });
  test('a finding points at its own stretch of the text', () => {
    const text = 'a/{{ vars.n }}/{{ prams.zone | upper }}';
    const [finding] = check(text);
    expect(text.slice(finding?.offset, (finding?.offset ?? 0) + (finding?.length ?? 0))).toBe(
      'prams.zone',
    );
  });
  test('a loop variable is not known after its loop', () => {
    expect(
      check('{% for x in params.zone %}{% endfor %}{{ x }}').map((finding) => finding.kind.code),
    ).toEqual(['template/no-such-root']);
  });
});

test('every diagnostic has a code of its own', () => {
  const codes = templateDiagnostics.map((kind) => kind.code);
  expect(codes.length).toBe(new Set(codes).size);
});
