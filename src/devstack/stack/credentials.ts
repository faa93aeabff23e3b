/**
 * The credentials of a data folder: made by chance at its first start and kept in it (0600), so that clients which were
 * set up once go on after a restart. They protect nothing but servers on 127.0.0.1.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TidemarkError } from '../../core/errors/error.js';
import { createHostKey } from '../sftp/host-key.js';
import { dataFolderDamaged } from './errors.js';
import { writePrivateFile } from './private-file.js';

const text = z.string().min(1);
const credentialsShape = z.object({
  s3: z.object({ accessKeyId: text, secretAccessKey: text }),
  sftp: z.object({ username: text, password: text, hostKey: text }),
  postgres: z.object({ user: text, password: text }),
});
/** Folders that are older than a server lack its entry; the server's data is not there either. */
const storedShape = credentialsShape.partial({ postgres: true });

export type Credentials = Readonly<z.infer<typeof credentialsShape>>;

const made = (): Credentials => ({
  s3: {
    accessKeyId: `TDMK${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  },
  sftp: {
    username: 'tidemark',
    password: randomBytes(18).toString('base64url'),
    hostKey: createHostKey(),
  },
  postgres: { user: 'tidemark', password: randomBytes(18).toString('base64url') },
});

const written = (path: string, credentials: Credentials): Credentials => {
  writePrivateFile(path, `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
};

const stored = (path: string): z.infer<typeof storedShape> => {
  try {
    return storedShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new TidemarkError(
      dataFolderDamaged,
      `reading the credentials of the dev stack: ${path} is not complete JSON with the keys s3 and sftp`,
      { cause: error, fix: `Delete ${path}; new credentials are made at the next start.` },
    );
  }
};

/** Throws `devstack/data-folder-damaged` when the file is there and cannot be used. */
export const credentialsOf = (dataDir: string): Credentials => {
  const path = join(dataDir, 'credentials.json');
  if (!existsSync(path)) return written(path, made());
  const { s3, sftp, postgres } = stored(path);
  if (postgres !== undefined) return { s3, sftp, postgres };
  return written(path, { ...made(), s3, sftp });
};
