/** Act two: one large file, and a worker process that dies in the middle of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './child-program.js';
import type { Receipt } from './receipt-facts.js';
import { bytesText, secondsText } from './screen.js';
import { type Finding, findingsOf, type Played, project, type Stage } from './stage.js';
import { waitUntil } from './wait-until.js';

const assetId = `${project}/asset/flights_big`;
export const bigKey = 'raw/big/flights.csv';
export const bigFile = 'flights/big/flights.csv';

/** Parts that a worker holds at most, by its default of 64 MiB of buffers: what a death can cost. */
const inFlightBytesMax = 64 * 1024 * 1024;

/** The worker dies when S3 holds this share of the file. */
const killAt = 0.4;

export interface Death {
  readonly pid: number;
  /** What S3 held right after it. */
  readonly storedBytes: number;
  /** Until another process had taken the transfer over, as Temporal tells. */
  readonly takenOverMs: number;
  readonly newPid: number;
  /** Until S3 held a part more. */
  readonly nextPartMs: number;
}

const sizeOf = ({ files }: Stage): number => files[bigFile]?.bytes ?? 0;

const bar = (share: number): string => {
  const width = 24;
  const full = Math.round(Math.min(1, share) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
};

const showStored = (stage: Stage, bytes: number, note: string): void => {
  const share = bytes / sizeOf(stage);
  const text = `${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(bytes)} in S3`;
  stage.screen.live(`   ${text}${note === '' ? '' : `; ${note}`}`);
};

/** The process that holds a transfer, once S3 holds enough. */
const victim = (stage: Stage): Promise<number> =>
  waitUntil(
    async () => {
      const { bytes } = await stage.lake.storedParts(bigKey);
      showStored(stage, bytes, '');
      if (bytes < killAt * sizeOf(stage)) return null;
      const chunks = await stage.temporal.moving(assetId);
      return chunks.find(({ isRunning }) => isRunning)?.workerPid ?? null;
    },
    { what: 'a transfer in its middle', timeoutMs: 60_000, pauseMs: 250, signal: stage.signal },
  );

const takeOver = async (stage: Stage, pid: number, killedMs: number) => {
  const newPid = await waitUntil(
    async () => {
      const chunks = await stage.temporal.moving(assetId);
      const taken = chunks.find((chunk) => chunk.isRunning && chunk.workerPid !== pid);
      return taken?.workerPid ?? null;
    },
    { what: 'another worker process', timeoutMs: 60_000, pauseMs: 50, signal: stage.signal },
  );
  return { newPid, takenOverMs: performance.now() - killedMs };
};

const nextPart = async (stage: Stage, storedBytes: number, killedMs: number): Promise<number> => {
  await waitUntil(
    async () => {
      const { bytes } = await stage.lake.storedParts(bigKey);
      showStored(stage, bytes, 'the worker was killed');
      return bytes > storedBytes ? bytes : null;
    },
    { what: 'the next part in S3', timeoutMs: 60_000, pauseMs: 50, signal: stage.signal },
  );
  return performance.now() - killedMs;
};

const kill = async (stage: Stage): Promise<Death> => {
  const { screen, lake, signal } = stage;
  const pid = await victim(stage);
  process.kill(pid, 'SIGKILL');
  const killedMs = performance.now();
  // What the server had received whole before the death is stored by then; the dead process sends nothing more.
  await sleep(100, undefined, { signal });
  const { bytes, count } = await lake.storedParts(bigKey);
  screen.line(
    `   kill -9 ${String(pid)}: the worker process is dead; S3 holds ${String(count)} parts, ${bytesText(bytes)}`,
  );
  const [taken, nextPartMs] = await Promise.all([
    takeOver(stage, pid, killedMs),
    nextPart(stage, bytes, killedMs),
  ]);
  screen.line(
    `   process ${String(taken.newPid)} had taken over after ${secondsText(taken.takenOverMs)}; the next part was in S3 after ${secondsText(nextPartMs)}`,
  );
  return { pid, storedBytes: bytes, nextPartMs, ...taken };
};

/** Draws progress until the run has ended. */
const follow = async (stage: Stage, runId: string): Promise<Receipt> => {
  const ended = new AbortController();
  const drawing = (async () => {
    while (!ended.signal.aborted) {
      const { bytes } = await stage.lake.storedParts(bigKey);
      // After the completion no upload is left.
      if (bytes > 0) showStored(stage, bytes, '');
      await sleep(300, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  // A failure of the drawing is met below; until then it must not end the process before the stack is stopped.
  drawing.catch(() => undefined);
  try {
    return await stage.temporal.receipt(runId);
  } finally {
    ended.abort();
    await drawing;
  }
};

export interface ActTwo extends Played {
  readonly receipt: Receipt;
  readonly death: Death;
}

export const actTwo = async (stage: Stage): Promise<ActTwo> => {
  const { screen, temporal, stamp } = stage;
  const runId = `${project}/big_job/demo-${stamp}`;
  screen.heading('Act two: kill -9 in the middle of a large file');
  screen.line(`   ${bytesText(sizeOf(stage))} over a connection with bytes_per_second: 25 MB`);
  screen.line(
    `   temporal workflow start --type big_job --task-queue ${project} --workflow-id ${runId}`,
  );
  screen.line(`   ${temporal.link(runId)}`);
  const startedMs = performance.now();
  await temporal.start('big_job', project, runId);
  const death = await kill(stage);
  const receipt = await follow(stage, runId);
  const [asset] = receipt.assets;
  if (asset === undefined) throw new DemoError(`the receipt of ${runId} holds no asset`);
  screen.line(
    `   done after ${secondsText(performance.now() - startedMs)}: ${bytesText(asset.bytes.read_twice)} of ${bytesText(asset.bytes.source)} were read twice`,
  );
  const findings: readonly Finding[] = [
    { what: 'big_job: another process went on', isTrue: death.newPid !== death.pid },
    { what: 'big_job: the receipt knows of the second attempt', isTrue: asset.retries > 0 },
    {
      what: 'big_job: no more was read twice than the parts in flight',
      isTrue: asset.bytes.read_twice <= inFlightBytesMax,
    },
  ];
  return { receipts: [receipt], findings: [...findingsOf(receipt), ...findings], receipt, death };
};
