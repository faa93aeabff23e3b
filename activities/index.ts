/**
 * All activities of a worker, by the names that histories show. Transfers are named by the connector and what they do
 * (`sftp.list`, `s3.publish`); light activities by what they do.
 */
import type { Connector } from '../src/connectors/connector.js';
import { awaitRun } from './await-run.js';
import { cleanup } from './cleanup.js';
import { listItems } from './list-items.js';
import { openTarget } from './open-target.js';
import { planAsset } from './plan-asset.js';
import { planRun } from './plan-run.js';
import type { Ports } from './ports.js';
import { publish } from './publish.js';
import { replanItem } from './replan-item.js';
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
  poke: poke(watches),
  ...byKind(ports.connectors, { watch: watchSource(ports, watches) }),
});

/** For the queue of transfers: its slots follow from the memory budget. */
export const transferActivities = (ports: Ports): Activities =>
  byKind(ports.connectors, {
    list: listItems(ports),
    copy: transferBatch(ports),
    open: openTarget(ports),
    transfer: transferChunk(ports),
    publish: publish(ports),
    replan: replanItem(ports),
    cleanup: cleanup(ports),
  });
