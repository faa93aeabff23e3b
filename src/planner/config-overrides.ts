/**
 * `config` of a run's input: `{ <asset>: { source: {…}, target: {…}, max_workers } }`, merged over the options of
 * the YAML before templates are resolved.
 *
 * It is refused unless the project allows it, and even then it cannot reach a secret, the environment or a file of
 * the project: whoever may start a run is not whoever may read the worker's secrets (correctness.md §11).
 */
import type { Connector } from '../connectors/connector.js';
import { objectFields } from '../connectors/fields.js';
import { sideDeclaration } from '../connectors/sides.js';
import { TidemarkError } from '../core/errors/error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/values/json.js';
import { suggest } from '../core/values/suggest.js';
import type { AssetDefinition, EndpointDefinition } from '../language/definition/definition.js';
import { connectorOfKind } from './connections.js';
import { badRequest, overridesRefused, unknownAsset } from './errors.js';
import { factsAt, textsIn } from './option-fields.js';
import { shown } from './read-request.js';
import { mentions } from './templates.js';

const refuse = (where: string, sentence: string): TidemarkError =>
  new TidemarkError(overridesRefused, `input of the run, ${where}: ${sentence}`);

const workersMax = 64;

const checkTemplates = (options: JsonObject, where: string): void => {
  for (const { path, text } of textsIn(options)) {
    for (const mention of mentions(text, `${where}.${path.map(String).join('.')}`)) {
      const [root, module] = mention.path;
      const forbidden =
        root === 'env' || (root === 'fn' && (module === 'secrets' || module === 'file'));
      // Modules of `fn` are also roots of their own (dialect §5.3).
      if (!forbidden && root !== 'secrets' && root !== 'file') continue;
      throw refuse(where, `the template ${shown(text)} uses ${mention.path.slice(0, 2).join('.')}`);
    }
  }
};

const mergeSide = (
  side: EndpointDefinition,
  given: JsonValue,
  where: string,
  schema: Parameters<typeof factsAt>[0] | undefined,
): EndpointDefinition => {
  if (!isJsonObject(given))
    throw new TidemarkError(
      badRequest,
      `input of the run, ${where} is ${shown(given)}; it must be a JSON object of fields`,
    );
  const known = schema === undefined ? [] : Object.keys(objectFields(schema));
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      const near = suggest(name, known);
      const hint = near === undefined ? '' : ` Did you mean ${near}?`;
      throw new TidemarkError(
        badRequest,
        `input of the run, ${where}: the field ${shown(name)} is not known.${hint} Known: ${known.join(', ')}`,
      );
    }
    if (schema !== undefined && factsAt(schema, [name]).secret === true) {
      throw refuse(where, `the field "${name}" holds a secret; if one was sent, rotate it`);
    }
  }
  checkTemplates(given, where);
  return { ...side, configs: { ...side.configs, ...given } };
};

const workers = (given: JsonValue | undefined, where: string, otherwise: number): number => {
  if (given === undefined) return otherwise;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= workersMax)
    return given;
  throw new TidemarkError(
    badRequest,
    `input of the run, ${where} is ${shown(given)}; it must be 1 to ${workersMax}`,
  );
};

const overrideAsset = (
  asset: AssetDefinition,
  given: JsonValue,
  connectors: readonly Connector[],
): AssetDefinition => {
  const where = `config.${asset.name}`;
  if (!isJsonObject(given))
    throw new TidemarkError(
      badRequest,
      `input of the run, ${where} is ${shown(given)}; it must be a JSON object`,
    );
  const unknown = Object.keys(given).find(
    (key) => !['source', 'target', 'max_workers'].includes(key),
  );
  if (unknown !== undefined) {
    throw new TidemarkError(
      badRequest,
      `input of the run, ${where}: ${shown(unknown)} is not known. Known: source, target, max_workers`,
    );
  }
  const { source, target } = asset;
  const sourceSchema = sideDeclaration(connectorOfKind(connectors, source.kind), 'source')?.options;
  const targetSchema =
    target === null
      ? undefined
      : sideDeclaration(connectorOfKind(connectors, target.kind), 'target')?.options;
  if (target === null && given['target'] !== undefined)
    throw refuse(`${where}.target`, 'the asset has no target');
  return {
    ...asset,
    source:
      given['source'] === undefined
        ? source
        : mergeSide(source, given['source'], `${where}.source`, sourceSchema),
    target:
      target === null || given['target'] === undefined
        ? target
        : mergeSide(target, given['target'], `${where}.target`, targetSchema),
    maxWorkers: workers(given['max_workers'], `${where}.max_workers`, asset.maxWorkers),
  };
};

/** The assets with the overrides in them. Throws `plan/overrides-refused`, `plan/unknown-asset` or `plan/bad-request`. */
export const applyOverrides = (
  assets: readonly AssetDefinition[],
  config: JsonObject | undefined,
  known: { readonly allowed: boolean; readonly connectors: readonly Connector[] },
): readonly AssetDefinition[] => {
  if (config === undefined || Object.keys(config).length === 0) return assets;
  if (!known.allowed) throw refuse('config', 'this project does not allow overrides');
  const names = assets.map((asset) => asset.name);
  const unknown = Object.keys(config).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TidemarkError(
      unknownAsset,
      `input of the run, config: ${shown(unknown)} is not an asset of this run; its assets: ${names.join(', ')}`,
    );
  }
  return assets.map((asset) => {
    const given = config[asset.name];
    return given === undefined ? asset : overrideAsset(asset, given, known.connectors);
  });
};
