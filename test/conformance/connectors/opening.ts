/**
 * What both suites do to open a connector: options go through its own schemas, as in a run, and the line can be
 * made so slow that nothing moves.
 */
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type {
  Connector,
  FileSource,
  FileTarget,
  OpenContext,
} from '../../../src/connectors/connector.js';
import type { ObjectOrder, TargetAddress } from '../../../src/core/plan/file.js';
import { formatCrc32 } from '../../../src/core/values/crc32.js';

/** A context whose line is free. `connectionName` keeps stores of different places apart. */
export const freeLine = (connectionName: string): OpenContext => ({
  connectionName,
  throttle: () => Promise.resolve(),
  log: () => undefined,
});

/** A context whose line lets nothing through until the signal ends the wait. */
export const stuckLine = (connectionName: string): OpenContext => ({
  ...freeLine(connectionName),
  throttle: (_bytes, signal) =>
    new Promise((_, reject) => {
      const end = (): void => {
        reject(new Error('the wait for the line was ended'));
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    }),
});

export const openSource = async (
  connector: Connector,
  connection: unknown,
  context: OpenContext,
): Promise<FileSource<unknown>> => {
  if (connector.source === undefined) throw new Error(`${connector.kind} has no source`);
  return connector.source.open(connector.connection.options.parse(connection), context);
};

export const openTarget = async (
  connector: Connector,
  connection: unknown,
  context: OpenContext,
): Promise<FileTarget> => {
  if (connector.target === undefined) throw new Error(`${connector.kind} has no target`);
  return connector.target.open(connector.connection.options.parse(connection), context);
};

/** The signal of a caller that waits for ever. */
export const patient = (): AbortSignal => new AbortController().signal;

export const crcOf = (body: Buffer): string => formatCrc32(crc32(body));

export const sha256 = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

export const randomBody = (bytes: number): Buffer => randomBytes(bytes);

export const orderFor = (
  address: TargetAddress,
  size: number | null,
  facts: Partial<ObjectOrder> = {},
): ObjectOrder => ({
  address,
  unit: `run-${randomBytes(4).toString('hex')}/unit`,
  copiedFrom: randomBytes(8).toString('hex'),
  size,
  modified: '1700000000',
  expected: { absent: true },
  ...facts,
});

/** The code of the error that a promise rejects with; fails when it does not reject. */
export const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
  }
  throw new Error('it did not reject');
};

/** Milliseconds that a promise takes to end after the signal is given, however it ends. */
export const endsAfterAbort = async (
  start: (signal: AbortSignal) => Promise<unknown>,
  abortAfterMs: number,
): Promise<{ readonly rejected: boolean; readonly waitedMs: number }> => {
  const controller = new AbortController();
  let abortedAt = Number.NaN;
  const timer = setTimeout(() => {
    abortedAt = performance.now();
    controller.abort();
  }, abortAfterMs);
  const rejected = await start(controller.signal).then(
    () => false,
    () => true,
  );
  clearTimeout(timer);
  return { rejected, waitedMs: performance.now() - abortedAt };
};

/** Names that break programs; every connector of files carries them unchanged. */
export const hostileNames: readonly string[] = [
  'with space.csv',
  'o\'brien "quoted".csv',
  '0001-leading-digits.csv',
  'emoji-🌊.csv',
  'fullwidth-！.csv',
  'caf\u00E9.csv',
  'cafe\u0301.csv',
  'plus+percent%20amp&equals=hash#question?.csv',
  'back\\slash.csv',
  '.hidden',
  'no-extension',
  'two.dots.tar.gz',
  'folder/with/depth/file.csv',
  'folder with space/über/naïve.csv',
  `${'long-'.repeat(40)}name.csv`,
];
