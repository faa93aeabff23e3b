/** Our S3 server over a temporary folder with fresh keys, for tests. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type S3Server,
  type S3ServerOptions,
  startS3Server,
} from '../../../src/devstack/s3/server.js';
import type { StartedServer } from './suite.js';

export interface OurServer extends StartedServer {
  readonly root: string;
  readonly server: S3Server;
}

/** Starts the server; closing it removes the folder. */
export async function startOurs(more: Partial<S3ServerOptions> = {}): Promise<OurServer> {
  const root = more.root ?? (await mkdtemp(join(tmpdir(), 'tidemark-s3-')));
  const access = {
    accessKeyId: `test${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
    region: 'us-east-1',
  };
  const options = { ...access, buckets: [], ...more, root };
  const server = await startS3Server(options);
  const close = async (): Promise<void> => {
    await server.close();
    if (more.root === undefined) await rm(root, { recursive: true, force: true });
  };
  return {
    root,
    server,
    endpoint: server.endpoint,
    accessKeyId: options.accessKeyId,
    secretAccessKey: options.secretAccessKey,
    region: options.region,
    close,
  };
}
