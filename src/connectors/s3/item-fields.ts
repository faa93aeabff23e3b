/** `source.item.*` of an S3 object (dialect.md §5.4), and what each field means. */
import type { ListedObject } from './calls.js';
import { nameOf } from './keys.js';

export const itemFields = {
  object_name: 'Name of the object, with extension: the key after its last /',
  name: 'Name without extension',
  ext: 'Last extension, with its dot; empty where there is none',
  key: 'The whole key',
  path: 'The key up to its last /, without it; empty at the top',
  object_path: 'The key below the listed prefix',
  prefix: 'The prefix that was listed',
  bucket_name: 'The bucket',
  size: 'Bytes',
  modified_ts: 'When the object was written, epoch seconds',
  modified_dt: 'When the object was written, ISO 8601 in UTC',
  storage_class: 'Storage class: STANDARD, GLACIER, …',
} as const;

export const itemFieldMistakes = {
  file_name: 'object_name',
  file_size: 'size',
  file_path: 'object_path',
  full_file_path: 'key',
  root_path: 'prefix',
  modified_date: 'modified_dt',
} as const;

export const itemFieldsOf = (
  listing: { readonly bucket: string; readonly prefix: string; readonly relativePath: string },
  object: ListedObject,
): Readonly<Record<keyof typeof itemFields, string | number>> => {
  const objectName = nameOf(object.key);
  const dot = objectName.lastIndexOf('.');
  const hasExtension = dot > 0;
  const seconds = Math.floor(object.modifiedMs / 1000);
  return {
    object_name: objectName,
    name: hasExtension ? objectName.slice(0, dot) : objectName,
    ext: hasExtension ? objectName.slice(dot) : '',
    key: object.key,
    path: object.key.slice(0, Math.max(0, object.key.lastIndexOf('/'))),
    object_path: listing.relativePath,
    prefix: listing.prefix,
    bucket_name: listing.bucket,
    size: object.size,
    modified_ts: seconds,
    modified_dt: new Date(seconds * 1000).toISOString(),
    storage_class: object.storageClass,
  };
};
