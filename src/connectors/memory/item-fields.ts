/** `source.item.*` of a file in memory: the fields that SFTP items have, because it stands for a folder. */
import type { FileIdentity } from '../../core/plan/file.js';
import { nameOf } from './paths.js';

export const itemFields = {
  file_name: 'Name of the file, with extension',
  name: 'Name without extension',
  ext: 'Last extension, with its dot; empty where there is none',
  path: 'Folder below the listed prefix; empty at the top',
  file_path: 'Path below the listed prefix, with the name',
  full_file_path: 'The whole path',
  file_size: 'Bytes',
  modified_ts: 'When the file was written, epoch seconds',
} as const;

export const itemFieldMistakes = {
  object_name: 'file_name',
  object_path: 'file_path',
  key: 'full_file_path',
  size: 'file_size',
} as const;

export const itemFieldsOf = (
  relativePath: string,
  identity: FileIdentity,
): Readonly<Record<keyof typeof itemFields, string | number>> => {
  const fileName = nameOf(identity.path);
  const dot = fileName.lastIndexOf('.');
  return {
    file_name: fileName,
    name: dot > 0 ? fileName.slice(0, dot) : fileName,
    ext: dot > 0 ? fileName.slice(dot) : '',
    path: relativePath.slice(0, Math.max(0, relativePath.lastIndexOf('/'))),
    file_path: relativePath,
    full_file_path: identity.path,
    file_size: identity.size,
    modified_ts: Number(identity.modified),
  };
};
