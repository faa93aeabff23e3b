/**
 * The only importer of the S3 driver: our narrow calls on its client. It keeps true that the driver never retries,
 * adds no checksum of its own, hashes no payload that https and CRC32 protect already, and ends a request on which
 * no byte moved for a minute. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type HeadObjectCommandOutput,
  type ListMultipartUploadsCommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Expectation } from '../../core/plan/file.js';
import type { OpenContext } from '../connector.js';
import type {
  CopySource,
  ObjectHead,
  S3Calls,
  StartedUpload,
  UploadedPart,
  UploadPlace,
} from './calls.js';
import { crcToBase64 } from './checksum.js';
import { failureOf } from './errors.js';
import type { S3Connection } from './options.js';
import { partBody } from './part-body.js';

const socketTimeoutMs = 60_000;
const connectionTimeoutMs = 10_000;
const socketsMax = 64;
const unsignedPayload = 'UNSIGNED-PAYLOAD';

const credentialsOf = (connection: S3Connection): Partial<S3ClientConfig> => {
  if (connection.use_unsigned_session) {
    return {
      credentials: { accessKeyId: '', secretAccessKey: '' },
      signer: { sign: (request) => Promise.resolve(request) },
    };
  }
  const { access_key, secret_key, session_token, profile_name } = connection;
  if (access_key !== undefined && secret_key !== undefined) {
    const sessionToken = session_token === undefined ? {} : { sessionToken: session_token };
    return {
      credentials: { accessKeyId: access_key, secretAccessKey: secret_key, ...sessionToken },
    };
  }
  return profile_name === undefined ? {} : { profile: profile_name };
};

const ignored = (): void => undefined;

/** The driver's own remarks would stand in every log; what matters reaches the caller as an error of ours. */
const silence = { trace: ignored, debug: ignored, info: ignored, warn: ignored, error: ignored };

const driverConfig = (connection: S3Connection): S3ClientConfig => {
  const agentOptions = { keepAlive: true, maxSockets: socketsMax, noDelay: true };
  const endpoint = connection.endpoint_url ?? undefined;
  return {
    region: connection.region_name,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...credentialsOf(connection),
    maxAttempts: 1,
    logger: silence,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: new NodeHttpHandler({
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent({ ...agentOptions, rejectUnauthorized: connection.verify }),
      connectionTimeout: connectionTimeoutMs,
      socketTimeout: socketTimeoutMs,
    }),
  };
};

/** Whether bodies are part of the signature. Over http nothing but CRC32 would protect them, so there they are. */
const signsPayload = (connection: S3Connection): boolean =>
  connection.payload_signing === 'always' ||
  (connection.payload_signing === 'auto' &&
    (connection.endpoint_url ?? '').toLowerCase().startsWith('http:'));

type PayloadStack = UploadPartCommand['middlewareStack'] | PutObjectCommand['middlewareStack'];

/** Says the hash of the body before the signer looks for one: it hashes buffers always and streams never. */
const sayPayloadHash = (stack: PayloadStack, hash: string): void => {
  (stack as UploadPartCommand['middlewareStack']).add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = hash;
      return next(args);
    },
    { step: 'build', name: 'tidemarkPayloadHash' },
  );
};

const condition = (expected: Expectation): { IfMatch: string } | { IfNoneMatch: string } =>
  'absent' in expected ? { IfNoneMatch: '*' } : { IfMatch: expected.tag };

const epochSeconds = (time: Date | undefined): string =>
  String(Math.floor((time?.getTime() ?? 0) / 1000));

type HeadAnswer = Pick<
  HeadObjectCommandOutput,
  'ContentLength' | 'ETag' | 'LastModified' | 'VersionId' | 'Metadata' | 'ChecksumCRC32'
>;

const headOf = (answer: HeadAnswer, size: number): ObjectHead => ({
  size,
  etag: answer.ETag ?? '',
  modified: epochSeconds(answer.LastModified),
  metadata: answer.Metadata ?? {},
  ...(answer.VersionId === undefined || answer.VersionId === 'null'
    ? {}
    : { version: answer.VersionId }),
  ...(answer.ChecksumCRC32 === undefined ? {} : { checksum: answer.ChecksumCRC32 }),
});

/** `bytes 0-9/4711` → 4711. */
const totalOf = (contentRange: string | undefined): number | undefined => {
  const total = Number(contentRange?.split('/')[1]);
  return Number.isSafeInteger(total) ? total : undefined;
};

/** Keys are asked for in the encoding of forms, because XML cannot carry every character of a key. */
const decodedKey = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

const written = (answer: {
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
}) => ({
  etag: answer.ETag ?? '',
  ...(answer.ChecksumCRC32 === undefined ? {} : { checksum: answer.ChecksumCRC32 }),
});

const place = ({ bucket, key }: { readonly bucket: string; readonly key: string }) => ({
  Bucket: bucket,
  Key: key,
});

const uploadOf = (upload: UploadPlace) => ({ ...place(upload), UploadId: upload.uploadId });

/** Runs one request; what the driver throws becomes an S3Failure, an abort the signal's reason. */
const answered = async <T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> => {
  signal.throwIfAborted();
  try {
    return await request();
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error);
  }
};

const reads = (client: S3Client): Pick<S3Calls, 'head' | 'get' | 'list'> => ({
  head: async (at, signal) => {
    try {
      const answer = await answered(signal, () =>
        client.send(new HeadObjectCommand({ ...place(at), ChecksumMode: 'ENABLED' }), {
          abortSignal: signal,
        }),
      );
      return headOf(answer, answer.ContentLength ?? 0);
    } catch (error) {
      if (failureOf(error).status === 404) return null;
      throw error;
    }
  },
  get: ({ bucket, key, etag, range }, signal) =>
    answered(signal, async () => {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(etag === undefined ? {} : { IfMatch: etag }),
        ...(range === undefined
          ? {}
          : { Range: `bytes=${String(range.from)}-${String(range.from + range.bytes - 1)}` }),
      });
      const answer = await client.send(command, { abortSignal: signal });
      const size = totalOf(answer.ContentRange) ?? answer.ContentLength ?? 0;
      return { head: headOf(answer, size), body: answer.Body as unknown as Readable };
    }),
  list: ({ bucket, prefix, startAfter, limit }, signal) =>
    answered(signal, async () => {
      const command = new ListObjectsV2Command({
        Bucket: bucket,
        MaxKeys: limit,
        EncodingType: 'url',
        ...(prefix === '' ? {} : { Prefix: prefix }),
        ...(startAfter === null || startAfter === '' ? {} : { StartAfter: startAfter }),
      });
      const answer = await client.send(command, { abortSignal: signal });
      const objects = (answer.Contents ?? []).map((object) => ({
        key: answer.EncodingType === 'url' ? decodedKey(object.Key ?? '') : (object.Key ?? ''),
        size: object.Size ?? 0,
        etag: object.ETag ?? '',
        modifiedMs: object.LastModified?.getTime() ?? 0,
        storageClass: object.StorageClass ?? 'STANDARD',
      }));
      return { objects, isTruncated: answer.IsTruncated ?? false };
    }),
});

const singleWrites = (
  client: S3Client,
  isPayloadSigned: boolean,
): Pick<S3Calls, 'put' | 'remove'> => ({
  put: ({ expected, crc32, metadata, ...at }, body, signal) =>
    answered(signal, async () => {
      const command = new PutObjectCommand({
        ...place(at),
        ...condition(expected),
        Metadata: metadata,
        Body: body,
        ContentLength: body.length,
        ChecksumCRC32: crcToBase64(crc32),
      });
      if (!isPayloadSigned) sayPayloadHash(command.middlewareStack, unsignedPayload);
      return written(await client.send(command, { abortSignal: signal }));
    }),
  remove: ({ etag, ...at }, signal) =>
    answered(signal, async () => {
      const match = etag === undefined ? {} : { IfMatch: etag };
      await client.send(new DeleteObjectCommand({ ...place(at), ...match }), {
        abortSignal: signal,
      });
    }),
});

const copySource = ({ bucket, key, etag }: CopySource) => ({
  CopySource: `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
  ...(etag === undefined ? {} : { CopySourceIfMatch: etag }),
});

const copies = (client: S3Client): Pick<S3Calls, 'copy' | 'copyPart'> => ({
  copy: ({ expected, metadata, ...at }, source, signal) =>
    answered(signal, async () => {
      const command = new CopyObjectCommand({
        ...place(at),
        ...copySource(source),
        ...condition(expected),
        Metadata: metadata,
        MetadataDirective: 'REPLACE',
        ChecksumAlgorithm: 'CRC32',
      });
      const answer = await client.send(command, { abortSignal: signal });
      return written(answer.CopyObjectResult ?? {});
    }),
  copyPart: ({ number, ...upload }, { range, ...source }, signal) =>
    answered(signal, async () => {
      const command = new UploadPartCopyCommand({
        ...uploadOf(upload),
        PartNumber: number,
        ...copySource(source),
        CopySourceRange: `bytes=${String(range.from)}-${String(range.from + range.bytes - 1)}`,
      });
      const answer = await client.send(command, { abortSignal: signal });
      return written(answer.CopyPartResult ?? {});
    }),
});

/**
 * Sends one part as slices. The body is a stream, which the driver neither retries nor ends when the answer comes
 * early: both ends are tied together by a controller of this call.
 */
const partSender = (
  client: S3Client,
  isPayloadSigned: boolean,
  context: OpenContext,
): S3Calls['uploadPart'] => {
  return async ({ number, crc32, ...upload }, body, { progress, signal }) => {
    const ending = new AbortController();
    const onAbort = (): void => {
      ending.abort();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const stream = partBody(body, progress, (bytes) => context.throttle(bytes, ending.signal));
    // A throttle that fails ends the request; without this it would wait for bytes until its timeout.
    stream.once('error', onAbort);
    try {
      return await answered(signal, async () => {
        const command = new UploadPartCommand({
          ...uploadOf(upload),
          PartNumber: number,
          Body: stream,
          ContentLength: body.length,
          ChecksumCRC32: crcToBase64(crc32),
        });
        const hash = isPayloadSigned
          ? createHash('sha256').update(body).digest('hex')
          : unsignedPayload;
        sayPayloadHash(command.middlewareStack, hash);
        return written(await client.send(command, { abortSignal: ending.signal }));
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      ending.abort();
      stream.destroy();
    }
  };
};

const startedUpload = (
  uploadId: string,
  initiated: Date | undefined,
  initiator: { readonly ID?: string | undefined } | undefined,
): StartedUpload => ({
  uploadId,
  startedMs: initiated?.getTime() ?? 0,
  initiator: initiator?.ID ?? '',
});

const uploadLists = (client: S3Client): Pick<S3Calls, 'listParts' | 'listUploads'> => ({
  listParts: (upload, limit, signal) =>
    answered(signal, async () => {
      const parts: UploadedPart[] = [];
      let marker: string | undefined;
      do {
        const answer = await client.send(
          new ListPartsCommand({
            ...uploadOf(upload),
            ...(marker === undefined ? {} : { PartNumberMarker: marker }),
            ...(limit === null ? {} : { MaxParts: limit }),
          }),
          { abortSignal: signal },
        );
        for (const part of answer.Parts ?? []) {
          parts.push({ number: part.PartNumber ?? 0, size: part.Size ?? 0, ...written(part) });
        }
        marker = answer.IsTruncated === true ? answer.NextPartNumberMarker : undefined;
      } while (marker !== undefined && (limit === null || parts.length < limit));
      return parts;
    }),
  listUploads: (at, signal) =>
    answered(signal, async () => {
      const uploads: StartedUpload[] = [];
      let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
      while (markers !== undefined) {
        const answer: ListMultipartUploadsCommandOutput = await client.send(
          new ListMultipartUploadsCommand({ Bucket: at.bucket, Prefix: at.key, ...markers }),
          { abortSignal: signal },
        );
        for (const { Key, UploadId, Initiated, Initiator } of answer.Uploads ?? []) {
          if (Key !== at.key || UploadId === undefined) continue;
          uploads.push(startedUpload(UploadId, Initiated, Initiator));
        }
        // Uploads come in the order of their keys, and the key itself is the first with this prefix.
        const goesOn = answer.IsTruncated === true && answer.NextKeyMarker === at.key;
        markers = goesOn
          ? {
              KeyMarker: at.key,
              ...(answer.NextUploadIdMarker === undefined
                ? {}
                : { UploadIdMarker: answer.NextUploadIdMarker }),
            }
          : undefined;
      }
      return uploads;
    }),
});

const uploadEnds = (
  client: S3Client,
): Pick<S3Calls, 'createUpload' | 'completeUpload' | 'abortUpload'> => ({
  createUpload: ({ metadata, ...at }, signal) =>
    answered(signal, async () => {
      const command = new CreateMultipartUploadCommand({
        ...place(at),
        Metadata: metadata,
        ChecksumAlgorithm: 'CRC32',
      });
      const answer = await client.send(command, { abortSignal: signal });
      return answer.UploadId ?? '';
    }),
  completeUpload: ({ expected, ...upload }, parts, signal) =>
    answered(signal, async () => {
      const command = new CompleteMultipartUploadCommand({
        ...uploadOf(upload),
        ...condition(expected),
        MultipartUpload: {
          Parts: parts.map((part) => ({
            PartNumber: part.number,
            ETag: part.tag,
            // A server may copy a part without telling its sum.
            ...(part.crc32 === '' ? {} : { ChecksumCRC32: crcToBase64(part.crc32) }),
          })),
        },
      });
      return written(await client.send(command, { abortSignal: signal }));
    }),
  abortUpload: (upload, signal) =>
    answered(signal, async () => {
      await client.send(new AbortMultipartUploadCommand(uploadOf(upload)), {
        abortSignal: signal,
      });
    }),
});

export const openClient = (connection: S3Connection, context: OpenContext): S3Calls => {
  const client = new S3Client(driverConfig(connection));
  const isPayloadSigned = signsPayload(connection);
  return {
    ...reads(client),
    ...singleWrites(client, isPayloadSigned),
    ...copies(client),
    uploadPart: partSender(client, isPayloadSigned, context),
    ...uploadLists(client),
    ...uploadEnds(client),
    close: () => {
      client.destroy();
    },
  };
};
