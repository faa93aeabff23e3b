/**
 * What an operation answers: a status, headers, and a text or a slice of an open file as body. Whoever
 * sends the answer closes the file.
 */
import type { FileHandle } from 'node:fs/promises';
import { xmlDocument, type XmlContent } from './xml-write.js';

export interface FileSlice {
  readonly file: FileHandle;
  readonly firstByte: number;
  readonly sizeBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | FileSlice;
}

/** An answer without a body. */
export function emptyAnswer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers };
}

/** A 200 with an XML document. */
export function xmlAnswer(
  root: string,
  content: XmlContent,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: xmlDocument(root, content),
  };
}
