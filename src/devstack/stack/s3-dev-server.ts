/** The S3 server of the dev stack: one bucket to begin with, more by whoever makes them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import { choosePort, loopback } from './choose-port.js';
import type { DevServer } from './dev-server.js';
import { dataFolderDamaged } from './errors.js';

const region = 'us-east-1';
const bucket = 'tidemark';

export const s3DevServer: DevServer = {
  name: 's3',
  start: async ({ dataDir, credentials, ports, lastPorts }) => {
    const root = join(dataDir, 's3');
    await mkdir(root, { recursive: true });
    const port = await choosePort({
      purpose: 'the S3 server',
      option: '--s3-port',
      asked: ports.s3,
      usual: [lastPorts.s3],
    });
    const keys = credentials.s3;
    const { startS3Server } = await import('../s3/server.js');
    const server = await startS3Server({
      root,
      host: loopback,
      port,
      region,
      buckets: [bucket],
      ...keys,
    }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TidemarkError(dataFolderDamaged, `starting the S3 server on ${root}: ${reason}`, {
        cause: error,
      });
    });
    const { endpoint } = server;
    return {
      facts: { endpoint, region, ...keys, bucket, root },
      variables: {
        S3_ENDPOINT: endpoint,
        S3_REGION: region,
        S3_BUCKET: bucket,
        S3_ACCESS_KEY_ID: keys.accessKeyId,
        S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
      },
      rows: [
        { what: 'S3', where: endpoint, note: `bucket ${bucket}` },
        { what: '  objects', where: join(root, bucket), note: 'look, do not edit' },
      ],
      ports: { s3: port },
      stop: () => server.close(),
    };
  },
};
