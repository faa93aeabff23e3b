/**
 * How bytes or rows go from a source to a target, chosen from capabilities, never from names. A pair without a route is
 * refused with the reason; the same function answers `tidemark describe SOURCE TARGET`.
 */
import type { Connector } from '../connectors/connector.js';
import type { RowSourceCapabilities, RowTargetCapabilities } from '../connectors/row-connector.js';
import { movesRows } from '../connectors/sides.js';
import type { AssetPlan } from '../core/plan/plan.js';
import type { Recoding } from '../core/plan/recoding.js';
import { recodingText } from '../formats/recoding-options.js';

export type Route = AssetPlan['route'];

export type RouteChoice =
  { readonly route: Route; readonly why: string } | { readonly route: null; readonly why: string };

const refused = (why: string): RouteChoice => ({ route: null, why });

const writingWay = (target: Connector): string =>
  target.target?.capabilities.publishes === 'multipart'
    ? 'a multipart upload'
    : 'a temporary file that is renamed';

const copyReason = (source: Connector, target: Connector): string => {
  const resumes = source.source?.capabilities.resumes === 'byte-offset';
  const after = resumes ? 'continues behind the last finished part' : 'starts the file again';
  return (
    `${source.type} reads bytes and ${target.type} accepts bytes: files are copied unchanged, large ones through ` +
    `${writingWay(target)}; after a failure a copy ${after}`
  );
};

/** What decides between the ways of files, beside the capabilities of both ends. */
export interface FileWish {
  readonly recoding: Recoding | null;
  /** Both sides are one connection: what may write there may also read there. */
  readonly isOneConnection: boolean;
}

const recode = (source: Connector, target: Connector, recoding: Recoding): RouteChoice => ({
  route: 'recode-files',
  why:
    `each file of ${source.type} is read once from its beginning to its end (${recodingText(recoding)}) and written ` +
    `to ${target.type} through ${writingWay(target)}; after a failure the file starts again`,
});

const copiesWithin = (source: Connector, target: Connector): boolean =>
  source.kind === target.kind && target.target?.capabilities.copiesWithin === true;

const copyWithin = (target: Connector): RouteChoice => ({
  route: 'copy-within',
  why:
    `both sides are one connection, so ${target.type} copies the objects itself and no byte comes here; after a failure a ` +
    'copy starts again',
});

const copyFiles = (source: Connector, target: Connector, wish: FileWish): RouteChoice => {
  if (wish.recoding !== null) return recode(source, target, wish.recoding);
  if (!copiesWithin(source, target))
    return { route: 'copy-bytes', why: copyReason(source, target) };
  if (wish.isOneConnection) return copyWithin(target);
  return {
    route: 'copy-bytes',
    why: `${copyReason(source, target)}; ${target.type} copies objects itself only where both sides are one connection`,
  };
};

const resumeReason = ({ resumes }: RowSourceCapabilities): string =>
  resumes === 'key-pages'
    ? 'after a failure the read goes on behind the last finished page of keys, or starts again where there is no key'
    : 'after a failure the read starts again';

const publishReason = 'data, mark and ledger are published in one transaction';

const shared = <K extends string>(writes: readonly K[], reads: readonly K[]): readonly K[] =>
  writes.filter((kind) => reads.includes(kind));

const unload = (source: Connector, target: Connector, can: RowSourceCapabilities): RouteChoice => ({
  route: 'unload-rows',
  why:
    `${source.type} writes rows as ${can.writes.join(' or ')} by itself, and ${target.type} takes the bytes through ` +
    `${writingWay(target)}; ${resumeReason(can)}`,
});

const load = (source: Connector, target: Connector, can: RowTargetCapabilities): RouteChoice => ({
  route: 'load-files',
  why:
    `${source.type} reads bytes, and ${target.type} reads ${can.reads.join(' or ')} by itself: files are staged beside ` +
    `the table; ${publishReason}`,
});

const copyRows = (
  source: Connector,
  target: Connector,
  can: { readonly source: RowSourceCapabilities; readonly target: RowTargetCapabilities },
): RouteChoice => {
  const kinds = shared(can.source.writes, can.target.reads);
  if (!kinds.includes('csv'))
    return refused(
      `${source.type} writes ${can.source.writes.join(', ')}, and ${target.type} reads ${can.target.reads.join(', ')}`,
    );
  return {
    route: 'copy-rows',
    why:
      `${source.type} writes rows as csv and ${target.type} reads them by itself: pages are staged beside the table; ` +
      `${resumeReason(can.source)}; ${publishReason}`,
  };
};

const listOnly = (source: Connector): RouteChoice =>
  movesRows(source, 'source')
    ? refused(`${source.type} reads rows, and rows are not only counted: the asset needs a target`)
    : {
        route: 'list-only',
        why: 'the asset has no target: files are counted, nothing is written',
      };

/** `target` is null for an asset that only lists. `why` is one sentence for people. */
export const chooseRoute = (
  source: Connector,
  target: Connector | null,
  wish: FileWish = { recoding: null, isOneConnection: false },
): RouteChoice => {
  const { source: files, rowSource } = source;
  if (files === undefined && rowSource === undefined)
    return refused(`${source.type} can only be a target`);
  if (target === null) return listOnly(source);
  return chooseBetween(source, target, wish);
};

const chooseBetween = (source: Connector, target: Connector, wish: FileWish): RouteChoice => {
  const { source: files, rowSource } = source;
  const { target: objects, rowTarget } = target;
  if (files !== undefined && objects !== undefined) return copyFiles(source, target, wish);
  if (files !== undefined && rowTarget !== undefined)
    return load(source, target, rowTarget.capabilities);
  if (rowSource !== undefined && objects !== undefined)
    return unload(source, target, rowSource.capabilities);
  if (rowSource !== undefined && rowTarget !== undefined)
    return copyRows(source, target, {
      source: rowSource.capabilities,
      target: rowTarget.capabilities,
    });
  return refused(`${target.type} can only be a source`);
};
