/** Every movement that the suite knows. */
import type { Movement } from '../movement.js';
import { copyFiles } from './files.js';
import { recodeFiles } from './recoded.js';
import { copyRows, loadRows, unloadRows } from './rows.js';

const parts = 'a large file in parts';

export const movements: readonly Movement[] = [
  copyFiles({ from: 'sftp', to: 's3', title: parts }),
  copyFiles({
    from: 'sftp',
    to: 's3',
    variant: 'small',
    size: 'small',
    title: 'small files in batches',
  }),
  copyFiles({
    ...{ from: 'sftp', to: 's3', variant: 'move', size: 'small', deletesSource: true },
    title: 'small files that are deleted when they have been copied',
  }),
  copyFiles({ from: 'sftp', to: 'sftp', title: parts }),
  copyFiles({ from: 'sftp', to: 'local', title: parts }),
  copyFiles({ from: 's3', to: 'sftp', title: parts }),
  copyFiles({ from: 's3', to: 's3', title: `${parts}, between two connections` }),
  copyFiles({
    ...{ from: 's3', to: 's3', variant: 'within', size: 'small', isWithin: true },
    title: 'objects of one connection, copied by the server',
  }),
  copyFiles({ from: 's3', to: 'local', title: parts }),
  copyFiles({ from: 'local', to: 's3', title: parts }),
  copyFiles({ from: 'local', to: 'sftp', title: parts }),
  copyFiles({ from: 'local', to: 'local', title: parts }),
  copyFiles({
    from: 's3',
    to: 'local',
    variant: 'small',
    size: 'small',
    title: 'small files in batches',
  }),
  recodeFiles({ from: 'sftp', to: 's3', how: 'jsonl', title: 'CSV becomes JSON lines' }),
  recodeFiles({ from: 's3', to: 'sftp', how: 'csv', title: 'JSON lines become CSV' }),
  recodeFiles({ from: 'sftp', to: 's3', how: 'parquet', title: 'CSV becomes Parquet' }),
  recodeFiles({ from: 's3', to: 'local', how: 'gzip', title: 'a file is packed' }),
  recodeFiles({ from: 'local', to: 's3', how: 'pieces', title: 'a file becomes several' }),
  unloadRows({ to: 's3', isIncremental: true, title: 'a window of rows becomes an object' }),
  unloadRows({ to: 'sftp', title: 'a table becomes a file' }),
  unloadRows({ to: 'local', isPacked: true, title: 'a table becomes a packed file' }),
  loadRows('s3', { mode: 'append', title: 'the rows of an object are appended' }),
  loadRows('sftp', { mode: 'upsert', title: 'the rows of a file replace those of their keys' }),
  loadRows('local', { mode: 'refresh', title: 'the rows of a file replace a table' }),
  copyRows({ mode: 'upsert', title: 'a window of rows replaces those of their keys' }),
];
