/** Search attributes of ours that the namespace knows. All are optional: an unregistered one would hang a workflow. */
import type { NativeConnection } from '@temporalio/worker';

/** Name → type, for `temporal operator search-attribute create` and for the dev server. */
export const searchAttributes: Readonly<Record<string, 'Keyword' | 'Int'>> = {
  TidemarkJob: 'Keyword',
  TidemarkAsset: 'Keyword',
  TidemarkPartition: 'Keyword',
  TidemarkTrigger: 'Keyword',
  TidemarkRows: 'Int',
};

/** Empty where the server does not tell (Temporal Cloud has no operator service). */
export const knownSearchAttributes = async (
  connection: NativeConnection,
  namespace: string,
): Promise<readonly string[]> => {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace,
    });
    return Object.keys(searchAttributes).filter((name) => name in (customAttributes ?? {}));
  } catch {
    // Optional by design: runs are found by id and memo then.
    return [];
  }
};
