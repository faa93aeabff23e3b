/**
 * YAML text to a located document: the first stage of the arrow.
 *
 * Never throws and never hangs, whatever the text: size, nesting and expansion are bounded, and everything that is
 * wrong is a located diagnostic. YAML 1.2 core schema, with anchors, aliases and merge keys.
 */
import { byPosition, diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import * as kinds from './diagnostics.js';
import { indexLines, type LineIndex, spanOf } from './line-index.js';
import { depthLimit, locateTree } from './locate-tree.js';
import type { LocatedDocument, LocatedNode } from './located.js';
import { complaintFindings } from './syntax-findings.js';
import { readYaml, type YamlReading } from './yaml-reader.js';

export interface ParsedDocument {
  readonly document: LocatedDocument;
  readonly diagnostics: readonly Diagnostic[];
}

const textLimit = 4 * 1024 * 1024;
const findings = (reading: YamlReading, text: string, index: LineIndex): readonly Diagnostic[] => {
  const found = [...complaintFindings(reading.complaints, text, index)];
  if (reading.secondDocumentAt !== undefined) {
    const at = reading.secondDocumentAt;
    found.push(
      diagnose(
        kinds.multipleDocuments,
        spanOf(index, at, at),
        'a second document begins here; a file holds one',
      ),
    );
  }
  if (reading.tooDeepAt !== undefined) {
    const at = reading.tooDeepAt;
    found.push(
      diagnose(
        kinds.tooDeep,
        spanOf(index, at, at + 1),
        `values are nested deeper than ${depthLimit} levels`,
      ),
    );
  }
  return found;
};

const emptyRoot = (index: LineIndex): LocatedNode => ({
  kind: 'scalar',
  span: spanOf(index, 0, 0),
  value: null,
  raw: '',
  plain: true,
});

const readOrFail = (text: string, index: LineIndex): YamlReading | Diagnostic => {
  try {
    return readYaml(text, depthLimit);
  } catch {
    // The package throws on a few texts that it has no complaint for; the reader needs a place all the same.
    return diagnose(kinds.syntax, spanOf(index, 0, 0), 'the text cannot be read as YAML');
  }
};

export const parseDocument = (text: string, file: string): ParsedDocument => {
  const index = indexLines(text, file);
  const emptyDocument = { file, text, root: emptyRoot(index) };
  if (text.length > textLimit) {
    const span = spanOf(index, 0, 0);
    return {
      document: emptyDocument,
      diagnostics: [
        diagnose(
          kinds.tooLarge,
          span,
          `the file has ${text.length} characters; at most ${textLimit} are read`,
        ),
      ],
    };
  }
  const foreignAt = text.indexOf('\uFFFD');
  if (foreignAt >= 0) {
    const span = spanOf(index, foreignAt, foreignAt + 1);
    const message = 'the bytes at this place are not UTF-8';
    return {
      document: emptyDocument,
      diagnostics: [diagnose(kinds.notUtf8, span, message, { fix: kinds.notUtf8.fix })],
    };
  }
  const reading = readOrFail(text, index);
  if (!('complaints' in reading)) return { document: emptyDocument, diagnostics: [reading] };
  const found = findings(reading, text, index);
  if (reading.contents === undefined) return { document: emptyDocument, diagnostics: found };
  const tree = locateTree(reading.contents, text, index);
  // After a syntax error the tree is a guess; what the guess would complain about is noise.
  const broken = found.some(({ code }) => code === kinds.syntax.code);
  const spoilt = new Set(found.map(({ span: { line } }) => line));
  const more = broken ? [] : tree.diagnostics.filter(({ span: { line } }) => !spoilt.has(line));
  const diagnostics = [...found, ...more];
  return {
    document: { file, text, root: tree.root },
    diagnostics: diagnostics.toSorted(byPosition),
  };
};
