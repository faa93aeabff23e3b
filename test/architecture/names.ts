/** Files are named after the one thing they are about; words that mean "the rest" and other machines' names are not allowed. */
import type { SourceFile } from './tree.js';

const empty = new Set([
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'lib',
  'misc',
  'types',
  'interfaces',
  'manager',
  'base',
]);

/** Folders and files whose name says nothing. */
export const emptyNames = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    // The dialect prescribes `connections/common.yaml`; data of a project is not named by us.
    if (path.endsWith('.yaml')) return [];
    const word = path
      .split('/')
      .map((part) => part.replace(/\..*$/, ''))
      .find((part) => empty.has(part));
    return word === undefined
      ? []
      : [`${path}: ${JSON.stringify(word)} says nothing about what is inside`];
  });

/** Files and folders of the product that are not in kebab-case. */
export const oddlyCasedNames = (paths: readonly string[]): readonly string[] =>
  paths.filter(
    (path) => !path.split('/').every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part)),
  );

type Text = Pick<SourceFile, 'path' | 'text'>;

/**
 * What must not be in the tree: somebody's home or work folder, and package registries that only one network has. The
 * patterns are put together from pieces so that this file does not find itself.
 */
const places: readonly RegExp[] = [
  new RegExp(`/${'home'}/(?!temporal\\b|tidemark\\b|node\\b|USER\\b)[a-z][a-z0-9_-]*/`),
  new RegExp(`/${'Users'}/[A-Za-z]`),
  new RegExp(`(?<![\\w.-])/${'work'}/(main|shared)\\b`),
  new RegExp(`(?<![\\w.-])/${'root'}/[a-z.]`),
  new RegExp(`/tmp/${'(brief|tvenv)'}`),
  new RegExp(`[a-z0-9-]+\\.(${['internal', 'corp', 'intranet'].join('|')})[:/]`),
];

/** Lines that only make sense on one machine. */
export const machinePlaces = (files: readonly Text[]): readonly string[] =>
  files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const hit = places
        .map((pattern) => pattern.exec(line)?.[0])
        .find((match) => match !== undefined);
      return hit === undefined ? [] : [`${path}:${index + 1}: ${hit}`];
    }),
  );
