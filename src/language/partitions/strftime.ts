/**
 * Formats of partition keys, as authors write them (strftime), in the words of the library that formats them. Only
 * directives whose text can be read back are known.
 */

const directives: Readonly<Record<string, string>> = {
  Y: 'yyyy',
  m: 'MM',
  d: 'dd',
  H: 'HH',
  M: 'mm',
  S: 'ss',
  y: 'yy',
  j: 'ooo',
  b: 'MMM',
  B: 'MMMM',
  G: 'kkkk',
  V: 'WW',
  u: 'c',
  I: 'hh',
  p: 'a',
  z: 'ZZZ',
};

const quoted = (text: string): string => (text === '' ? '' : `'${text.replaceAll("'", "''")}'`);

export type FormatTokens =
  { readonly tokens: string } | { readonly problem: string; readonly known: readonly string[] };

/** `%Y-%m-%d` → `yyyy'-'MM'-'dd`; a problem names the directive that is not known. */
export const formatTokens = (format: string): FormatTokens => {
  let tokens = '';
  let literal = '';
  for (let at = 0; at < format.length; at++) {
    const character = format.charAt(at);
    if (character !== '%') {
      literal += character;
      continue;
    }
    const directive = format.charAt(++at);
    if (directive === '%') {
      literal += '%';
      continue;
    }
    const token = Object.hasOwn(directives, directive) ? directives[directive] : undefined;
    if (token === undefined) {
      const known = Object.keys(directives).map((name) => `%${name}`);
      return { problem: `%${directive} is not known`, known };
    }
    tokens += quoted(literal) + token;
    literal = '';
  }
  return { tokens: tokens + quoted(literal) };
};
