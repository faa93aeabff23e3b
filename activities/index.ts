/**
 * All activities of a worker, by the names that histories show. Transfers are named by the connector and what they do
 * (`sftp.list`, `s3.publish`); light activities by what they do.
 */
import type { Connector } from '../src/connectors/connector.js';
import { awaitRun } from './await-run.js';
import { cleanup } from './cleanup.js';
import { copyWithin } from './copy-within.js';
import { listItems } from './list-items.js';
import { listPartitions } from './list-partitions.js';
import { openTarget } from './open-target.js';
import { planAsset } from './plan-asset.js';
import { planRun } from './plan-run.js';
import type { Ports } from './ports.js';
import { publish } from './publish.js';
import { recodeFiles } from './recode-files.js';
import { replanItem } from './replan-item.js';
import { beginRows } from './rows/begin.js';
import { checkRows } from './rows/check.js';
import { discardRows, restartRows } from './rows/discard.js';
import { listLoads } from './rows/list-loads.js';
import { loadRows } from './rows/load.js';
import { openObject } from './rows/open-object.js';
import { publishRows } from './rows/publish-rows.js';
import { unloadRows } from './rows/unload.js';
import { transferBatch } from './transfer-batch.js';
import { transferChunk } from './transfer-chunk.js';
import { poke, watchSource, type Watches } from './watch-source.js';

/** A set of activities as the SDK takes it; each takes one plain object and returns one. */
export type Activities = Readonly<Record<string, (input: never) => Promise<unknown>>>;

const byKind = (
  connectors: readonly Connector[],
  activities: Readonly<Record<string, (input: never) => Promise<unknown>>>,
): Activities =>
  Object.fromEntries(
    connectors.flatMap(({ kind }) =>
      Object.entries(activities).map(([name, run]) => [`${kind}.${name}`, run]),
    ),
  );

/** For the queue of workflows: planning, sensors and what takes no bytes. */
export const lightActivities = (ports: Ports, watches: Watches): Activities => ({
  'plan-run': planRun(ports),
  'plan-asset': planAsset(ports),
  'await-run': awaitRun(ports),
  'list-partitions': listPartitions(ports),
  poke: poke(watches),
  ...byKind(ports.connectors, { watch: watchSource(ports, watches) }),
});

/** For the queue of transfers: its slots follow from the memory budget. */
export const transferActivities = (ports: Ports): Activities =>
  byKind(ports.connectors, {
    list: listItems(ports),
    copy: transferBatch(ports),
    'copy-within': copyWithin(ports),
    recode: recodeFiles(ports),
    open: openTarget(ports),
    transfer: transferChunk(ports),
    publish: publish(ports),
    replan: replanItem(ports),
    cleanup: cleanup(ports),
    begin: beginRows(ports),
    'list-loads': listLoads(ports),
    'open-object': openObject(ports),
    unload: unloadRows(ports),
    load: loadRows(ports),
    check: checkRows(ports),
    restart: restartRows(ports),
    'publish-rows': publishRows(ports),
    'discard-window': discardRows(ports),
  });
