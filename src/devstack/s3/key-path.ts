/**
 * Where the bytes of a key lie inside its bucket's folder. Two names exist for each key:
 *   plain   `a/b.csv` for key `a/b.csv`: segments stay readable; what a file system cannot hold is escaped;
 *   opaque  `%x612f62…`: hexadecimal UTF-8, used when the plain name is taken (key `a` beside key `a/b`,
 *           or a file system that ignores case).
 * Keeps true: both are reversible, so two keys never share a name; no name leaves the folder; no segment is
 * longer than 240 bytes. Escapes are `%` plus: two upper-case hex digits = that byte, `_` = an empty
 * segment, `~` at the end of a folder = the segment goes on in the next level, `x` = opaque.
 */

const MAX_SEGMENT_BYTES = 240;
// Control characters, what Windows forbids in names, and our own escape character.
const UNSAFE = /[\u0000-\u001f\u007f%<>:"\\|?*]/g;
const OPAQUE = '%x';

/** The readable relative path of a key, with forward slashes. */
export function plainPath(key: string): string {
  return key.split('/').map(encodeSegment).join('/');
}

/** The relative path of a key that collides with no plain path and with no other key, whatever their case. */
export function opaquePath(key: string): string {
  return split(OPAQUE + Buffer.from(key, 'utf8').toString('hex'));
}

/** The key whose plain or opaque path this is. */
export function keyOfPath(path: string): string {
  const joined = path.replaceAll('%~/', '');
  if (joined.startsWith(OPAQUE))
    return Buffer.from(joined.slice(OPAQUE.length), 'hex').toString('utf8');
  return joined.split('/').map(decodeSegment).join('/');
}

function encodeSegment(segment: string): string {
  if (segment === '') return '%_';
  const dotless = segment === '.' || segment === '..' ? segment.replaceAll('.', '%2E') : segment;
  // For `.` and `..` the escapes are made already; they must not be escaped again.
  const safe = dotless === segment ? segment.replace(UNSAFE, escapeByte) : dotless;
  // Windows drops a dot or a space at the end of a name.
  return split(safe.replace(/[. ]$/, escapeByte));
}

function decodeSegment(segment: string): string {
  if (segment === '%_') return '';
  return segment.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Cuts a name that is too long into folders; never inside a character or an escape. */
function split(name: string): string {
  if (Buffer.byteLength(name) <= MAX_SEGMENT_BYTES) return name;
  const pieces: string[] = [];
  let piece = '';
  let pieceBytes = 0;
  for (const unit of name.match(/%[0-9A-F]{2}|[\s\S]/gu) ?? []) {
    const unitBytes = Buffer.byteLength(unit);
    if (pieceBytes + unitBytes > MAX_SEGMENT_BYTES) {
      pieces.push(`${piece}%~`);
      piece = '';
      pieceBytes = 0;
    }
    piece += unit;
    pieceBytes += unitBytes;
  }
  return [...pieces, piece].join('/');
}
