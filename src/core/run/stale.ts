/**
 * Errors that concern one large file only: the file is another version than planned, or what was written of it is gone.
 * No retry of the same activity can help; its unit starts again with what is there now.
 */
export const staleCodes: readonly string[] = [
  'source/changed',
  'source/truncated',
  'target/upload-gone',
  'target/parts-differ',
];

export const isStaleCode = (code: string): boolean => staleCodes.includes(code);
