/** The planner as activities see it: the project on disk, the environment and the clock come in here. */
import type { PlannedRun, PlannerPort } from '../../../activities/ports.js';
import type { Connector } from '../../connectors/connector.js';
import { invariant } from '../../core/errors/invariant.js';
import type { AssetPlan, Timing } from '../../core/plan/plan.js';
import { connectionNamed, connectionWithoutSecrets } from '../../planner/connections.js';
import { identityDigest, originDigest, unitOf } from '../../planner/digests.js';
import { sha256Hex } from '../../planner/hash.js';
import { holdsVersion } from '../../planner/holds-version.js';
import { planAsset } from '../../planner/plan-asset.js';
import { partitionPage, planBackfill } from '../../planner/plan-backfill.js';
import { planItems, sameTargetError } from '../../planner/plan-items.js';
import { planRun } from '../../planner/plan-run.js';
import { planSensor } from '../../planner/plan-sensor.js';
import { resolveName } from '../../planner/resolve-name.js';
import { ledgerFolder, objectAddress } from '../../planner/rows/object-address.js';
import { sensorTakes } from '../../planner/sensor-takes.js';
import type { LiveProject } from '../project/live-project.js';
import { readProjectFile } from '../project/read-project-file.js';

export interface PlanFacts {
  readonly connectors: readonly Connector[];
  readonly transfersQueue: string;
  readonly timing: Timing;
  /** `TIDEMARK_VARY=tiny`: the smallest legal sizes, for tests. */
  readonly vary: 'tiny' | null;
  /** Search attributes that the namespace knows. */
  readonly searchAttributes: readonly string[];
  readonly nowMs: () => number;
}

const targetConnection = (project: LiveProject, facts: PlanFacts, plan: AssetPlan): unknown => {
  if (plan.target === null) return null;
  const definition = project.definition();
  const connection = connectionNamed(definition.connections, plan.target.connection, plan.name);
  const { vars } = definition;
  return connectionWithoutSecrets(connection, {
    connectors: facts.connectors,
    vars,
    env: project.env,
  }).config;
};

export const createPlannerPort = (project: LiveProject, facts: PlanFacts): PlannerPort => ({
  planRun: (name, request, atMs): Promise<PlannedRun> => {
    const definition = project.definition();
    const nowMs = facts.nowMs();
    const known = {
      ...facts,
      name,
      env: project.env,
      plannedAt: new Date(nowMs).toISOString(),
      partitionsAtMs: Math.min(atMs ?? nowMs, nowMs),
    };
    const found = resolveName(definition, name);
    if (found.kind === 'sensor') {
      return Promise.resolve({ kind: 'sensor', plan: planSensor(definition, name, known) });
    }
    const several = planBackfill(definition, request, known);
    if (several?.kind === 'backfill') return Promise.resolve(several);
    return Promise.resolve({
      kind: 'run',
      plan: planRun(definition, several?.request ?? request, known),
    });
  },
  partitionPage,
  planAsset: (order, known) =>
    planAsset(order, {
      ...facts,
      ...known,
      readFile: (path) => readProjectFile(project.root, path),
    }),
  planItems: (plan, files) =>
    Promise.resolve(
      planItems(plan, files, {
        connectors: facts.connectors,
        serverNowMs: facts.nowMs(),
        targetConnection: targetConnection(project, facts, plan),
      }),
    ),
  objectAddress: (plan, window) =>
    objectAddress(plan, window, {
      connectors: facts.connectors,
      targetConnection: targetConnection(project, facts, plan),
    }),
  ledgerFolder: (plan) =>
    ledgerFolder(plan, {
      connectors: facts.connectors,
      targetConnection: targetConnection(project, facts, plan),
    }),
  sameTarget: sameTargetError,
  sensorTakes,
  holdsVersion,
  digestOf: identityDigest,
  originOf: originDigest,
  unitOf,
  shortDigest: (text) => {
    invariant(text !== '', 'a digest is of something');
    return sha256Hex(text, 16);
  },
});
