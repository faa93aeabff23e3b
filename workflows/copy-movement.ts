/** Copies of files as a movement: what is open and will not be completed is discarded by name. */
import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { UploadHandle } from '../src/core/plan/file.js';
import { applyEvent, nextActions } from '../src/core/run/copy-run.js';
import {
  type CopyAction,
  type CopyEvent,
  type CopyState,
  isCopyFinished,
} from '../src/core/run/copy-state.js';
import type { AssetOf } from './asset-input.js';
import { callTransfer } from './call.js';
import { performCopyAction } from './copy-actions.js';
import { describeCopy } from './details.js';
import type { Movement } from './driver.js';

const openUploads = (state: CopyState): readonly UploadHandle[] =>
  Object.values(state.units).flatMap(({ opened }) => (opened === null ? [] : [opened.upload]));

const discard = async ({ plan, queue }: AssetOf, uploads: readonly UploadHandle[]) => {
  const target = plan.target;
  if (target === null || uploads.length === 0) return;
  await CancellationScope.nonCancellable(() =>
    callTransfer(
      `${target.kind}.cleanup`,
      { target, uploads },
      {
        queue,
        timing: plan.timing,
        retry: plan.retry,
        summary: `discard ${String(uploads.length)} uploads`,
      },
    ),
  );
};

export const copyMovement = (asset: AssetOf): Movement<CopyState, CopyAction, CopyEvent> => ({
  next: (state) => nextActions(asset.plan, state),
  apply: (state, event) => applyEvent(asset.plan, state, event),
  isFinished: isCopyFinished,
  perform: (action) => performCopyAction(asset, action),
  refusal: () => null,
  discard: (state) => discard(asset, openUploads(state)),
  show: (state) => {
    setCurrentDetails(describeCopy(asset.plan, state));
  },
  mayContinue: (asset.run?.assets.length ?? 1) <= 1,
});
