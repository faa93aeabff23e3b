/**
 * JSON as bytes: where a value ends, without making one, so that no number is rounded. Strict: what `JSON.parse` refuses
 * is refused.
 *
 * Every function takes the bytes and an offset and gives the offset behind what it read: `more` when the bytes end in
 * the middle, `wrong` when it is no JSON.
 */

export const more = -1;
export const wrong = -2;

const [quote, backslash] = [34, 92];
const depthMax = 200;

export const isBlank = (byte: number | undefined): boolean =>
  byte === 32 || byte === 10 || byte === 13 || byte === 9;

export const skipBlank = (bytes: Buffer, from: number): number => {
  let at = from;
  while (at < bytes.length && isBlank(bytes[at])) at++;
  return at;
};

const isHex = (byte: number): boolean =>
  (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);

const escapable = new Uint8Array(256);
for (const mark of '"\\/bfnrt') escapable[mark.charCodeAt(0)] = 1;

const endOfEscape = (bytes: Buffer, at: number): number => {
  const mark = bytes[at + 1];
  if (mark === undefined) return more;
  if (escapable[mark] === 1) return at + 2;
  if (mark !== 117) return wrong;
  for (let digit = at + 2; digit < at + 6; digit++) {
    const byte = bytes[digit];
    if (byte === undefined) return more;
    if (!isHex(byte)) return wrong;
  }
  return at + 6;
};

/** Of the text whose opening quote stands at `from`. */
const endOfText = (bytes: Buffer, from: number): number => {
  const { length } = bytes;
  for (let at = from + 1; at < length;) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte < 32) return wrong;
    if (byte !== backslash) {
      at++;
      continue;
    }
    at = endOfEscape(bytes, at);
    if (at < 0) return at;
  }
  return more;
};

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 48 && byte <= 57;

const digits = (bytes: Buffer, from: number): number => {
  let at = from;
  while (isDigit(bytes[at])) at++;
  if (at === bytes.length) return more;
  return at === from ? wrong : at;
};

/** In a record a number never ends with the bytes: something has to close the record. */
const endOfNumber = (bytes: Buffer, from: number): number => {
  let at = bytes[from] === 45 ? from + 1 : from;
  if (bytes[at] === 48) at++;
  else at = digits(bytes, at);
  if (at < 0) return at;
  if (bytes[at] === 46) at = digits(bytes, at + 1);
  if (at < 0) return at;
  if (bytes[at] === 101 || bytes[at] === 69) {
    const sign = bytes[at + 1];
    at = digits(bytes, sign === 43 || sign === 45 ? at + 2 : at + 1);
  }
  if (at < 0) return at;
  return at === bytes.length ? more : at;
};

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

const endOfWord = (bytes: Buffer, from: number): number => {
  const word = words.find((known) => known[0] === bytes[from]);
  if (word === undefined) return wrong;
  for (let index = 1; index < word.length; index++) {
    if (from + index >= bytes.length) return more;
    if (bytes[from + index] !== word[index]) return wrong;
  }
  return from + word.length;
};

const endOfArray = (bytes: Buffer, from: number, depth: number): number => {
  let at = skipBlank(bytes, from + 1);
  if (bytes[at] === 93) return at + 1;
  for (;;) {
    at = endOfValue(bytes, at, depth + 1);
    if (at < 0) return at;
    at = skipBlank(bytes, at);
    if (at >= bytes.length) return more;
    if (bytes[at] === 93) return at + 1;
    if (bytes[at] !== 44) return wrong;
    at = skipBlank(bytes, at + 1);
  }
};

/** At the value, from behind its name. */
export const behindColon = (bytes: Buffer, from: number): number => {
  const at = skipBlank(bytes, from);
  if (at >= bytes.length) return more;
  return bytes[at] === 58 ? skipBlank(bytes, at + 1) : wrong;
};

/** Of the name of a member. */
export const endOfNameText = (bytes: Buffer, from: number): number => {
  if (from >= bytes.length) return more;
  return bytes[from] === quote ? endOfText(bytes, from) : wrong;
};

/** Behind a name and its colon, at the value. */
const endOfName = (bytes: Buffer, from: number): number => {
  const at = endOfNameText(bytes, from);
  return at < 0 ? at : behindColon(bytes, at);
};

const endOfObject = (bytes: Buffer, from: number, depth: number): number => {
  let at = skipBlank(bytes, from + 1);
  if (bytes[at] === 125) return at + 1;
  for (;;) {
    at = endOfName(bytes, at);
    if (at < 0) return at;
    at = endOfValue(bytes, at, depth + 1);
    if (at < 0) return at;
    at = skipBlank(bytes, at);
    if (at >= bytes.length) return more;
    if (bytes[at] === 125) return at + 1;
    if (bytes[at] !== 44) return wrong;
    at = skipBlank(bytes, at + 1);
  }
};

export const endOfValue = (bytes: Buffer, from: number, depth = 0): number => {
  const byte = bytes[from];
  if (byte === undefined) return more;
  if (byte === quote) return endOfText(bytes, from);
  if (byte === 45 || isDigit(byte)) return endOfNumber(bytes, from);
  if (depth > depthMax) return wrong;
  if (byte === 123) return endOfObject(bytes, from, depth);
  return byte === 91 ? endOfArray(bytes, from, depth) : endOfWord(bytes, from);
};
