/**
 * What the server notes beside the bytes: the shapes of its metadata files. They are checked when they are
 * read, so a damaged file stops the start with its name and never becomes wrong data.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export const checksumTypes = ['COMPOSITE', 'FULL_OBJECT'] as const;
export type ChecksumType = (typeof checksumTypes)[number];

const textMap = z.record(z.string(), z.string());
const sizeBytes = z.int().min(0);

export const objectRecord = z.strictObject({
  key: z.string(),
  /** Path of the bytes below the bucket's folder. */
  path: z.string(),
  sizeBytes,
  /** Without quotes. */
  etag: z.string(),
  lastModified: z.iso.datetime(),
  /** Content type and the like, then x-amz-meta-*; lower-case names. */
  headers: textMap,
  checksum: z.strictObject({ crc32: z.string(), type: z.enum(checksumTypes) }).optional(),
});
export type ObjectRecord = z.infer<typeof objectRecord>;

export const uploadRecord = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  bucket: z.string(),
  key: z.string(),
  initiatedAt: z.iso.datetime(),
  headers: textMap,
  /** Set if the upload was created with x-amz-checksum-algorithm: CRC32. */
  checksumType: z.enum(checksumTypes).optional(),
});
export type UploadRecord = z.infer<typeof uploadRecord>;

export const partRecord = z.strictObject({
  number: z.int().min(1).max(10_000),
  sizeBytes,
  etag: z.string(),
  crc32: z.string(),
  lastModified: z.iso.datetime(),
  /** Name of the file with the bytes, in the folder of the upload. */
  file: z.string().regex(/^[\w.-]+$/),
});
export type PartRecord = z.infer<typeof partRecord>;

/** One change of a bucket: written before it is done, kept as the object's metadata file once it is. */
export const changeRecord = z.discriminatedUnion('change', [
  z.strictObject({
    change: z.literal('put'),
    bucket: z.string(),
    staged: z.string(),
    record: objectRecord,
    completesUpload: z.string().optional(),
  }),
  z.strictObject({ change: z.literal('delete'), bucket: z.string(), record: objectRecord }),
]);
export type ChangeRecord = z.infer<typeof changeRecord>;

/** Reads one metadata file. Throws an error that names the file and what to do. */
export async function readRecord<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new Error(
      `Reading the folder of the S3 server: the metadata file ${file} is damaged (${problem}). ` +
        'Restore it, or delete it: what it describes is then gone from the server.',
      { cause },
    );
  }
}
