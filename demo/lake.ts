/**
 * The S3 side as an independent client sees it: the vendor's SDK, none of Tidemark's code. Every number about objects
 * that the demo prints beside a receipt comes from here.
 */
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client,
  type Part,
} from '@aws-sdk/client-s3';
import { digestOf, type Digested } from './digest.js';
import type { DevFacts } from './dev-facts.js';

export interface StoredParts {
  readonly count: number;
  readonly bytes: number;
}

interface UploadPlace {
  readonly Bucket: string;
  readonly Key: string | undefined;
  readonly UploadId: string | undefined;
}

export class Lake implements Disposable {
  readonly #client: S3Client;
  readonly bucket: string;

  constructor({ endpoint, region, accessKeyId, secretAccessKey, bucket }: DevFacts['s3']) {
    const credentials = { accessKeyId, secretAccessKey };
    this.#client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    this.bucket = bucket;
  }

  /** Keys that start with the prefix. */
  async keys(prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, ContinuationToken: token }),
      );
      keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  }

  /** Reads the whole object. */
  async digest(key: string): Promise<Digested> {
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key }),
    );
    return digestOf(Body as AsyncIterable<Uint8Array>);
  }

  /** Lines of the object. */
  async lines(key: string): Promise<number> {
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key }),
    );
    let lines = 0;
    for await (const bytes of Body as AsyncIterable<Uint8Array>) {
      for (const byte of bytes) if (byte === 10) lines++;
    }
    return lines;
  }

  /** Parts that S3 holds of unfinished uploads of keys that start with the prefix. */
  async storedParts(prefix: string): Promise<StoredParts> {
    let count = 0;
    let bytes = 0;
    for (const place of await this.#uploads(prefix)) {
      const Parts = await this.#partsOf(place);
      count += Parts.length;
      bytes += Parts.reduce((sum, { Size = 0 }) => sum + Size, 0);
    }
    return { count, bytes };
  }

  /** An upload that was completed between being listed and being looked at holds nothing any more. */
  async #partsOf(place: UploadPlace): Promise<Part[]> {
    try {
      const { Parts = [] } = await this.#client.send(new ListPartsCommand(place));
      return Parts;
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchUpload') return [];
      throw error;
    }
  }

  async #uploads(prefix: string): Promise<readonly UploadPlace[]> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix: prefix }),
    );
    return Uploads.map(({ Key, UploadId }) => ({ Bucket: this.bucket, Key, UploadId }));
  }

  /** Number of unfinished uploads below the prefix. */
  async unfinished(prefix: string): Promise<number> {
    return (await this.#uploads(prefix)).length;
  }

  /** Removes what an earlier demo wrote or left unfinished below the prefix. */
  async clear(prefix: string): Promise<number> {
    const keys = await this.keys(prefix);
    // One by one: not every S3 server knows the bulk request.
    for (const Key of keys) {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key }));
    }
    for (const place of await this.#uploads(prefix)) {
      await this.#client.send(new AbortMultipartUploadCommand(place));
    }
    return keys.length;
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
