/** What a run must not leave anywhere, asked for by independent clients. */
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FilePlace } from './places.js';
import type { Stage } from './stage.js';

const inPostgres = `
select (select count(*) from pg_tables where schemaname = 'tidemark' and tablename like 'stage%'),
  (select count(*) from tidemark.page),
  (select count(*) from tidemark.ledger where document->'open' <> 'null'),
  (select count(*) from pg_stat_activity where application_name like 'tidemark%' and xact_start is not null)`;

const postgresNames = ['staging tables', 'records of pages', 'open windows', 'open transactions'];

const leftInPostgres = async ({ postgres }: Stage): Promise<readonly string[]> => {
  if ((await postgres.psql(`select to_regclass('tidemark.ledger') is null`)) === 't') return [];
  const counts = (await postgres.psql(inPostgres)).split('|');
  return postgresNames.flatMap((name, index) =>
    counts[index] === '0' ? [] : [`${counts[index] ?? '?'} ${name}`],
  );
};

const isTemporary = (path: string): boolean => /(^|\/)\.[^/]*tidemark-/.test(path);

const leftInFiles = async (place: FilePlace, round: string): Promise<readonly string[]> => {
  const left: string[] = [];
  for (const path of await place.list('')) {
    if (isTemporary(path)) left.push(`${place.name}: the temporary ${path}`);
    else if (path.startsWith('_tidemark/') && path.endsWith('.json')) {
      const ledger = JSON.parse(String(await place.read(path))) as { readonly open?: unknown };
      if (ledger.open !== null) left.push(`${place.name}: an open window in ${path}`);
    } else if (!path.startsWith('src/') && !path.startsWith(`out/${round}/`))
      left.push(`${place.name}: ${path}`);
  }
  return left;
};

const leftNow = async (stage: Stage, round: string): Promise<readonly string[]> => {
  const uploads = await stage.world.openUploads();
  const spooled = await readdir(stage.spool);
  return [
    ...(uploads === 0 ? [] : [`${String(uploads)} open uploads`]),
    ...spooled.map((name) => `spool: ${name}`),
    ...(await leftInPostgres(stage)),
    ...(
      await Promise.all(Object.values(stage.places).map((place) => leftInFiles(place, round)))
    ).flat(),
  ];
};

const settlingMs = 5000;

/** An answer that is still on its way when a run ends gets some seconds: what stays longer is left behind. */
export const leftovers = async (stage: Stage, round: string): Promise<readonly string[]> => {
  const untilMs = performance.now() + settlingMs;
  for (;;) {
    const left = await leftNow(stage, round);
    if (left.length === 0 || performance.now() > untilMs) return left;
    await sleep(200);
  }
};
