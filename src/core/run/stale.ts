/**
 * Errors that concern one unit only: its file is another version than planned, or what was written of it is gone. No retry
 * of the same activity can help; the unit starts again with what is there now.
 */
export const staleCodes: readonly string[] = [
  'source/changed',
  'source/truncated',
  'target/upload-gone',
  'target/parts-differ',
  'load/staging-gone',
];

export const isStaleCode = (code: string): boolean => staleCodes.includes(code);
