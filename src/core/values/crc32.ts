/**
 * CRC32 as text and its combination: the checksum of a whole object follows from those of its parts, so that a
 * resumed transfer never reads a byte twice to know it. Computing the checksum itself is the caller's (zlib has it).
 */

/** The polynomial of zlib, PNG and S3, bit-reversed: the coefficient of x^0 is the highest bit. */
const polynomial = 0xedb88320;
const one = 0x80000000;
const xToTheEighth = one >>> 8;

/** The product of two polynomials modulo the CRC's own. */
const multiply = (a: number, b: number): number => {
  let product = 0;
  let factor = b;
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 1 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return product >>> 0;
};

/** x^(8 · bytes). Lengths are halved by division, because shifts would cut them to 32 bits. */
const shiftOf = (bytes: number): number => {
  let result = one;
  let power = xToTheEighth;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, power);
    power = multiply(power, power);
  }
  return result;
};

/** The CRC32 of `a` followed by `b`, from both checksums and the number of bytes of `b`. */
export const combineCrc32 = (a: number, b: number, lengthOfB: number): number =>
  (multiply(a, shiftOf(lengthOfB)) ^ b) >>> 0;

/** Eight lower-case hexadecimal digits: how a checksum travels in plans and results. */
export const formatCrc32 = (crc: number): string => (crc >>> 0).toString(16).padStart(8, '0');

/** The number behind eight hexadecimal digits, or undefined when the text is something else. */
export const parseCrc32 = (text: string): number | undefined =>
  /^[0-9a-f]{8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
