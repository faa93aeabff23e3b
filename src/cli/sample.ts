/** `--sample` and `--live`: looks at the real source and target through the connectors; reads no file, writes nothing. */
import type { FileSource, FileTarget, ListedFile, OpenContext } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { TargetAddress } from '../core/plan/file.js';
import type { AssetPlan, EndpointPlan } from '../core/plan/plan.js';
import {
  connectionNamed,
  resolveConnection,
  type ResolvedConnection,
} from '../planner/connections.js';
import { holdsVersion } from '../planner/holds-version.js';
import { planItems, type AddressedFile } from '../planner/plan-items.js';
import { Redactor } from '../runtime/secrets/redactor.js';
import type { ExplainFacts, Sample, SampleItem } from './explain-facts.js';

/** The connection with its secrets; they are known to the redactor before anything is opened. */
export const resolved = (
  endpoint: EndpointPlan,
  { definition, terminal }: ExplainFacts,
  redactor: Redactor,
): ResolvedConnection =>
  resolveConnection(
    connectionNamed(definition.connections, endpoint.connection, 'explain'),
    {
      connectors: terminal.connectors,
      vars: definition.vars,
      env: terminal.env,
      secrets: (name) => terminal.env[name],
      sawSecret: (value) => redactor.add(value),
    },
    endpoint,
  );

export const openContext = (endpoint: EndpointPlan, { terminal }: ExplainFacts): OpenContext => ({
  connectionName: endpoint.connection,
  // Listings are small; only a worker's transfers share the line.
  throttle: () => Promise.resolve(),
  log: (level, message) => {
    if (level === 'warn') terminal.err(message);
  },
});

const textOf = ({ container, key }: TargetAddress): string =>
  container === '' ? key : `${container}/${key}`;

const decide = async (
  items: readonly AddressedFile[],
  plan: AssetPlan,
  target: FileTarget | null,
  facts: ExplainFacts,
): Promise<readonly SampleItem[]> => {
  const addresses = items.flatMap(({ address }) => (address === null ? [] : [address]));
  const found = target === null ? [] : await target.objects(addresses, facts.terminal.signal);
  const connector = facts.terminal.connectors.find(({ kind }) => kind === plan.target?.kind);
  const keepsOrigin = connector?.target?.capabilities.keepsOrigin === true;
  return items.map(({ file, address }, at): SampleItem => {
    const head = { source: file.identity.path, bytes: file.identity.size };
    if (address === null) return { ...head, target: null, decision: 'list' };
    const object = found[at] ?? null;
    if (object === null) return { ...head, target: textOf(address), decision: 'copy' };
    const isCopied = holdsVersion(object, file.identity, keepsOrigin, plan.recoding);
    return {
      ...head,
      target: textOf(address),
      decision: isCopied ? 'skip: already copied' : 'replace',
    };
  });
};

export interface SampleWish {
  /** Items or rows to show. */
  readonly files: number;
  readonly counts: boolean;
}

interface Listing {
  readonly first: readonly ListedFile[];
  readonly files: number;
  readonly bytes: number;
}

/** One page for a sample, all pages for counts. */
const listFiles = async (
  source: FileSource<unknown>,
  options: unknown,
  wish: SampleWish,
  signal: AbortSignal,
): Promise<Listing> => {
  let after: string | null = null;
  let first: readonly ListedFile[] = [];
  let files = 0;
  let bytes = 0;
  do {
    const page = await source.list(
      options,
      after,
      wish.counts ? 1000 : Math.max(1, wish.files),
      signal,
    );
    if (after === null) first = page.files.slice(0, wish.files);
    files += page.files.length;
    bytes += page.files.reduce((sum, { identity }) => sum + identity.size, 0);
    after = wish.counts ? page.next : null;
  } while (after !== null);
  return { first, files, bytes };
};

const look = async (
  plan: AssetPlan,
  wish: SampleWish,
  facts: ExplainFacts,
  redactor: Redactor,
): Promise<Sample> => {
  const { connectors, signal } = facts.terminal;
  const from = resolved(plan.source, facts, redactor);
  const declared = from.connector.source;
  if (declared === undefined) return { items: [], filtered: 0, counts: null };
  await using source = await declared.open(from.config, openContext(plan.source, facts));
  const { first, files, bytes } = await listFiles(
    source,
    declared.options.parse(plan.source.options),
    wish,
    signal,
  );
  const to = plan.target === null ? null : resolved(plan.target, facts, redactor);
  const planned = planItems(plan, first, {
    connectors,
    serverNowMs: Date.now(),
    targetConnection: to?.config,
  });
  const counts = wish.counts ? { files, bytes } : null;
  if (plan.target === null || planned.items.length === 0) {
    return {
      items: await decide(planned.items, plan, null, facts),
      filtered: planned.filtered,
      counts,
    };
  }
  await using target =
    (await to?.connector.target?.open(to.config, openContext(plan.target, facts))) ?? null;
  return {
    items: await decide(planned.items, plan, target, facts),
    filtered: planned.filtered,
    counts,
  };
};

/** Opens both sides and closes them again. Counts are of the source's own selection, before predicate and skip. */
export const sampleAsset = async (
  plan: AssetPlan,
  wish: SampleWish,
  facts: ExplainFacts,
): Promise<Sample> => {
  const redactor = new Redactor();
  try {
    return await look(plan, wish, facts, redactor);
  } catch (error) {
    if (error instanceof TidemarkError || !(error instanceof Error)) throw error;
    // A driver's own words may repeat what it was given (promise G10).
    throw new Error(redactor.redact(error.message));
  }
};
