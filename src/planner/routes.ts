/**
 * How bytes go from a source to a target, chosen from capabilities, never from names. A pair without a route is
 * refused with the reason; the same function answers `tidemark describe SOURCE TARGET`.
 */
import type { Connector } from '../connectors/connector.js';

export type Route = 'copy-bytes' | 'list-only';

export type RouteChoice =
  { readonly route: Route; readonly why: string } | { readonly route: null; readonly why: string };

const refused = (why: string): RouteChoice => ({ route: null, why });

const copyReason = (source: Connector, target: Connector): string => {
  const resumes = source.source?.capabilities.resumes === 'byte-offset';
  const publishes = target.target?.capabilities.publishes;
  const way = publishes === 'multipart' ? 'a multipart upload' : 'a temporary file that is renamed';
  const after = resumes ? 'continues behind the last finished part' : 'starts the file again';
  return (
    `${source.type} reads bytes and ${target.type} accepts bytes: files are copied unchanged, large ones through ` +
    `${way}; after a failure a copy ${after}`
  );
};

/** `target` is null for an asset that only lists. `why` is one sentence for people. */
export const chooseRoute = (source: Connector, target: Connector | null): RouteChoice => {
  if (source.source === undefined) return refused(`${source.type} can only be a target`);
  if (target === null) {
    return {
      route: 'list-only',
      why: 'the asset has no target: files are counted, nothing is written',
    };
  }
  if (target.target === undefined) return refused(`${target.type} can only be a source`);
  const { reads } = source.source.capabilities;
  const { accepts } = target.target.capabilities;
  if (reads === 'bytes' && accepts === 'bytes') {
    return { route: 'copy-bytes', why: copyReason(source, target) };
  }
  return refused(
    `${source.type} reads ${String(reads)}, and ${target.type} accepts ${String(accepts)}`,
  );
};
