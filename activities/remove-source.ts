/**
 * Deletes a source file after its copy was published and checked. A file that is another version by now stays: it was
 * not copied, and the next run takes it.
 */
import { isErrorOf } from '../src/core/errors/error.js';
import { sourceChanged } from '../src/connectors/file-errors.js';
import type { FileIdentity } from '../src/core/plan/file.js';
import type { AssetPlan } from '../src/core/plan/plan.js';
import type { Ports } from './ports.js';

export const removeSource = async (
  ports: Ports,
  plan: AssetPlan,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<void> => {
  const { source, options } = await ports.connections.source(plan.source);
  try {
    await source.remove(options, identity, signal);
  } catch (error) {
    if (!isErrorOf(error, sourceChanged)) throw error;
  }
};
