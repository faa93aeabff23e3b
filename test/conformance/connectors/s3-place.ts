/**
 * Places on an S3 server for the suites: a fresh prefix of one bucket for each test, looked into through a client
 * of its own, with the driver's default settings.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

export interface S3Facts {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const placeBucket = 'places';

/** The connection as one writes it in the YAML. */
export const connectionOf = (server: S3Facts) => ({
  endpoint_url: server.endpoint,
  region_name: server.region,
  access_key: server.accessKeyId,
  secret_key: server.secretAccessKey,
  bucket_name: placeBucket,
});

export const independentClient = (server: S3Facts): S3Client =>
  new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  });

export const createPlaceBucket = async (server: S3Facts): Promise<void> => {
  const client = independentClient(server);
  await client.send(new CreateBucketCommand({ Bucket: placeBucket }));
  client.destroy();
};

const readObject = async (client: S3Client, key: string): Promise<Buffer | null> => {
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: placeBucket, Key: key }));
    return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return null;
    throw error;
  }
};

/** A place for both suites. */
export const startPlace = (server: S3Facts) => {
  const client = independentClient(server);
  const prefix = `p-${randomBytes(4).toString('hex')}`;
  const pathOf = (relativePath: string): string => `${prefix}/${relativePath}`;
  const at = (relativePath: string) => ({ Bucket: placeBucket, Key: pathOf(relativePath) });
  const read = (relativePath: string) => readObject(client, pathOf(relativePath));
  return Promise.resolve({
    connection: connectionOf(server),
    connectionName: 'lake',
    pathOf,
    read,
    options: ({ pattern, file }: { readonly pattern?: string; readonly file?: string } = {}) => ({
      prefix,
      ...(pattern === undefined ? {} : { pattern }),
      ...(file === undefined ? {} : { key: file }),
    }),
    missing: () => ({ bucket_name: 'no-such-bucket-here', prefix }),
    exists: async (relativePath: string) => (await read(relativePath)) !== null,
    write: async (relativePath: string, body: Buffer) => {
      await client.send(new PutObjectCommand({ ...at(relativePath), Body: body }));
    },
    remove: async (relativePath: string) => {
      await client.send(new DeleteObjectCommand(at(relativePath)));
    },
    leftovers: async () => {
      const answer = await client.send(
        new ListMultipartUploadsCommand({ Bucket: placeBucket, Prefix: `${prefix}/` }),
      );
      return (answer.Uploads ?? []).map((upload) => upload.UploadId ?? '');
    },
    foreignUpload: async (relativePath: string) => {
      const answer = await client.send(new CreateMultipartUploadCommand(at(relativePath)));
      return answer.UploadId ?? null;
    },
    [Symbol.asyncDispose]: () => {
      client.destroy();
      return Promise.resolve();
    },
  });
};

/** A server that takes connections and says nothing. */
export const silentServer = async (server: S3Facts) => {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    connection: { ...connectionOf(server), endpoint_url: `http://127.0.0.1:${String(port)}` },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        listener.close(() => {
          resolve();
        });
      });
    },
  };
};
