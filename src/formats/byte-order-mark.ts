/** The byte order mark that some programs put before UTF-8; it is no part of the first value. */

const mark = [0xef, 0xbb, 0xbf] as const;

/** Bytes that the mark takes at the beginning: 0 or 3; null when more bytes are needed to know. */
export const byteOrderMarkBytes = (bytes: Buffer, isWhole: boolean): number | null => {
  if (mark.some((byte, at) => at < bytes.length && bytes[at] !== byte)) return 0;
  if (bytes.length >= mark.length) return mark.length;
  return isWhole ? 0 : null;
};
