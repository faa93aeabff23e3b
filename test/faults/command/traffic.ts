/** What passed between worker and servers, counted where it can be broken. */
import type { FaultProxy } from '../../servers/fault-proxy.js';
import type { PlaceName } from './places.js';

export type Side = 'source' | 'target';
export type ServerName = Exclude<PlaceName, 'local'>;

export interface LineTraffic {
  readonly toTarget: number;
  readonly toClient: number;
}

export interface Traffic {
  readonly lines: Readonly<Record<Side, LineTraffic>>;
  readonly bytes: number;
  /** Amazon's names, one for each request in their order. */
  readonly operations: readonly string[];
}

export const lineOf = (proxy: FaultProxy | undefined): LineTraffic => {
  const { bytesToTarget = 0, bytesToClient = 0 } = proxy?.facts() ?? {};
  return { toTarget: bytesToTarget, toClient: bytesToClient };
};

export const since = (before: Traffic, now: Traffic): Traffic => {
  const less = (side: Side): LineTraffic => ({
    toTarget: now.lines[side].toTarget - before.lines[side].toTarget,
    toClient: now.lines[side].toClient - before.lines[side].toClient,
  });
  return {
    lines: { source: less('source'), target: less('target') },
    bytes: now.bytes - before.bytes,
    operations: now.operations.slice(before.operations.length),
  };
};
