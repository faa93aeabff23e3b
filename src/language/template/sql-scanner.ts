/**
 * Where in a SQL text one is: in its own words, in a literal, in a quoted name, in a comment. Understands quotes and
 * their doubling, `E''`, `"…"`, `$tag$…$tag$`, `--` and nested block comments; nothing else of the language.
 *
 * Keeps true: the mode after a text is the one that the server's lexer would be in, whatever pieces the text came in.
 * Literals assume `standard_conforming_strings = on`, as sessions of connectors pin it.
 */

export type SqlMode =
  | 'plain'
  | 'literal'
  /** Behind a quote that ends the literal, unless another quote follows. */
  | 'literal-end'
  | 'escaped'
  | 'escaped-escape'
  | 'escaped-end'
  | 'name'
  | 'line-comment'
  | 'block-comment'
  /** Behind `$`, perhaps at the beginning of a dollar quote. */
  | 'dollar-tag'
  | 'dollar-quote';

const isWordCharacter = (character: string): boolean => /[\w$\u0080-\u{10ffff}]/u.test(character);

export class SqlScanner {
  mode: SqlMode = 'plain';
  /** The last characters of the statement's own words; a blank stands for everything that separates. */
  tail = ' ';
  #tag = '';
  #recent = '';
  #depth = 0;

  clone(): SqlScanner {
    const copy = new SqlScanner();
    copy.mode = this.mode;
    copy.tail = this.tail;
    copy.#tag = this.#tag;
    copy.#recent = this.#recent;
    copy.#depth = this.#depth;
    return copy;
  }

  /** Equal keys: equal meaning of whatever follows. */
  key(): string {
    return [this.mode, this.#tag, this.#recent, String(this.#depth)].join('\0');
  }

  /** Takes one character. */
  step(character: string): void {
    switch (this.mode) {
      case 'plain':
        return this.#plain(character);
      case 'literal':
        if (character === "'") this.mode = 'literal-end';
        return;
      case 'literal-end':
        return character === "'" ? this.#enter('literal') : this.#leave(character);
      case 'escaped':
        if (character === "'") this.mode = 'escaped-end';
        else if (character === '\\') this.mode = 'escaped-escape';
        return;
      case 'escaped-escape':
        return this.#enter('escaped');
      case 'escaped-end':
        return character === "'" ? this.#enter('escaped') : this.#leave(character);
      case 'name':
        // A doubled quote ends the name and begins it again: the same in every respect that matters here.
        if (character === '"') this.#resume('"');
        return;
      case 'line-comment':
        if (character === '\n' || character === '\r') this.#resume(' ');
        return;
      case 'block-comment':
        return this.#blockComment(character);
      case 'dollar-tag':
        return this.#dollarTag(character);
      case 'dollar-quote':
        this.#recent = (this.#recent + character).slice(0 - this.#tag.length);
        if (this.#recent === this.#tag) this.#resume("'");
    }
  }

  #enter(mode: SqlMode): void {
    this.mode = mode;
  }

  /** Back to the statement's own words; `mark` is what they then seem to end with. */
  #resume(mark: string): void {
    this.mode = 'plain';
    this.tail = (this.tail + mark).slice(-120);
    this.#tag = '';
    this.#recent = '';
  }

  #leave(character: string): void {
    this.#resume("'");
    this.#plain(character);
  }

  #plain(character: string): void {
    const before = this.tail.at(-1) ?? ' ';
    if (character === "'") {
      const isEscaped = /(?:^|[^\w$\u0080-\u{10ffff}])e$/iu.test(this.tail);
      return this.#enter(isEscaped ? 'escaped' : 'literal');
    }
    if (character === '"') return this.#enter('name');
    if (character === '-' && before === '-') {
      this.tail = `${this.tail.slice(0, -1)} `;
      return this.#enter('line-comment');
    }
    if (character === '*' && before === '/') {
      this.tail = `${this.tail.slice(0, -1)} `;
      this.#depth = 1;
      this.#recent = '';
      return this.#enter('block-comment');
    }
    if (character === '$' && !isWordCharacter(before)) {
      this.#tag = '$';
      return this.#enter('dollar-tag');
    }
    this.tail = (this.tail + character).slice(-120);
  }

  #blockComment(character: string): void {
    const pair = this.#recent + character;
    this.#recent = character;
    if (pair === '/*') this.#depth += 1;
    else if (pair === '*/') this.#depth -= 1;
    else return;
    this.#recent = '';
    if (this.#depth === 0) this.#resume(' ');
  }

  #dollarTag(character: string): void {
    if (character === '$') {
      this.#tag += '$';
      this.#recent = '';
      return this.#enter('dollar-quote');
    }
    const isTag =
      isWordCharacter(character) && !(this.#tag === '$' && character >= '0' && character <= '9');
    if (isTag) {
      this.#tag += character;
      return;
    }
    // `$1` and operators with a dollar: words of the statement after all.
    const words = this.#tag;
    this.#resume(words);
    this.#plain(character);
  }
}
