/**
 * The conformance suite of S3 servers: registers every check for one server. Ours must pass them all; of
 * another server the expected differences are listed with a reason, and a difference that is gone fails, so
 * the list cannot grow old.
 */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { accessChecks } from './access-checks.js';
import type { Check, ServerUnderTest } from './check.js';
import { copyChecks } from './copy-checks.js';
import { listingChecks } from './listing-checks.js';
import { multipartChecks } from './multipart-checks.js';
import { multipartChecksumChecks } from './multipart-checksum-checks.js';
import { objectChecks } from './object-checks.js';

/** Reason of each expected difference, by the title of its check. */
export type ExpectedDifferences = Readonly<Record<string, string>>;

export interface StartedServer extends ServerUnderTest {
  close(): Promise<void>;
}

export const allChecks: readonly Check[] = [
  ...objectChecks,
  ...copyChecks,
  ...multipartChecks,
  ...multipartChecksumChecks,
  ...listingChecks,
  ...accessChecks,
];

/** A client that is independent of our own code: the AWS SDK, path style, without retries. */
export function independentClient(server: ServerUnderTest): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

/** Registers the checks for the server that `start` starts. */
export function registerSuite(
  name: string,
  start: () => Promise<StartedServer>,
  differences: ExpectedDifferences = {},
): void {
  const unknown = Object.keys(differences).filter(
    (title) => !allChecks.some((check) => check.title === title),
  );
  if (unknown.length > 0)
    throw new Error(`Expected differences of ${name} name no check: ${unknown.join('; ')}`);
  describe(`S3 conformance of ${name}`, () => {
    const bucket = `suite-${randomBytes(4).toString('hex')}`;
    let server: StartedServer;
    let client: S3Client;
    beforeAll(async () => {
      server = await start();
      client = independentClient(server);
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    });
    afterAll(async () => {
      client?.destroy();
      await server?.close();
    });
    allChecks.forEach((check, index) => {
      const run = (): Promise<void> =>
        check.run({ server, client, bucket, place: `check-${index}/` });
      const reason = differences[check.title];
      const number = check.number === undefined ? '' : ` (#${check.number})`;
      if (reason === undefined) it(check.title + number, run);
      else it(`expected difference: ${check.title}${number}: ${reason}`, () => mustFail(run));
    });
  });
}

async function mustFail(run: () => Promise<void>): Promise<void> {
  const passed = await run().then(
    () => true,
    () => false,
  );
  if (passed)
    throw new Error(
      'The server passes this check now: remove it from the list of expected differences.',
    );
}
