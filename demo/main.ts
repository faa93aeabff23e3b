/**
 * `npm run demo`: brings up the dev stack and a worker, plays three acts, tells what came of it.
 *
 * Keeps true: every fact that is printed comes from a receipt or from an independent client; whatever happens, all
 * programs that it started are stopped; the exit code is 0 only if every statement is true.
 */
import { once } from 'node:events';
import { actOne } from './act-one.js';
import { actThree } from './act-three.js';
import { actTwo } from './act-two.js';
import { type Background, DemoError, type Environment } from './child-program.js';
import { readDevFacts } from './dev-facts.js';
import { showCommands, showEnding } from './ending.js';
import { Lake } from './lake.js';
import { linkData } from './link-data.js';
import { demoPlaces } from './places.js';
import { prepareData } from './prepare-data.js';
import { createScreen, secondsText } from './screen.js';
import { project, type Stage } from './stage.js';
import { TemporalCli } from './temporal-cli.js';
import { clearTables, ledgerPrefix } from './tables.js';
import { TidemarkCli } from './tidemark-cli.js';
import { openWarehouse } from './warehouse.js';

const help = `npm run demo [-- --exit]

Brings up the dev stack, copies small files, watches a folder, triggers a schedule, then kills the worker in the
middle of a 500 MB file, and of a table of 1.5 million rows on its way from PostgreSQL to S3 and back. On a terminal it
stays up until Ctrl-C.

  --exit    end after the last act, also on a terminal
  --help    this text`;

/** Without what a shell may have set for another server: the demo talks to its own. */
const cleanEnvironment = (env: Environment): Environment =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        name === 'TEMPORAL_CLI_PATH' ||
        !(
          /^(TEMPORAL|S3|SFTP|AWS|PG)_|^PG[A-Z]+$/.test(name) ||
          name === 'ENV' ||
          name === 'TIDEMARK_VARY'
        ),
    ),
  );

/** Prefixes that the example project writes to. */
const zones = ['raw/', 'landing/', 'curated/', 'by-hand/', 'warehouse/', ledgerPrefix] as const;

/** What an earlier demo left is no part of this one: open runs are ended, its objects removed. */
const clearStage = async ({ temporal, lake, warehouse, screen }: Stage): Promise<void> => {
  const open = await temporal.openWorkflows(project);
  // A run cancels its assets when it ends, so each of them may be gone by now.
  for (const id of open) await temporal.terminate(id).catch(() => undefined);
  let removed = 0;
  for (const zone of zones) removed += await lake.clear(zone);
  await clearTables(warehouse);
  if (open.length + removed > 0) {
    screen.line(
      `  removed what an earlier demo left: ${String(open.length)} open workflows, ${String(removed)} objects`,
    );
  }
};

const stampOf = (now: Date): string => now.toISOString().replace(/[-:]|\.\d+Z$/g, '');

const setStage = async (
  tidemark: TidemarkCli,
  env: Environment,
  signal: AbortSignal,
  programs: Background[],
): Promise<Stage> => {
  const places = demoPlaces();
  const screen = createScreen(process.stdout, process.env);
  screen.heading('The data: flights of the US, from the npm package vega-datasets');
  const files = await prepareData(places, screen);
  screen.heading('The dev stack:  tidemark dev');
  programs.push(await tidemark.dev());
  const dev = await readDevFacts(places.project);
  await linkData(places.prepared, files, dev.sftp.root);
  const temporal = new TemporalCli(dev.temporal, env, signal);
  const lake = new Lake(dev.s3);
  const warehouse = await openWarehouse(dev.postgres, env, signal);
  const stamp = stampOf(new Date());
  const tools = { lake, warehouse, screen, temporal, tidemark };
  const stage = { places, dev, files, ...tools, signal, stamp };
  await clearStage(stage);
  screen.facts([
    ['Temporal', dev.temporal.address],
    ['Web UI', dev.temporal.ui],
    ['S3', dev.s3.endpoint],
    ['SFTP', dev.sftp.root],
    ['PostgreSQL', `${dev.postgres.host}:${String(dev.postgres.port)}`],
  ]);
  screen.heading('The worker:  tidemark worker --heartbeat-timeout 5s --retry-interval 1s');
  programs.push(await tidemark.worker());
  screen.line('  ready');
  return stage;
};

const stayUp = async (stage: Stage): Promise<void> => {
  stage.screen.line();
  stage.screen.line('Everything stays up until Ctrl-C.');
  if (!stage.signal.aborted) await once(stage.signal, 'abort');
};

const play = async (stage: Stage, isStaying: boolean): Promise<number> => {
  const startedMs = performance.now();
  const one = await actOne(stage);
  const two = await actTwo(stage);
  const three = await actThree(stage);
  const found = [...one.findings, ...two.findings, ...three.findings];
  const isRight = await showEnding(stage, two, found);
  showCommands(stage, two);
  stage.screen.line();
  stage.screen.line(
    `${isRight ? 'Everything reconciled' : 'NOT EVERYTHING RECONCILED'} (${secondsText(performance.now() - startedMs)} after the set-up).`,
  );
  if (isStaying) await stayUp(stage);
  return isRight ? 0 : 1;
};

const run = async (args: readonly string[], stopping: AbortController): Promise<number> => {
  const env = cleanEnvironment(process.env);
  const { signal } = stopping;
  const tidemark = new TidemarkCli(demoPlaces(), env, signal);
  const programs: Background[] = [];
  const isStaying = process.stdout.isTTY === true && !args.includes('--exit');
  try {
    const stage = await setStage(tidemark, env, signal, programs);
    using _lake = stage.lake;
    return await Promise.race([play(stage, isStaying), ...programs.map(({ died }) => died)]);
  } finally {
    stopping.abort();
    // The worker first: it needs Temporal to hand over what it does.
    for (const program of programs.reverse()) await program.stop();
  }
};

const main = async (args: readonly string[]): Promise<number> => {
  if (args.includes('--help')) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  const unknown = args.find((arg) => arg !== '--exit');
  if (unknown !== undefined) {
    process.stderr.write(`demo: ${JSON.stringify(unknown)} is not known\n\n${help}\n`);
    return 2;
  }
  // A notice of the vendor's SDK that is none of the demo's facts.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const stopping = new AbortController();
  let isInterrupted = false;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      isInterrupted = true;
      stopping.abort();
    });
  }
  try {
    const code = await run(args, stopping);
    return code;
  } catch (error) {
    process.stdout.write('\n');
    if (isInterrupted) return 130;
    const text =
      error instanceof DemoError
        ? error.message
        : String(error instanceof Error ? error.stack : error);
    process.stderr.write(`demo: ${text}\n`);
    return 1;
  }
};

process.exitCode = await main(process.argv.slice(2));
