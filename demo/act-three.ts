/** Act three: a table into the lake and into another schema, with a dead worker in each direction; then what is new. */
import { DemoError } from './child-program.js';
import { type Death, killInTheMiddle } from './kill-worker.js';
import { tableFiles } from './prepare-data.js';
import type { AssetReceipt, Receipt } from './receipt-facts.js';
import { bytesText, rowsText, secondsText } from './screen.js';
import { type Finding, findingsOf, type Played, project, type Stage } from './stage.js';
import {
  addRows,
  assets,
  bytesOfFile,
  compareTables,
  makeTable,
  stagedRows,
  storedText,
} from './tables.js';

const job = 'warehouse_job';
const prefix = 'warehouse/flights/';
const monthly = 'flights_by_month';
const monthsPrefix = 'warehouse/by_month/';

const assetOf = (receipt: Receipt, name: string): AssetReceipt => {
  const found = receipt.assets.find(({ asset }) => asset === name);
  if (found === undefined) throw new DemoError(`the receipt of ${job} holds no asset ${name}`);
  return found;
};

const rowsOf = ({ rows }: AssetReceipt) => rows ?? { read: 0, written: 0, read_twice: 0 };

const fill = async (stage: Stage): Promise<number> => {
  const { screen, warehouse } = stage;
  const startedMs = performance.now();
  screen.live('   COPY into ops.flights …');
  const rows = await makeTable(stage, tableFiles.first);
  const took = secondsText(performance.now() - startedMs);
  screen.line(`   ops.flights: ${rowsText(rows)} rows, by COPY in ${took} (${warehouse.client})`);
  return rows;
};

const killUnload = async (stage: Stage): Promise<Death> => {
  const { lake, screen } = stage;
  const death = await killInTheMiddle(stage, {
    assetId: `${project}/asset/${assets.out}`,
    activity: '.unload',
    whole: bytesOfFile(stage, tableFiles.first),
    stored: async () => (await lake.storedParts(prefix)).bytes,
    text: storedText,
  });
  screen.line(
    `   process ${String(death.newPid)} had taken over after ${secondsText(death.takenOverMs)}; the next part was in S3 after ${secondsText(death.nextMs)}`,
  );
  return death;
};

const killLoad = async (stage: Stage, rows: number): Promise<Death> => {
  const { warehouse, screen } = stage;
  const death = await killInTheMiddle(stage, {
    assetId: `${project}/asset/${assets.back}`,
    activity: '.load',
    whole: rows,
    stored: () => stagedRows(warehouse),
    text: (stored) => `${rowsText(stored)} rows wait beside the table`,
  });
  screen.line(
    `   process ${String(death.newPid)} had taken over after ${secondsText(death.takenOverMs)}; the next page was there after ${secondsText(death.nextMs)}`,
  );
  return death;
};

/** How much of a direction may be read again: far below the share at which it was killed. */
const readTwiceMax = 0.25;

const showDirection = (
  { screen }: Stage,
  what: string,
  asset: AssetReceipt,
): readonly Finding[] => {
  const { read, written, read_twice: twice } = rowsOf(asset);
  screen.line(
    `   ${what}: ${rowsText(read)} rows read, ${rowsText(written)} written; read twice: ${bytesText(asset.bytes.read_twice)}, of finished pages ${rowsText(twice)} rows`,
  );
  return [
    {
      what: `${asset.asset}: the receipt knows of the second attempt`,
      isTrue: asset.retries > 0,
    },
    {
      what: `${asset.asset}: another process went on instead of starting again`,
      isTrue: twice <= readTwiceMax * read,
    },
  ];
};

/** Both tables from that day on, counted and compared by the independent client. */
const compare = async (stage: Stage, label: string, since: string): Promise<readonly Finding[]> => {
  const { screen, warehouse, lake } = stage;
  screen.live(`   ${warehouse.client} compares …`);
  const found = await compareTables(warehouse, since);
  const unfinished = await lake.unfinished(prefix);
  screen.line(`   ${warehouse.client}:  ops.flights    ${found.months}`);
  screen.line(`   ${' '.repeat(warehouse.client.length)}   marts.flights  ${found.monthsOfCopy}`);
  screen.line(
    `   ${' '.repeat(warehouse.client.length)}   EXCEPT ALL: ${String(found.missing)} rows are missing, ${String(found.extra)} too many`,
  );
  return [
    {
      what: `${label}: both tables hold the same rows, month by month and by EXCEPT ALL both ways`,
      isTrue: found.months === found.monthsOfCopy && found.missing === 0 && found.extra === 0,
    },
    {
      what: `${label}: no staging table and no unfinished upload is left`,
      isTrue: found.staging === 0 && unfinished === 0,
    },
  ];
};

const killBothWays = async (stage: Stage): Promise<Played> => {
  const { screen, temporal, stamp } = stage;
  const runId = `${project}/${job}/demo-${stamp}`;
  const rows = await fill(stage);
  screen.line(
    `   temporal workflow start --type ${job} --task-queue ${project} --workflow-id ${runId}`,
  );
  screen.line(`   ${temporal.link(runId)}`);
  const startedMs = performance.now();
  await temporal.start(job, project, runId);
  screen.line('1. Postgres → S3');
  await killUnload(stage);
  screen.line('2. S3 → Postgres, another schema, by key');
  await killLoad(stage, rows);
  screen.live('   waiting for the end …');
  const receipt = await temporal.receipt(runId);
  screen.line(`   done after ${secondsText(performance.now() - startedMs)}`);
  const findings = [
    ...showDirection(stage, 'Postgres → S3', assetOf(receipt, assets.out)),
    ...showDirection(stage, 'S3 → Postgres', assetOf(receipt, assets.back)),
    ...(await compare(stage, 'after the kills', '2001-01-01')),
  ];
  return { receipts: [receipt], findings: [...findingsOf(receipt), ...findings] };
};

const takeWhatIsNew = async (stage: Stage): Promise<Played> => {
  const { screen, tidemark } = stage;
  const added = await addRows(stage, tableFiles.later);
  screen.line(`3. ${rowsText(added)} flights of April are added:  tidemark run ${job}`);
  const receipt = await tidemark.run(job);
  const out = rowsOf(assetOf(receipt, assets.out));
  const back = rowsOf(assetOf(receipt, assets.back));
  screen.line(
    `   ${rowsText(out.read)} rows went to S3, ${rowsText(back.written)} came back; the older ones were not touched`,
  );
  const idle = await tidemark.run(job);
  const again = rowsOf(assetOf(idle, assets.out)).read;
  screen.line(`   once more, nothing being new: ${rowsText(again)} rows`);
  return {
    receipts: [receipt, idle],
    findings: [
      ...findingsOf(receipt),
      { what: `${job}: exactly the new rows were read`, isTrue: out.read === added },
      { what: `${job}: exactly the new rows were loaded`, isTrue: back.written === added },
      { what: `${job}: a run without new rows reads none`, isTrue: again === 0 },
      ...(await compare(stage, 'after the new rows', '2001-04-01')),
    ],
  };
};

/** `2001-01: 483,762`, from the lines of each month's object, without its header. */
const monthsInLake = async ({ lake }: Stage): Promise<string> => {
  const texts: string[] = [];
  for (const key of [...(await lake.keys(monthsPrefix))].sort()) {
    const month = key.slice(monthsPrefix.length).replace(/\.csv$/, '');
    texts.push(`${month}: ${rowsText((await lake.lines(key)) - 1)}`);
  }
  return texts.join('  ');
};

const byMonth = async (stage: Stage): Promise<readonly Finding[]> => {
  const { screen, tidemark, warehouse } = stage;
  const range = '2001-01..2001-04';
  screen.line(`4. One object for each month:  tidemark backfill ${monthly} --partitions ${range}`);
  const { partitions, rows } = await tidemark.backfill(monthly, range);
  const inLake = await monthsInLake(stage);
  const { months } = await compareTables(warehouse, '2001-01-01');
  screen.line(
    `   ${String(partitions.done)} partitions, ${rowsText(rows)} rows;  lines in S3: ${inLake}`,
  );
  return [
    {
      what: `${monthly}: the objects of the months hold as many rows as the table has in each`,
      isTrue: partitions.done === 4 && partitions.failed === 0 && inLake === months,
    },
  ];
};

export const actThree = async (stage: Stage): Promise<Played> => {
  const { screen } = stage;
  screen.heading('Act three: tables, and kill -9 in each direction');
  const startedMs = performance.now();
  const killed = await killBothWays(stage);
  const later = await takeWhatIsNew(stage);
  const months = await byMonth(stage);
  screen.line();
  screen.line(`   act three took ${secondsText(performance.now() - startedMs)}`);
  return {
    receipts: [...killed.receipts, ...later.receipts],
    findings: [...killed.findings, ...later.findings, ...months],
  };
};
