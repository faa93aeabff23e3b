/** One action of the copy reducer as one activity, and the activity's answer as one event. */
import type { ItemPage, PlannedItem } from '../src/core/plan/plan.js';
import { invariant } from '../src/core/errors/invariant.js';
import type { CopyAction, CopyEvent } from '../src/core/run/copy-state.js';
import type {
  BatchOutcome,
  ChunkOutcome,
  OpenedUnit,
  UnitOutcome,
} from '../src/core/run/outcome.js';
import { isStaleCode } from '../src/core/run/stale.js';
import type { AssetOf } from './asset-input.js';
import { applicationFailureOf, callTransfer, failureNumber } from './call.js';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** What `<kind>.…` moves a batch of files, by the route. */
const batchActivities: Readonly<Partial<Record<AssetOf['plan']['route'], string>>> = {
  'recode-files': 'recode',
  'copy-within': 'copy-within',
};

/** A failed step of a large file, as an event where the file can start again. */
const staleOr = (error: unknown, path: string): CopyEvent => {
  const failure = applicationFailureOf(error);
  if (failure === undefined || !isStaleCode(failure.type ?? '')) throw error;
  return { kind: 'stale', path, bytesRead: failureNumber(failure, 'bytesRead') };
};

const summaryOf = (asset: AssetOf, action: CopyAction): string => {
  const { name } = asset.plan;
  switch (action.do) {
    case 'list':
      return action.after === null
        ? `${name}: first page`
        : `${name}: after ${nameOf(action.after)}`;
    case 'batch': {
      const bytes = action.items.reduce((sum, item) => sum + item.source.size, 0);
      return `${name}: ${String(action.items.length)} files, ${megabytes(bytes)}`;
    }
    case 'open':
      return `${name}: ${nameOf(action.item.source.path)}, ${megabytes(action.item.source.size)}`;
    case 'chunk': {
      const last = action.first + action.count - 1;
      return `${name}: ${nameOf(action.path)}, parts ${String(action.first)}–${String(last)}`;
    }
    case 'complete':
      return `${name}: ${nameOf(action.path)} → ${action.opened.upload.order.address.key}`;
    case 'replan':
      return `${name}: ${nameOf(action.item.source.path)} changed, try ${String(action.restart)}`;
  }
};

export const performCopyAction = async (asset: AssetOf, action: CopyAction): Promise<CopyEvent> => {
  const { plan, queue } = asset;
  const { timing, retry } = plan;
  const call = <R>(activity: string, input: object): Promise<R> =>
    callTransfer<R>(
      activity,
      { plan, ...input },
      { queue, timing, retry, summary: summaryOf(asset, action) },
    );
  const source = plan.source.kind;
  const target = plan.target?.kind ?? '';
  switch (action.do) {
    case 'list': {
      const page = await call<ItemPage>(`${source}.list`, { after: action.after });
      return { kind: 'listed', page };
    }
    case 'batch': {
      const outcome = await call<BatchOutcome>(
        `${target}.${batchActivities[plan.route] ?? 'copy'}`,
        {
          items: action.items,
        },
      );
      const [first] = action.items;
      invariant(first !== undefined, 'a batch has at least one item');
      return { kind: 'batch-done', outcome, container: first.target.container };
    }
    case 'open': {
      const { path } = action.item.source;
      return call<OpenedUnit>(`${target}.open`, { item: action.item }).then(
        (opened): CopyEvent => ({ kind: 'opened', path, opened }),
        (error: unknown) => staleOr(error, path),
      );
    }
    case 'chunk': {
      const { path, opened, first, count } = action;
      return call<ChunkOutcome>(`${target}.transfer`, { opened, first, count }).then(
        (outcome): CopyEvent => ({ kind: 'chunk-done', path, outcome }),
        (error: unknown) => staleOr(error, path),
      );
    }
    case 'complete': {
      const { path, opened, chunks } = action;
      return call<UnitOutcome>(`${target}.publish`, { opened, chunks }).then(
        (outcome): CopyEvent => ({ kind: 'completed', path, outcome }),
        (error: unknown) => staleOr(error, path),
      );
    }
    case 'replan': {
      const { item, opened, restart } = action;
      const planned = await call<PlannedItem>(`${source}.replan`, { item, opened, restart });
      return { kind: 'replanned', path: item.source.path, item: planned };
    }
  }
};
