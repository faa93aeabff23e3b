/**
 * What would be said of a file that could not be read is a guess, and so is that a name is nowhere: it may stand in that
 * file. Both are withheld until the file can be read; everything else about the other files is said at once. A template
 * without quotes spoils its own line only.
 */
import type { Diagnostic } from '../../core/errors/diagnostic.js';
import { unreadableFile } from '../definition/diagnostics.js';
import { notUtf8, syntax, tooDeep, tooLarge, unquotedTemplate } from '../document/diagnostics.js';
import { undeclaredParameter, unknownVariable } from '../template/diagnostics.js';
import { badSelection } from './bad-selection.js';
import { missingParameter } from './missing-parameter.js';
import { undefinedConnection } from './undefined-connection.js';
import { unknownAsset } from './unknown-asset.js';
import { unknownJob } from './unknown-job.js';

const unread: ReadonlySet<string> = new Set(
  [syntax, notUtf8, tooLarge, tooDeep, unreadableFile].map(({ code }) => code),
);
const nowhere: ReadonlySet<string> = new Set(
  [
    undeclaredParameter,
    unknownVariable,
    ...[badSelection, missingParameter, undefinedConnection, unknownAsset, unknownJob].map(
      ({ kind }) => kind,
    ),
  ].map(({ code }) => code),
);

const lineOf = ({ span }: Diagnostic): string => `${span.file}:${String(span.line)}`;

export const withoutGuesses = (found: readonly Diagnostic[]): readonly Diagnostic[] => {
  const files = new Set(
    found.filter(({ code }) => unread.has(code)).map(({ span: { file } }) => file),
  );
  const lines = new Set(found.filter(({ code }) => code === unquotedTemplate.code).map(lineOf));
  return found.filter((finding) => {
    const { code, span } = finding;
    if (code.startsWith('document/') || unread.has(code)) return true;
    if (files.has(span.file) || lines.has(lineOf(finding))) return false;
    return files.size === 0 || !nowhere.has(code);
  });
};
