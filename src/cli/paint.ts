/** Colour for people: none where nobody looks. */
const codes = { bold: 1, red: 31, yellow: 33, cyan: 36, dim: 2 } as const;

export type Paint = (text: string, style: keyof typeof codes) => string;

export const painter =
  (color: boolean): Paint =>
  (text, style) =>
    color ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
