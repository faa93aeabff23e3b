/** `tidemark inspect`: what an asset is after defaults are applied and references resolved; secrets are masked. */
import { relative, resolve, sep } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import { suggest } from '../core/values/suggest.js';
import type { JsonObject } from '../core/values/json.js';
import type { Connector } from '../connectors/connector.js';
import { sideDeclaration } from '../connectors/sides.js';
import type {
  AssetDefinition,
  Definition,
  EndpointDefinition,
} from '../language/definition/definition.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { badUsage } from './errors.js';
import { maskOptions } from './mask.js';
import { projectRoot, withDefinition } from './project.js';
import { json, tree } from './table.js';

type Side = 'source' | 'target';

const endpointView = (
  side: Side,
  endpoint: EndpointDefinition,
  definition: Definition,
  connectors: readonly Connector[],
) => {
  const connection = definition.connections.find(({ name }) => name === endpoint.connection);
  return {
    type: endpoint.type,
    connection: endpoint.connection,
    // A templated name has no connection yet.
    ...(connection === undefined
      ? {}
      : { connects: maskOptions(connection.config, 'connection', connection.kind, connectors) }),
    configs: maskOptions(withDefaults(side, endpoint, connectors), side, endpoint.kind, connectors),
  };
};

/** Defaults come from the schema where the options are valid as they are; templates may still stand in the way. */
const withDefaults = (
  side: Side,
  endpoint: EndpointDefinition,
  connectors: readonly Connector[],
): JsonObject => {
  const connector = connectors.find(({ kind }) => kind === endpoint.kind);
  const declared = connector === undefined ? undefined : sideDeclaration(connector, side);
  const parsed = declared?.options.safeParse(endpoint.configs);
  if (parsed?.success !== true) return endpoint.configs;
  // What was written stays as it was written: 8 MiB, not 8388608.
  return { ...(JSON.parse(JSON.stringify(parsed.data)) as JsonObject), ...endpoint.configs };
};

const assetView = (
  asset: AssetDefinition,
  definition: Definition,
  connectors: readonly Connector[],
) => {
  const { name, description, group, source, target, span, ...rest } = asset;
  return {
    name,
    description,
    group,
    place: `${span.file}:${span.line}`,
    jobs: definition.jobs.filter(({ assets }) => assets.includes(name)).map((job) => job.name),
    source: endpointView('source', source, definition, connectors),
    target: target === null ? null : endpointView('target', target, definition, connectors),
    ...rest,
  };
};

const inFile = (
  definition: Definition,
  file: string,
  input: CommandInput,
  terminal: Terminal,
): readonly AssetDefinition[] => {
  const name = relative(projectRoot(input, terminal), resolve(terminal.cwd, file))
    .split(sep)
    .join('/');
  const found = definition.assets.filter(({ span }) => span.file === name);
  if (found.length > 0) return found;
  throw new TidemarkError(badUsage, `inspect: ${file} declares no asset of this project`);
};

const chosen = (
  definition: Definition,
  input: CommandInput,
  terminal: Terminal,
): readonly AssetDefinition[] => {
  const { file } = input.options;
  const [name] = input.args;
  if ((name === undefined) === (file === undefined)) {
    throw new TidemarkError(badUsage, 'inspect: name one asset, or one file with --file');
  }
  if (typeof file === 'string') return inFile(definition, file, input, terminal);
  const bare = (name ?? '').replace(/^asset\./, '');
  const found = definition.assets.find((asset) => asset.name === name || asset.name === bare);
  if (found !== undefined) return [found];
  const names = definition.assets.map((asset) => asset.name);
  const near = suggest(bare, names);
  throw new TidemarkError(
    badUsage,
    `inspect: asset ${JSON.stringify(name)} is not known; known: ${names.join(', ') || 'none'}`,
    near === undefined ? {} : { fix: `Did you mean ${near}?` },
  );
};

const run = (input: CommandInput, terminal: Terminal): Promise<number> =>
  withDefinition(input, terminal, (definition) => {
    const views = chosen(definition, input, terminal).map((asset) =>
      assetView(asset, definition, terminal.connectors),
    );
    const isJson = input.options['format'] === 'json';
    terminal.out(
      isJson ? json(views) : views.map((view) => tree(view, '').join('\n')).join('\n\n'),
    );
    return exitCodes.ok;
  });

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'what an asset is after defaults; secrets are masked',
  arguments: [{ syntax: '[asset]', summary: 'name of the asset' }],
  options: [
    { flags: '-f, --file <file>', summary: 'every asset of this file' },
    ...layerOptions,
    formatOption,
  ],
  examples: ['inspect orders_to_lake', 'inspect -f pipelines/orders.yaml --format json'],
  run,
});
