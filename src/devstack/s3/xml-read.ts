/**
 * Reads the small XML documents that clients send (CompleteMultipartUpload, CreateBucketConfiguration).
 * Keeps true: elements, text and the predefined entities only; a DTD, a processing instruction, a bad
 * nesting or an unknown entity is `MalformedXML`, so nothing can be included from outside.
 */
import { S3Error } from './s3-error.js';

export interface XmlElement {
  /** Local name, without a namespace prefix. */
  readonly name: string;
  /** Text directly inside the element. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  name: string;
  text: string;
  children: XmlElement[];
}

const MAX_DEPTH = 10;
const TOKEN =
  /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Parses a document and returns its root element. Throws `MalformedXML`. */
export function readXml(document: string): XmlElement {
  const source = document.replace(/^\uFEFF?\s*(<\?xml[^<>]*\?>)?/, '');
  const top: OpenElement = { name: '', text: '', children: [] };
  const open: OpenElement[] = [top];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < source.length) {
    const position = token.lastIndex;
    const match = token.exec(source);
    if (match === null) throw malformed(`unexpected "${source.slice(position, position + 20)}"`);
    takeToken(match, open);
  }
  const root = top.children[0];
  if (
    open.length !== 1 ||
    root === undefined ||
    top.children.length !== 1 ||
    top.text.trim() !== ''
  ) {
    throw malformed('exactly one complete root element is expected');
  }
  return root;
}

/** The text of the one child of that name, or undefined. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text.trim();
}

function takeToken(match: RegExpExecArray, open: OpenElement[]): void {
  const [, closing, qualifiedName, , selfClosing, text] = match;
  const current = open[open.length - 1];
  if (current === undefined) throw malformed('an element is closed that was not opened');
  if (text !== undefined) {
    current.text += decodeText(text);
    return;
  }
  const name = (qualifiedName ?? '').replace(/^.*:/, '');
  if (closing === '/') {
    if (open.length === 1 || current.name !== name)
      throw malformed(`</${name}> closes <${current.name}>`);
    open.pop();
    return;
  }
  const element: OpenElement = { name, text: '', children: [] };
  current.children.push(element);
  if (selfClosing !== '/') open.push(element);
  if (open.length > MAX_DEPTH) throw malformed('the document is nested too deeply');
}

function decodeText(text: string): string {
  return text.replace(/&([^;&\s]{0,10};)?/g, (whole, reference: string | undefined) => {
    const name = reference?.slice(0, -1) ?? '';
    const number = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
    const codePoint =
      number === null
        ? -1
        : Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16);
    const known =
      codePoint >= 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : ENTITIES[name];
    if (known === undefined) throw malformed(`"${whole}" is not a known entity`);
    return known;
  });
}

function malformed(problem: string): S3Error {
  return new S3Error('MalformedXML', `The XML of the request body is not usable: ${problem}.`);
}
