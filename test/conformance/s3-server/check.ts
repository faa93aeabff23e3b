/**
 * The contract of a check of an S3 server: a title that can be false, and what proves it. Every check works
 * on a bucket of its suite and on keys of its own, so checks do not see each other.
 */
import type { S3Client } from '@aws-sdk/client-s3';

/** Where a server is and who may use it. */
export interface ServerUnderTest {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

export interface CheckContext {
  readonly server: ServerUnderTest;
  readonly client: S3Client;
  readonly bucket: string;
  /** A key prefix (ending in a slash) that no other check uses. */
  readonly place: string;
}

export interface Check {
  /** The number in reference/backends.md §4.1, if it has one there. */
  readonly number?: number;
  readonly title: string;
  readonly run: (context: CheckContext) => Promise<void>;
}

/** The code and status of the error that `work` ends with, for example `NoSuchKey 404`; `none` if it succeeds. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${name} ${$metadata?.httpStatusCode ?? 'without a status'}`;
  }
}

/** Its message too, for refusals that must name what was asked. */
export async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}
