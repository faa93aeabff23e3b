/**
 * One file out of a tar archive in memory: enough of POSIX ustar for the Temporal CLI's release archives, so that a
 * machine without `tar` can unpack them.
 */
const blockBytes = 512;

/** The contents of the regular file of that name; a leading `./` is ignored. Throws when the archive has no such file. */
export const fileFromTar = (archive: Buffer, name: string): Buffer => {
  let position = 0;
  while (position + blockBytes <= archive.length) {
    const header = archive.subarray(position, position + blockBytes);
    if (header[0] === 0) break;
    const sizeBytes = Number.parseInt(textOf(header, 124, 12).trim(), 8);
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
      throw new Error('the archive is damaged: a size is not a number');
    const start = position + blockBytes;
    if (isRegularFile(header) && textOf(header, 0, 100).replace(/^\.\//, '') === name) {
      if (start + sizeBytes > archive.length) throw new Error(`the archive ends within ${name}`);
      return archive.subarray(start, start + sizeBytes);
    }
    position = start + Math.ceil(sizeBytes / blockBytes) * blockBytes;
  }
  throw new Error(`the archive has no file ${name}`);
};

const textOf = (header: Buffer, start: number, length: number): string => {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? length : end);
};

/** Type flag '0', or NUL in archives older than POSIX. */
const isRegularFile = (header: Buffer): boolean => header[156] === 0x30 || header[156] === 0;
