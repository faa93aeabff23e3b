/** Act one: many small files, a file that arrives, a schedule. */
import { copyFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestOfFile } from './digest.js';
import type { Receipt } from './receipt-facts.js';
import { bytesText, secondsText } from './screen.js';
import { type Finding, findingsOf, type Played, project, type Stage } from './stage.js';
import { waitUntil } from './wait-until.js';

const sensorId = `${project}/sensor/inbox_arrivals`;
const scheduleId = `${project}/reference_nightly`;

/** `raw/daily/airport=ATL/2001-01-31.csv` came from `flights/daily/ATL_2001-01-31.csv`. */
const sourceOfDaily = (key: string): string => {
  const airport = /airport=([A-Z]+)\//.exec(key)?.[1] ?? '';
  return `flights/daily/${airport}_${basename(key)}`;
};

/** Reads every object back and compares it with what was prepared. */
const compareDaily = async ({ lake, files }: Stage): Promise<{ same: number; of: number }> => {
  const keys = await lake.keys('raw/daily/');
  let same = 0;
  for (const key of keys) {
    const { sha256 } = await lake.digest(key);
    if (files[sourceOfDaily(key)]?.sha256 === sha256) same++;
  }
  const of = Object.keys(files).filter((path) => path.startsWith('flights/daily/')).length;
  return { same, of };
};

const copyFolder = async (stage: Stage): Promise<Played> => {
  const { screen, tidemark, temporal } = stage;
  screen.line('1. A folder of small files, SFTP → S3:  tidemark run daily_job');
  const startedMs = performance.now();
  const receipt = await tidemark.run('daily_job');
  const took = secondsText(performance.now() - startedMs);
  screen.live('   reading every object back …');
  const { same, of } = await compareDaily(stage);
  screen.line(
    `   ${String(receipt.files)} files, ${bytesText(receipt.bytes)} in ${took} with the start of the program`,
  );
  screen.line(
    `   read back from S3: ${String(same)} of ${String(of)} have the SHA-256 of their source`,
  );
  screen.line(`   ${temporal.link(receipt.workflow_id)}`);
  const findings: readonly Finding[] = [
    { what: `daily_job: all ${String(of)} files were copied`, isTrue: receipt.files === of },
    { what: 'daily_job: every object equals its source', isTrue: same === of },
  ];
  return { receipts: [receipt], findings: [...findingsOf(receipt), ...findings] };
};

/** As a careful partner does: the file gets its name when it is complete. */
const dropFile = async ({ places, dev, stamp }: Stage): Promise<string> => {
  const inbox = join(dev.sftp.root, 'inbox');
  const name = `seattle-weather-${stamp}.csv`;
  await copyFile(join(places.datasets, 'seattle-weather.csv'), join(inbox, `${name}.part`));
  await rename(join(inbox, `${name}.part`), join(inbox, name));
  return name;
};

const applyYaml = async ({ screen, tidemark }: Stage): Promise<void> => {
  screen.line();
  screen.line('2. The sensor and the schedule of the YAML:  tidemark apply');
  for (const line of await tidemark.apply()) screen.line(`   ${line.trim()}`);
};

const watchInbox = async (stage: Stage): Promise<Played> => {
  const { screen, temporal, lake, dev, signal } = stage;
  const before = await temporal.lastRunOfSensor(sensorId);
  const name = await dropFile(stage);
  const droppedMs = performance.now();
  screen.line();
  screen.line(`3. A file arrives:  ${name} in the inbox of the SFTP server`);
  screen.live('   waiting for the sensor …');
  const runId = await waitUntil(
    async () => {
      const last = await temporal.lastRunOfSensor(sensorId);
      return last === before ? null : last;
    },
    { what: `a run started by ${sensorId}`, timeoutMs: 30_000, pauseMs: 200, signal },
  );
  const receipt = await temporal.receipt(runId);
  const took = secondsText(performance.now() - droppedMs);
  const key = `raw/inbox/${name}`;
  const source = await digestOfFile(join(dev.sftp.root, 'inbox', name));
  const target = await lake.digest(key);
  screen.line(
    `   sensor ${receipt.trigger} started a run; the file was in S3 after ${took}, one second of it to see that it rests`,
  );
  screen.line(`   ${temporal.link(runId)}`);
  const findings: readonly Finding[] = [
    {
      what: 'inbox_job: exactly the new file was copied',
      isTrue: receipt.assets[0]?.result.keys.join() === key,
    },
    { what: 'inbox_job: the object equals the file', isTrue: source.sha256 === target.sha256 },
  ];
  return { receipts: [receipt], findings: [...findingsOf(receipt), ...findings] };
};

const allEqual = async ({ lake, dev, files }: Stage): Promise<boolean> => {
  const expected = files['reference/airports.csv']?.sha256;
  const returned = await digestOfFile(join(dev.sftp.root, 'outbox', 'airports_confirmed.csv'));
  const stored = await Promise.all(
    ['landing', 'curated'].map((zone) => lake.digest(`${zone}/reference/airports.csv`)),
  );
  return [...stored, returned].every(({ sha256 }) => sha256 === expected);
};

const triggerSchedule = async (stage: Stage): Promise<Played> => {
  const { screen, temporal, signal } = stage;
  screen.line();
  screen.line(
    `4. The nightly schedule, now:  temporal schedule trigger --schedule-id ${scheduleId}`,
  );
  const before = await temporal.runsOfSchedule(scheduleId);
  await temporal.triggerSchedule(scheduleId);
  const runId = await waitUntil(
    async () => {
      const runs = await temporal.runsOfSchedule(scheduleId);
      return runs.find((id) => !before.includes(id)) ?? null;
    },
    { what: `a run started by ${scheduleId}`, timeoutMs: 30_000, pauseMs: 200, signal },
  );
  const receipt: Receipt = await temporal.receipt(runId);
  const route = receipt.assets.map(({ asset }) => asset).join(' → ');
  screen.line(`   ${route}: SFTP → S3 → S3 → SFTP, ${String(receipt.files)} files`);
  screen.line(`   ${temporal.link(runId)}`);
  const equal = {
    what: 'reference_job: all three copies equal the source',
    isTrue: await allEqual(stage),
  };
  return { receipts: [receipt], findings: [...findingsOf(receipt), equal] };
};

export const actOne = async (stage: Stage): Promise<Played> => {
  stage.screen.heading('Act one: small files, a sensor, a schedule');
  const startedMs = performance.now();
  const folder = await copyFolder(stage);
  await applyYaml(stage);
  const arrival = await watchInbox(stage);
  const nightly = await triggerSchedule(stage);
  stage.screen.line();
  stage.screen.line(`   act one took ${secondsText(performance.now() - startedMs)}`);
  const played = [folder, arrival, nightly];
  return {
    receipts: played.flatMap(({ receipts }) => receipts),
    findings: played.flatMap(({ findings }) => findings),
  };
};
