/**
 * From one page of listed files to what is written where: selects by predicate and age, resolves each file's own
 * templates, asks the target for the address.
 *
 * Keeps true: every file lands at exactly one address or is counted as left out; two files of a call never share an
 * address (D16). Over several pages the caller compares `addressDigest`s.
 */
import type { Connector, ListedFile } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import type { TargetAddress } from '../core/plan/file.js';
import type { AssetPlan, EndpointPlan } from '../core/plan/plan.js';
import { recodedPath } from '../core/plan/recoding.js';
import { isJsonObject, type JsonObject } from '../core/values/json.js';
import { assetSubject, fieldPlace } from './asset-mentions.js';
import { connectorOfKind } from './connections.js';
import { sameTarget } from './errors.js';
import { factsAt, fieldName, mapTexts, textsIn, withoutNulls } from './option-fields.js';
import { compilePredicate } from './predicate.js';
import { parseOptions, needsItem, type Side } from './render-options.js';
import { shown } from './read-request.js';
import { compileText, mentions, type TemplateScope } from './templates.js';

export interface ItemFacts {
  readonly connectors: readonly Connector[];
  /** Clock of the source's server, epoch ms; null where `check_is_modifying` is not asked for. */
  readonly serverNowMs: number | null;
  /** Settings of the target's connection, parsed: a connection may have a default bucket. */
  readonly targetConnection: unknown;
}

export interface AddressedFile {
  readonly file: ListedFile;
  /** Null: the asset has no target. */
  readonly address: TargetAddress | null;
}

export interface AddressedFiles {
  readonly items: readonly AddressedFile[];
  /** Files that predicate or `check_is_modifying` left out. */
  readonly filtered: number;
}

/** A file younger than this may still be written (dialect §4.5). */
export const modifyingMs = 60_000;

const itemScope = (plan: AssetPlan, file: ListedFile): TemplateScope => {
  const source = plan.scope['source'];
  return { ...plan.scope, source: { ...(isJsonObject(source) ? source : {}), item: file.fields } };
};

/** Both spellings of the dialect (§4.2). */
const checksModifying = (plan: AssetPlan): boolean =>
  plan.source.options['check_is_modifying'] === true ||
  plan.source.options['check_is_modifing'] === true;

const isSettled = (plan: AssetPlan, file: ListedFile, serverNowMs: number | null): boolean => {
  if (!checksModifying(plan) || serverNowMs === null) return true;
  return serverNowMs - Number(file.identity.modified) * 1000 >= modifyingMs;
};

/** Turns a file into its address; the parts that are equal for all files are prepared once. */
const addressing = (plan: AssetPlan, target: EndpointPlan, known: ItemFacts) => {
  const connector = connectorOfKind(known.connectors, target.kind);
  const declared = connector.target;
  invariant(declared !== undefined, 'the connector of a planned target can be a target');
  const side: Side = { subject: assetSubject(plan.name), side: 'target', schema: declared.options };
  const whereOf = (path: readonly (string | number)[]) =>
    fieldPlace(assetSubject(plan.name), 'target', fieldName(path));
  // Only what was written as a template is one: a rendered value that happens to hold braces is text.
  const perItem = new Map(
    textsIn(target.options)
      .filter(
        ({ path, text }) =>
          factsAt(side.schema, path).template === 'item' &&
          needsItem(mentions(text, whereOf(path))),
      )
      .map(({ path, text }) => [fieldName(path), compileText(text, whereOf(path))]),
  );
  const once = perItem.size === 0 ? parseOptions(target.options, side, undefined) : null;
  const optionsFor = (file: ListedFile): unknown => {
    const scope = itemScope(plan, file);
    const options = mapTexts(target.options, (text, path) => {
      const evaluate = perItem.get(fieldName(path));
      return evaluate === undefined ? text : evaluate(scope, `, for ${shown(file.identity.path)}`);
    });
    return parseOptions(withoutNulls(options as JsonObject), side, undefined);
  };
  return (file: ListedFile): TargetAddress =>
    declared.address(known.targetConnection, once ?? optionsFor(file), {
      relativePath:
        plan.recoding === undefined
          ? file.relativePath
          : recodedPath(plan.recoding, file.relativePath),
    });
};

const addressText = ({ container, key }: TargetAddress): string =>
  container === '' ? key : `${container}/${key}`;

const assertDistinct = (plan: AssetPlan, items: readonly AddressedFile[]): void => {
  const taken = new Map<string, ListedFile>();
  for (const { file, address } of items) {
    if (address === null) continue;
    const place = JSON.stringify([address.container, address.key]);
    const first = taken.get(place);
    if (first !== undefined)
      throw sameTargetError(plan, address, [first.identity.path, file.identity.path]);
    taken.set(place, file);
  }
};

/** For the caller that finds two equal digests on different pages, too. */
export const sameTargetError = (
  plan: Pick<AssetPlan, 'name'>,
  address: TargetAddress,
  sources: readonly [string, string],
): TidemarkError =>
  new TidemarkError(
    sameTarget,
    `asset "${plan.name}": ${shown(sources[0])} and ${shown(sources[1])} would both be written to ${shown(addressText(address))}`,
  );

/** Throws `plan/same-target`, `plan/bad-predicate`, `plan/bad-options`, `target/bad-key` and template errors. */
export const planItems = (
  plan: AssetPlan,
  files: readonly ListedFile[],
  known: ItemFacts,
): AddressedFiles => {
  const { predicate } = plan.source.options;
  const where = fieldPlace(assetSubject(plan.name), 'source', 'predicate');
  const isAccepted = compilePredicate(predicate, where, (file) => itemScope(plan, file));
  const chosen = files.filter(
    (file) => isSettled(plan, file, known.serverNowMs) && isAccepted(file),
  );
  // Files that are loaded into a table have no address of their own.
  const objects = plan.route === 'load-files' ? null : plan.target;
  const addressOf = objects === null ? () => null : addressing(plan, objects, known);
  const items = chosen.map((file): AddressedFile => ({ file, address: addressOf(file) }));
  assertDistinct(plan, items);
  return { items, filtered: files.length - chosen.length };
};
