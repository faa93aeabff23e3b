/** Where a window's object and the ledger beside it stand: the plan's target with what only the open window knows. */
import type { Connector } from '../../connectors/connector.js';
import { invariant } from '../../core/errors/invariant.js';
import type { TargetAddress } from '../../core/plan/file.js';
import type { AssetPlan, EndpointPlan } from '../../core/plan/plan.js';
import type { JsonObject } from '../../core/values/json.js';
import { assetSubject, fieldPlace } from '../asset-mentions.js';
import { connectorOfKind } from '../connections.js';
import { parseOptions, needsWindow, type Side } from '../render-options.js';
import { mentions, renderText } from '../templates.js';
import { defaultName, markPart, suffixedKey, type WindowFacts } from './object-names.js';

export interface AddressFacts {
  readonly connectors: readonly Connector[];
  /** Settings of the target's connection, parsed: a connection may have a default bucket. */
  readonly targetConnection: unknown;
}

const targetOf = (plan: AssetPlan): EndpointPlan => {
  invariant(plan.target !== null, 'an asset that writes objects has a target');
  return plan.target;
};

/** The key with the window in it; a constant one stays as it is, but for the suffix. */
const keyOf = (plan: AssetPlan, key: string, window: WindowFacts): string => {
  const where = fieldPlace(assetSubject(plan.name), 'target', 'key');
  if (!needsWindow(mentions(key, where))) return suffixedKey(key, window);
  const metadata = {
    last_cursor: markPart(window.low),
    now: markPart(window.high),
    window: markPart(window.low),
  };
  return suffixedKey(String(renderText(key, { ...plan.scope, metadata }, where)), window);
};

/** What `connector.target.address` takes for a window: options without templates, and the name below the prefix. */
export const objectName = (
  plan: AssetPlan,
  window: WindowFacts,
): { readonly relativePath: string; readonly options: JsonObject } => {
  const { options } = targetOf(plan);
  const { key } = options;
  return {
    relativePath: defaultName(plan, window),
    options: typeof key === 'string' ? { ...options, key: keyOf(plan, key, window) } : options,
  };
};

const fileTarget = (plan: AssetPlan, { connectors }: AddressFacts) => {
  const declared = connectorOfKind(connectors, targetOf(plan).kind).target;
  invariant(declared !== undefined, 'objects are written by a connector with a target of bytes');
  const side: Side = {
    subject: assetSubject(plan.name),
    side: 'target',
    schema: declared.options,
  };
  return { declared, parse: (options: JsonObject) => parseOptions(options, side, undefined) };
};

/** Throws `target/bad-key` and `plan/bad-options`. */
export const objectAddress = (
  plan: AssetPlan,
  window: WindowFacts,
  known: AddressFacts,
): TargetAddress => {
  const { declared, parse } = fileTarget(plan, known);
  const { relativePath, options } = objectName(plan, window);
  return declared.address(known.targetConnection, parse(options), { relativePath });
};

export const ledgerFolder = (plan: AssetPlan, known: AddressFacts): TargetAddress => {
  const { declared, parse } = fileTarget(plan, known);
  return declared.ledgerFolder(known.targetConnection, parse(targetOf(plan).options));
};
