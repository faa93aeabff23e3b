/** Act two: one large file, and a worker process that dies in the middle of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './child-program.js';
import { type Death, killInTheMiddle, type Movement, showStored } from './kill-worker.js';
import type { Receipt } from './receipt-facts.js';
import { bytesText, secondsText } from './screen.js';
import { type Finding, findingsOf, type Played, project, type Stage } from './stage.js';

export const bigKey = 'raw/big/flights.csv';
export const bigFile = 'flights/big/flights.csv';

/** Parts that a worker holds at most, by its default of 64 MiB of buffers: what a death can cost. */
const inFlightBytesMax = 64 * 1024 * 1024;

const sizeOf = ({ files }: Stage): number => files[bigFile]?.bytes ?? 0;

const movementOf = (stage: Stage): Movement => ({
  assetId: `${project}/asset/flights_big`,
  activity: '.transfer',
  whole: sizeOf(stage),
  stored: async () => (await stage.lake.storedParts(bigKey)).bytes,
  text: (stored) => `${bytesText(stored)} in S3`,
});

const kill = async (stage: Stage): Promise<Death> => {
  const death = await killInTheMiddle(stage, movementOf(stage));
  stage.screen.line(
    `   process ${String(death.newPid)} had taken over after ${secondsText(death.takenOverMs)}; the next part was in S3 after ${secondsText(death.nextMs)}`,
  );
  return death;
};

/** Draws progress until the run has ended. */
const follow = async (stage: Stage, runId: string): Promise<Receipt> => {
  const movement = movementOf(stage);
  const ended = new AbortController();
  const drawing = (async () => {
    while (!ended.signal.aborted) {
      const stored = await movement.stored();
      // After the completion no upload is left.
      if (stored > 0) showStored(stage, movement, stored);
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
