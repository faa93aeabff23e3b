/**
 * `<kind>.list-loads`: one page of files to load, each a lane. Files that were loaded before, in this very version, are
 * left out, unless the contents are replaced or the YAML forces it.
 */
import { invariant } from '../../src/core/errors/invariant.js';
import type { ListedFile } from '../../src/connectors/connector.js';
import type { FileIdentity } from '../../src/core/plan/file.js';
import type { AssetPlan, ItemPage, PlannedItem } from '../../src/core/plan/plan.js';
import type { Begun, LanePlan } from '../../src/core/run/rows-state.js';
import { runAttempt } from '../heartbeat.js';
import { sourcePage } from '../list-items.js';
import type { Ports } from '../ports.js';
import { rowsOf, targetOf } from './window.js';

export interface ListLoadsInput {
  readonly plan: AssetPlan;
  readonly begun: Begun;
  readonly after: string | null;
}

export interface ListedLoads {
  readonly page: ItemPage;
  readonly lanes: readonly LanePlan[];
}

/** 52 bits of the file's identity: exact as a number, and the same in every run. */
const laneOf = (ports: Ports, identity: FileIdentity): number =>
  Number.parseInt(
    ports.planner.shortDigest(`${identity.path}\n${ports.planner.digestOf(identity)}`).slice(0, 13),
    16,
  );

/** Paths of files that this asset loaded before, in this very version. */
const loadedBefore = async (
  ports: Ports,
  { plan, begun }: ListLoadsInput,
  files: readonly ListedFile[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  const { load, force } = rowsOf(plan);
  invariant(load !== null && begun.load !== null, 'files are loaded into a table');
  if (force || load.mode === 'replace' || load.partition !== null) return new Set();
  const { target } = await ports.connections.rowTarget(targetOf(plan));
  const paths = files.map(({ identity }) => identity.path);
  const known = await target.loadedFiles(begun.load, paths, signal);
  return new Set(
    files
      .filter(({ identity }) => known[identity.path] === ports.planner.digestOf(identity))
      .map(({ identity }) => identity.path),
  );
};

const list = async (
  ports: Ports,
  input: ListLoadsInput,
  signal: AbortSignal,
): Promise<ListedLoads> => {
  const { plan, after } = input;
  const open = await ports.connections.source(plan.source);
  const page = await sourcePage(plan, open, after, signal);
  const { items, filtered } = await ports.planner.planItems(plan, page.files);
  const files = items.map(({ file }) => file);
  const loaded = await loadedBefore(ports, input, files, signal);
  const planned = files.map(({ identity }): PlannedItem => ({
    source: identity,
    target: { container: '', key: identity.path },
    ...(loaded.has(identity.path) ? { skip: true } : {}),
  }));
  const lanes = planned
    .filter((item) => item.skip !== true)
    .map(({ source }): LanePlan => ({
      lane: laneOf(ports, source),
      range: null,
      file: source,
      order: null,
    }));
  return {
    page: { items: planned, next: page.next, scanned: page.files.length, filtered },
    lanes,
  };
};

export const listLoads =
  (ports: Ports) =>
  (input: ListLoadsInput): Promise<ListedLoads> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: 0,
        object: input.after ?? 'first page',
        movesBytes: false,
      },
      ({ signal }) => list(ports, input, signal),
    );
