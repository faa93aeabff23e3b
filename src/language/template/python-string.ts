/** The text that Python reads between the quotes of a string: an unknown escape keeps its backslash. */
const single: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  0: '\0',
};

export const pythonString = (source: string): string =>
  source.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\s\S]))/g,
    (whole: string, byte?: string, unit?: string, letter?: string) => {
      const code = byte ?? unit;
      if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
      return letter !== undefined && Object.hasOwn(single, letter)
        ? (single[letter] ?? whole)
        : whole;
    },
  );
