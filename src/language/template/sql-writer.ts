/**
 * Writes SQL piece by piece: the author's text as it is, literals with a template in them as one value, names and
 * numbers into the text. What may not stand where it stands is a problem, and the text goes on without it.
 */
import { invariant } from '../../core/errors/invariant.js';
import type { SqlPiece, SqlText } from '../../core/plan/rows.js';
import { SqlScanner } from './sql-scanner.js';
import type { TemplateValue } from './values.js';

export interface SqlProblem {
  /** Follows the expression, where there is one: `is a list`. */
  readonly message: string;
  readonly fix: string;
  /** What was written between the braces. */
  readonly expression?: string;
  /** A stretch of the template's text. */
  readonly offset: number;
  readonly length: number;
}

interface Place {
  readonly expression: string;
  readonly offset: number;
  readonly length: number;
}

type SecretPiece = Extract<SqlPiece, { readonly secret: string }>;

type ValueKind = 'text' | 'instant' | 'last_cursor' | 'now' | SecretPiece;

interface Literal {
  /** As it stands in the text, from its first quote. */
  raw: string;
  content: string;
  readonly values: { readonly kind: ValueKind; readonly place: Place }[];
}

/** An identifier, perhaps qualified; or a part of one. */
const namePattern = /^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*$/;
/** Narrower than what a server takes: neither quotes nor what ends statements or begins comments elsewhere. */
const quotedName = /^[\p{L}\p{N}_ $.#-]+$/u;
const numberPattern = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?$/;

/** Behind these words and signs stands the name of a table or column, never a value. */
const beforeName =
  /(?:\b(?:(?<!\bdistinct\s+)from|join|into|update|table|only|truncate|select|distinct|by|as|schema|view|index|column)\s+|[\w$"]\.|[\w$])$/i;

const orQuotes = (expression: string): string => `Write quotes around it: '{{ ${expression} }}'.`;

const paramText = (value: TemplateValue | undefined): string | null | undefined => {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

/** Of a value whose text is not known yet, alone in its literal. */
const pieceOf = (kind: ValueKind): SqlPiece => {
  if (typeof kind === 'object') return kind;
  invariant(kind === 'last_cursor' || kind === 'now', 'a text is a value with its literal');
  return { mark: kind };
};

export class SqlWriter {
  readonly #scanner: SqlScanner;
  readonly #params: readonly TemplateValue[] | null;
  readonly #pieces: SqlPiece[] = [];
  readonly #problems: SqlProblem[] = [];
  #literal: Literal | null = null;
  #paramsUsed = 0;

  constructor(params: readonly TemplateValue[] | null, scanner = new SqlScanner()) {
    this.#params = params;
    this.#scanner = scanner;
  }

  get problems(): readonly SqlProblem[] {
    return this.#problems;
  }

  get isInLiteral(): boolean {
    return this.#scanner.mode === 'literal';
  }

  /** For the other branch of a condition: the same place, no pieces. */
  clone(): SqlWriter {
    const copy = new SqlWriter(this.#params, this.#scanner.clone());
    if (this.#literal !== null)
      copy.#literal = { ...this.#literal, values: [...this.#literal.values] };
    return copy;
  }

  key(): string {
    return this.#scanner.key();
  }

  adopt(problems: readonly SqlProblem[]): void {
    this.#problems.push(...problems);
  }

  refuse(place: Place, message: string, fix: string): void {
    const { expression, offset, length } = place;
    this.#problems.push({ message, fix, expression, offset, length });
  }

  /** Text of the author: scanned, with `?` as a value where the statement has `params`. */
  authorText(text: string): void {
    for (const character of text) {
      if (character === '?' && this.#params !== null && this.#isPlain()) this.#positional();
      else this.#take(character);
    }
  }

  /** Text of ours between values. */
  ownText(text: string): void {
    for (const character of text) this.#take(character);
  }

  value(value: string, as: 'text' | 'instant'): void {
    // Behind a quote the value's own quotes would continue that literal, perhaps one in which backslashes escape.
    if (this.#scanner.mode !== 'plain') this.ownText(' ');
    if (value.includes('\0')) return this.#refuseNul();
    this.#pieces.push({ value, as });
    this.#scanner.tail = "'";
  }

  literalValue(text: string, isInstant: boolean, place: Place): void {
    if (text.includes('\0')) return this.refuse(place, 'holds a NUL character', 'Leave it out.');
    this.#inLiteral(isInstant ? 'instant' : 'text', text, place);
  }

  mark(name: 'last_cursor' | 'now', place: Place): void {
    if (this.isInLiteral) this.#inLiteral(name, '', place);
    else this.refuse(place, 'stands outside quotes', orQuotes(place.expression));
  }

  /** A reference, which has no text that could stand beside other text. */
  secret(reference: SecretPiece, place: Place): void {
    if (this.isInLiteral) this.#inLiteral(reference, '', place);
    else this.refuse(place, 'stands outside quotes', orQuotes(place.expression));
  }

  /** A value outside of a literal: a name where a name may stand, or a number. */
  paste(text: string, place: Place): void {
    const { mode } = this.#scanner;
    if (mode === 'name') return this.#pasteIntoName(text, place);
    if (!this.#isPlain()) return this.#refusePlace(place);
    const tail = mode === 'plain' ? this.#scanner.tail : "'";
    this.#closeLiteral();
    if (numberPattern.test(text)) {
      // `- -5` would otherwise begin a comment.
      return this.ownText(text.startsWith('-') ? `(${text})` : text);
    }
    if (namePattern.test(text) && beforeName.test(tail)) return this.ownText(text);
    this.refuse(
      place,
      'stands outside quotes and is neither a number nor a name where a name may stand',
      orQuotes(place.expression),
    );
    this.#scanner.tail += 'x';
  }

  /** The same without the value. */
  pasteUnknown(isNumber: boolean, place: Place): void {
    const { mode } = this.#scanner;
    if (mode === 'name') return this.#take('x');
    if (!this.#isPlain()) return this.#refusePlace(place);
    const tail = mode === 'plain' ? this.#scanner.tail : "'";
    if (!isNumber && !beforeName.test(tail)) {
      this.refuse(place, 'stands outside quotes', orQuotes(place.expression));
    }
    this.ownText('x');
  }

  /** What was written so far. */
  pieces(): SqlText {
    return this.#merged();
  }

  end(): SqlText {
    const { mode } = this.#scanner;
    this.#closeLiteral();
    const isOpen = !['plain', 'literal-end', 'escaped-end', 'line-comment', 'dollar-tag'].includes(
      mode,
    );
    if (isOpen) {
      this.#problems.push({
        message: 'the statement ends inside a quote or comment that was begun',
        fix: 'Close it.',
        offset: 0,
        length: 0,
      });
    }
    if (this.#params !== null && this.#paramsUsed !== this.#params.length) {
      this.#problems.push({
        message: `the statement has ${String(this.#paramsUsed)} question marks and params ${String(this.#params.length)} values`,
        fix: 'Give one value for each question mark, in their order.',
        offset: 0,
        length: 0,
      });
    }
    return this.#merged();
  }

  #isPlain(): boolean {
    const { mode } = this.#scanner;
    return mode === 'plain' || mode === 'literal-end' || mode === 'escaped-end';
  }

  #positional(): void {
    const text = paramText(this.#params?.[this.#paramsUsed]);
    this.#paramsUsed += 1;
    if (text === null) this.ownText('NULL');
    // Too few values are reported once, at the end.
    else if (text !== undefined) this.value(text, 'text');
  }

  #take(character: string): void {
    const before = this.#scanner.mode;
    this.#scanner.step(character);
    const { mode } = this.#scanner;
    if (before !== 'literal' && before !== 'literal-end' && mode === 'literal') {
      this.#literal = { raw: character, content: '', values: [] };
      return;
    }
    const literal = this.#literal;
    if (literal === null) return this.#write(character);
    if (before === 'literal-end' && mode !== 'literal') {
      this.#closeLiteral();
      // A new literal cannot begin here: its quote would have continued this one.
      return this.#write(character);
    }
    literal.raw += character;
    if (mode === 'literal') literal.content += character;
  }

  #write(text: string): void {
    const last = this.#pieces.at(-1);
    if (typeof last === 'string') this.#pieces[this.#pieces.length - 1] = last + text;
    else this.#pieces.push(text);
  }

  #inLiteral(kind: ValueKind, text: string, place: Place): void {
    const literal = this.#literal;
    if (literal === null) return;
    literal.content += text;
    literal.values.push({ kind, place });
  }

  #closeLiteral(): void {
    const literal = this.#literal;
    this.#literal = null;
    if (literal === null) return;
    const [first, ...others] = literal.values;
    if (first === undefined) return this.#write(literal.raw);
    if (this.#refusesPrefix(first.place)) return;
    const isAlone = others.length === 0 && literal.raw === "''";
    const later = literal.values.find(({ kind }) => kind !== 'text' && kind !== 'instant');
    if (later === undefined) {
      const as = isAlone && first.kind === 'instant' ? 'instant' : 'text';
      this.#pieces.push({ value: literal.content, as });
    } else if (isAlone) this.#pieces.push(pieceOf(first.kind));
    else this.#refuseMixed(later);
  }

  /** What a mark or a secret is, is known later than the text around it. */
  #refuseMixed({ kind, place }: Literal['values'][number]): void {
    this.refuse(
      place,
      `is a ${typeof kind === 'object' ? 'secret' : 'mark'} and stands in a literal with other text`,
      `Write it in quotes of its own: '{{ ${place.expression} }}'.`,
    );
  }

  /** `N'…'` is a literal like any other; in `B'…'`, `X'…'` and `U&'…'` text means something else. */
  #refusesPrefix(place: Place): boolean {
    const last = this.#pieces.at(-1);
    const prefix =
      typeof last === 'string' ? /(?:^|[^\w$])(n|b|x|u&)$/i.exec(last)?.[1] : undefined;
    if (prefix === undefined || typeof last !== 'string') return false;
    if (prefix.toLowerCase() === 'n') {
      this.#pieces[this.#pieces.length - 1] = last.slice(0, -1);
      return false;
    }
    this.refuse(place, `stands in a literal of the kind ${prefix}'…'`, 'Write plain quotes.');
    return true;
  }

  #pasteIntoName(text: string, place: Place): void {
    if (text.length <= 128 && quotedName.test(text)) return this.ownText(text);
    this.refuse(place, 'gives no name that may stand in double quotes', 'Write a plain name.');
  }

  #refusePlace(place: Place): void {
    const { mode } = this.#scanner;
    if (mode.startsWith('escaped')) {
      return this.refuse(
        place,
        "stands in a literal of the kind E'…'",
        'Write plain quotes, without the E.',
      );
    }
    const what = mode.endsWith('comment') ? 'a comment' : 'a dollar quote';
    this.refuse(place, `stands in ${what}`, 'Move it out, or leave it out.');
  }

  #refuseNul(): void {
    const fix = 'Leave it out.';
    this.#problems.push({ message: 'a value holds a NUL character', fix, offset: 0, length: 0 });
  }

  /** String pieces that follow each other as one; values may have been taken out between them. */
  #merged(): SqlText {
    const merged: SqlPiece[] = [];
    for (const piece of this.#pieces) {
      const last = merged.at(-1);
      if (typeof piece === 'string' && typeof last === 'string')
        merged[merged.length - 1] = last + piece;
      else if (piece !== '') merged.push(piece);
    }
    return merged;
  }
}
