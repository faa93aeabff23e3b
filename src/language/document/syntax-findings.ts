/**
 * What is said of a text that is not YAML: the first place that is not, as the author sees it. What the parser complains
 * about behind it is dragged along.
 */
import { diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import * as kinds from './diagnostics.js';
import { type LineIndex, spanOf } from './line-index.js';
import { syntaxReason } from './syntax-reasons.js';
import type { Complaint } from './yaml-reader.js';

/** The parser may complain about each character. */
const complaintLimit = 100;

/** A slip that is known by the line it stands in: from where, in words, and what to write. */
interface Slip {
  readonly start: number;
  readonly message: string;
  readonly hint: string;
  readonly isTemplate?: true;
}

const lineAt = (text: string, offset: number): { readonly from: number; readonly line: string } => {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return { from, line: text.slice(from, end < 0 ? text.length : end).trimEnd() };
};

/** Where the value of the line begins: behind its key, or behind the dash. */
const valueOf = (line: string): { readonly at: number; readonly value: string } => {
  const head = /^\s*(?:- +)*(?:[\w.-]+: +)?/.exec(line)?.[0] ?? '';
  return { at: head.length, value: line.slice(head.length) };
};

const slipInValue = (text: string, offset: number): Slip | undefined => {
  const { from, line } = lineAt(text, offset);
  const { at, value } = valueOf(line);
  if (from + at > offset) return undefined;
  const start = from + at;
  if (/^\{[{%#]/.test(value)) {
    const hint = 'put the whole value in quotes';
    return { start, message: 'a template stands without quotes', hint, isTemplate: true };
  }
  if (value.startsWith('*'))
    return { start, message: 'a value that begins with * is an alias', hint: 'put it in quotes' };
  return /^- /.test(value)
    ? {
        start,
        message: 'a list begins behind its key',
        hint: 'begin it on the next line, or write it in brackets: [a, b]',
      }
    : undefined;
};

const slipInKey = (text: string, offset: number): Slip | undefined => {
  const { from, line } = lineAt(text, offset);
  const glued = /^\s*(?:- +)*[\w-]+:(?=[^\s:/])/.exec(line)?.[0];
  if (glued === undefined) return undefined;
  const message = 'a space is missing behind the colon';
  return { start: from + glued.length - 1, message, hint: 'write a space here' };
};

const slipOf = (
  { code, start }: Complaint,
  text: string,
  others: readonly Complaint[],
): Slip | undefined => {
  if (code === 'UNEXPECTED_TOKEN') return slipInValue(text, start);
  if (code === 'MULTILINE_IMPLICIT_KEY') return slipInKey(text, start);
  const isDeeper = others.some(
    (other) => other.code === 'MULTILINE_IMPLICIT_KEY' && other.start === start,
  );
  if (code !== 'BLOCK_AS_IMPLICIT_KEY' || !isDeeper) return undefined;
  const message = 'this value goes on in the next line, because that is indented deeper';
  return { start, message, hint: 'indent the next line like this one, or is a "- " missing here?' };
};

const findingOf = (slip: Slip, text: string, index: LineIndex): Diagnostic => {
  const { start, message, hint, isTemplate } = slip;
  const { from, line } = lineAt(text, start);
  const kind = isTemplate === true ? kinds.unquotedTemplate : kinds.syntax;
  return diagnose(kind, spanOf(index, start, from + line.length), message, { hint });
};

/** Every template without quotes, as it spoils its own line only; of what else is wrong, the first. */
const syntaxFindings = (
  complaints: readonly Complaint[],
  text: string,
  index: LineIndex,
): readonly Diagnostic[] => {
  const ordered = complaints.toSorted((a, b) => a.start - b.start).slice(0, complaintLimit);
  const slips = ordered.map((complaint) => ({ complaint, slip: slipOf(complaint, text, ordered) }));
  const templates = new Map<number, Slip>();
  for (const { slip } of slips) if (slip?.isTemplate === true) templates.set(slip.start, slip);
  const found = [...templates.values()].map((slip) => findingOf(slip, text, index));
  const first = slips.find(({ slip }) => slip?.isTemplate !== true);
  if (first === undefined) return found;
  const { complaint, slip } = first;
  if (slip !== undefined) return [...found, findingOf(slip, text, index)];
  const { message, hint } = syntaxReason(complaint.code);
  const span = spanOf(index, complaint.start, complaint.end);
  return [...found, diagnose(kinds.syntax, span, message, hint === undefined ? {} : { hint })];
};

export const complaintFindings = (
  complaints: readonly Complaint[],
  text: string,
  index: LineIndex,
): readonly Diagnostic[] => {
  const found: Diagnostic[] = [];
  const syntax: Complaint[] = [];
  for (const complaint of complaints) {
    const span = () => spanOf(index, complaint.start, complaint.end);
    if (complaint.code === 'TAG_RESOLVE_FAILED')
      found.push(
        diagnose(kinds.unsupportedTag, span(), "this tag is not part of YAML 1.2's core schema"),
      );
    else if (complaint.code === 'RESOURCE_EXHAUSTION')
      found.push(diagnose(kinds.tooDeep, span(), 'this value is nested too deeply'));
    else syntax.push(complaint);
  }
  return [...found, ...syntaxFindings(syntax, text, index)];
};
