/**
 * `<kind>.list`: one page of a source, each file with its target and what stands there now.
 *
 * What will be done to a file is decided here, before any byte is read: copy it under a condition, or leave it because
 * the target already holds this very version. Where names come from templates, the whole listing is checked for two
 * sources of one target before the first page is returned (D16).
 */
import { TidemarkError } from '../src/core/errors/error.js';
import { sourceMissing } from '../src/connectors/file-errors.js';
import type { ListedFile, ListPage } from '../src/connectors/connector.js';
import type { TargetAddress } from '../src/core/plan/file.js';
import type { AssetPlan, ItemPage, PlannedItem, TriggerItem } from '../src/core/plan/plan.js';
import { tooManyTargets } from './errors.js';
import { runAttempt } from './heartbeat.js';
import type { OpenSource, OpenTarget, Ports } from './ports.js';

export interface ListInput {
  readonly plan: AssetPlan;
  readonly after: string | null;
}

/** Targets whose uniqueness is checked in memory: 8 bytes each, and no more than this many. */
const targetsMax = 2_000_000;

const narrowed = async (
  items: readonly TriggerItem[],
  open: OpenSource,
  signal: AbortSignal,
): Promise<ListPage> => {
  const files: ListedFile[] = [];
  for (const item of items) {
    const identity = await open.source.identify(open.options, item.identity.path, signal);
    if (identity === null) {
      throw new TidemarkError(
        sourceMissing,
        `${item.identity.path}, for which this run was started, does not exist any more`,
      );
    }
    files.push({
      identity,
      relativePath: item.relative_path,
      fields: item.fields as ListedFile['fields'],
    });
  }
  return { files, next: null };
};

/** Each file once: a server that changes while it is listed may show one twice. */
const withoutRepeats = (page: ListPage): ListPage => ({
  ...page,
  files: page.files.filter(
    ({ identity }, index) => identity.path !== page.files[index - 1]?.identity.path,
  ),
});

const refuseCollisions = async (
  ports: Ports,
  plan: AssetPlan,
  open: OpenSource,
  signal: AbortSignal,
): Promise<void> => {
  const seen = new Set<string>();
  let after: string | null = null;
  do {
    const page = withoutRepeats(await open.source.list(open.options, after, 1000, signal));
    const { items } = await ports.planner.planItems(plan, page.files);
    for (const { file, address } of items) {
      if (address === null) continue;
      const place = ports.planner.shortDigest(`${address.container}\n${address.key}`);
      if (seen.has(place)) {
        throw ports.planner.sameTarget(plan, address, [file.identity.path, 'another source file']);
      }
      seen.add(place);
    }
    if (seen.size > targetsMax) {
      throw new TidemarkError(
        tooManyTargets,
        `asset ${plan.name}: more than ${String(targetsMax)} files with templated targets`,
      );
    }
    after = page.next;
  } while (after !== null);
};

const withTargets = async (
  { ports, plan }: { readonly ports: Ports; readonly plan: AssetPlan },
  planned: readonly { readonly file: ListedFile; readonly address: TargetAddress }[],
  open: OpenTarget,
  signal: AbortSignal,
): Promise<readonly PlannedItem[]> => {
  const addresses = planned.map(({ address }) => address);
  const found = await open.target.objects(addresses, signal);
  const keepsOrigin = open.connector.target?.capabilities.keepsOrigin === true;
  return planned.map(({ file, address }, index): PlannedItem => {
    const item = { source: file.identity, target: address };
    const object = found[index] ?? null;
    if (object === null) return item;
    return ports.planner.holdsVersion(object, file.identity, keepsOrigin, plan.recoding)
      ? { ...item, replaces: object.tag, skip: true }
      : { ...item, replaces: object.tag };
  });
};

/** One page as the source shows it, or the files that the run was narrowed to. */
export const sourcePage = async (
  plan: AssetPlan,
  open: OpenSource,
  after: string | null,
  signal: AbortSignal,
): Promise<ListPage> =>
  withoutRepeats(
    plan.narrowedTo === null
      ? await open.source.list(open.options, after, plan.sizes.pageItems, signal)
      : await narrowed(plan.narrowedTo, open, signal),
  );

const listPage = async (
  ports: Ports,
  { plan, after }: ListInput,
  signal: AbortSignal,
): Promise<ItemPage> => {
  const open = await ports.connections.source(plan.source);
  const page = await sourcePage(plan, open, after, signal);
  const { items, filtered } = await ports.planner.planItems(plan, page.files);
  // Two files of one page are refused by `planItems` itself.
  const isTemplated = JSON.stringify(plan.target?.options ?? {}).includes('{{');
  if (isTemplated && after === null && page.next !== null && plan.narrowedTo === null) {
    await refuseCollisions(ports, plan, open, signal);
  }
  const counted = { next: page.next, scanned: page.files.length, filtered };
  // Nothing to write: the counts are all that such an asset is for.
  if (plan.target === null) return { ...counted, items: [] };
  const target = await ports.connections.target(plan.target);
  const addressed = items.flatMap(({ file, address }) =>
    address === null ? [] : [{ file, address }],
  );
  return { ...counted, items: await withTargets({ ports, plan }, addressed, target, signal) };
};

export const listItems =
  (ports: Ports) =>
  (input: ListInput): Promise<ItemPage> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: 0,
        object: `listing of ${input.plan.name}`,
        movesBytes: false,
      },
      ({ signal }) => listPage(ports, input, signal),
    );
