import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../core/values/json.js';
import { resolveSelection } from './selection.js';

const asset = (name: string, group: string, upstreams: readonly string[] = [], tags = {}) => ({
  name,
  group,
  tags,
  upstreams: upstreams.map((above) => ({ asset: above })),
});

// raw → clean → report, raw → audit; lone stands alone.
const graph = {
  assets: [
    asset('raw', 'in', [], { team: 'x' }),
    asset('clean', 'core', ['raw']),
    asset('report', 'core', ['clean'], { team: 'y' }),
    asset('audit', 'out', ['raw']),
    asset('lone', 'in'),
  ],
  declared: ['raw', 'clean', 'report', 'audit', 'lone', 'broken'],
};
const names = (selection: JsonValue | undefined) => resolveSelection(selection, graph).names;

describe('what a selection names, in the order of declaration', () => {
  test.each<[JsonValue, string]>([
    ['*', 'raw clean report audit lone'],
    ['clean', 'clean'],
    ['clean*', 'clean report'],
    ['raw+', 'raw clean report audit'],
    ['raw++', 'raw clean report audit'],
    ['raw+1', 'raw clean audit'],
    ['*clean', 'raw clean'],
    ['+report', 'raw clean report'],
    ['1+report', 'clean report'],
    ['*clean*', 'raw clean report'],
    ['key:re*', 'report'],
    ['key:"*a*"', 'raw clean audit'],
    ['group:core', 'clean report'],
    ['tag:team=x', 'raw'],
    ['tag:team', 'raw report'],
    ['group:core and report', 'report'],
    ['raw or lone and group:out', 'raw'],
    ['(raw or lone) and group:in', 'raw lone'],
    ['not group:core', 'raw audit lone'],
    [{ key: 'clean*' }, 'clean report'],
    [{ group: 'core', tag: 'team=y' }, 'report'],
    [['lone', 'audit', 'lone'], 'audit lone'],
  ])('%j', (selection, expected) => {
    expect(resolveSelection(selection, graph).problems).toEqual([]);
    expect(names(selection).join(' ')).toBe(expected);
  });
  test('nothing written means all', () => {
    expect(names(undefined)).toHaveLength(5);
  });
});

test('a pattern finds the same names as a look at every one of them', () => {
  const all = ['b', 'a-2', 'a', 'A', 'aa', 'ab', 'a_1', 'aé', 'a\u{1F600}', 'a\uFFFD', '_', 'ba'];
  const many = { assets: all.map((name) => asset(name, 'in')), declared: all };
  for (const beginning of ['', 'a', 'A', 'aa', 'a_', 'a\u{1F600}', 'b', 'ba', '_']) {
    const found = resolveSelection(`key:"${beginning}*"`, many);
    expect(found).toEqual({
      names: all.filter((name) => name.startsWith(beginning)),
      problems: [],
    });
  }
  expect(resolveSelection('key:"c*"', many).names).toEqual([]);
});

describe('problems', () => {
  test.each<[JsonValue, string]>([
    ['reprot', 'no asset is called "reprot"'],
    ['group:nope', 'no asset is in group "nope"'],
    ['tag:team=z', 'no asset has the tag "team=z"'],
    ['key:z*', 'no asset\'s name matches "z*"'],
    ['kind:s', '"kind:s" is not a selection: kind: is not supported; write key:, group: or tag:'],
    ['a*b', '"a*b" is not a selection: write key:a*b for a pattern on names'],
    ['(raw', '"(raw" is not a selection: a parenthesis is not closed'],
    ['raw lone', '"raw lone" is not a selection: "lone" is not expected there; join with and, or'],
    ['', '"" is not a selection: it ends too early'],
    [{}, 'an empty mapping selects nothing'],
    ['('.repeat(5000), `"${'('.repeat(5000)}" is not a selection: it is too long`],
  ])('%j', (selection, message) => {
    expect(resolveSelection(selection, graph).problems.map((problem) => problem.message)).toEqual([
      message,
    ]);
  });
  test('an asset that is declared and could not be defined is not a second mistake', () => {
    expect(resolveSelection(['raw', 'broken'], graph)).toEqual({ names: ['raw'], problems: [] });
  });
  test('a circle of upstreams does not hang the closure', () => {
    const circle = {
      assets: [asset('a', 'g', ['b']), asset('b', 'g', ['a'])],
      declared: ['a', 'b'],
    };
    expect(resolveSelection('a*', circle).names).toEqual(['a', 'b']);
  });
});
