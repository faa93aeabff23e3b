/** Why a text is not YAML, in words of ours: the parser's codes, each as a sentence and what to write. */

export interface SyntaxReason {
  readonly message: string;
  readonly hint?: string;
}

const reasons: Readonly<Record<string, SyntaxReason>> = {
  ALIAS_PROPS: { message: 'an alias carries an anchor or a tag of its own' },
  BAD_ALIAS: { message: 'an alias has no name that can be read' },
  BAD_COLLECTION_TYPE: { message: 'the tag does not fit the kind of the value' },
  BAD_DIRECTIVE: {
    message: 'a line that begins with % is read as a directive',
    hint: 'quote the value',
  },
  BAD_DQ_ESCAPE: {
    message: 'a backslash sequence inside double quotes is not known',
    hint: 'use single quotes, or write \\\\',
  },
  BAD_INDENT: { message: 'the indentation does not fit the lines above' },
  BAD_PROP_ORDER: { message: 'an anchor or a tag stands after the value that it belongs to' },
  BAD_SCALAR_START: {
    message: 'a plain value cannot begin with this character',
    hint: 'quote the value',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second key begins on the same line',
    hint: 'start a new line, or quote the value that holds a colon',
  },
  BLOCK_IN_FLOW: { message: 'an indented block stands inside brackets or braces' },
  IMPOSSIBLE: { message: 'the text cannot be read as YAML' },
  KEY_OVER_1024_CHARS: { message: 'a key is longer than 1,024 characters' },
  MISSING_CHAR: { message: 'a closing character, a comma, a colon or a space is missing' },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a key runs over several lines',
    hint: 'is the colon missing on the first of them?',
  },
  MULTIPLE_ANCHORS: { message: 'a value carries more than one anchor' },
  MULTIPLE_TAGS: { message: 'a value carries more than one tag' },
  OPEN_QUOTE: { message: 'a quote is opened here and never closed', hint: 'close it' },
  TAB_AS_INDENT: { message: 'a tab is used as indentation', hint: 'indent with spaces' },
  UNEXPECTED_TOKEN: { message: 'this is not expected here' },
};

/** `code` is the parser's; an unknown one gets the general sentence. */
export const syntaxReason = (code: string): SyntaxReason =>
  (Object.hasOwn(reasons, code) ? reasons[code] : undefined) ?? {
    message: 'the text cannot be read as YAML',
  };
