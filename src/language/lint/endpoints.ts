/** Every source, target and watched place of a project, with the text that it came from: what many rules walk over. */
import type { Connector } from '../../connectors/connector.js';
import type { Span } from '../../core/errors/diagnostic.js';
import type {
  AssetDefinition,
  EndpointDefinition,
  SensorDefinition,
} from '../definition/definition.js';
import type { Draft, ProjectDraft } from '../definition/draft.js';
import { endpointConfigs, sideOf, type Side } from '../definition/endpoint.js';
import { oncePer } from '../definition/once-per.js';
import type { OptionsDeclaration } from '../definition/options.js';
import { placedAt, valueAt, type Placed } from '../definition/placed.js';
import { watchedPlace } from '../definition/sensors.js';

export interface PlacedEndpoint {
  /** `asset "orders": source`. */
  readonly what: string;
  readonly side: Side;
  readonly endpoint: EndpointDefinition;
  /** The mapping of the side itself. */
  readonly placed: Placed;
  /** Its options, in either spelling. */
  readonly configs: Placed;
  readonly connector: Connector | undefined;
  readonly declaration: OptionsDeclaration | undefined;
  readonly asset: AssetDefinition | null;
  readonly sensor: SensorDefinition | null;
}

type Owner = Pick<PlacedEndpoint, 'what' | 'side' | 'asset' | 'sensor'>;

const placeEndpoint = (
  draft: ProjectDraft,
  owner: Owner,
  endpoint: EndpointDefinition,
  placed: Placed,
): PlacedEndpoint => {
  const connector = draft.connectors.find((entry) => entry.kind === endpoint.kind);
  const declaration = connector === undefined ? undefined : sideOf(connector, owner.side);
  return { ...owner, endpoint, placed, configs: endpointConfigs(placed), connector, declaration };
};

const placedSides = (
  draft: ProjectDraft,
  { definition, placed }: Draft<AssetDefinition>,
): readonly PlacedEndpoint[] => {
  const { name, source, target } = definition;
  const what = (side: Side) => `asset ${JSON.stringify(name)}: ${side}`;
  const owner = (side: Side) => ({ what: what(side), side, asset: definition, sensor: null });
  return [
    placeEndpoint(draft, owner('source'), source, placedAt(placed, 'source')),
    ...(target === null
      ? []
      : [placeEndpoint(draft, owner('target'), target, placedAt(placed, 'target'))]),
  ];
};

const sidesOfAssets = oncePer(
  (draft: ProjectDraft) => new Map(draft.assets.map((asset) => [asset, placedSides(draft, asset)])),
);

export const assetEndpoints = (
  draft: ProjectDraft,
  asset: Draft<AssetDefinition>,
): readonly PlacedEndpoint[] => sidesOfAssets(draft).get(asset) ?? placedSides(draft, asset);

export const sensorEndpoint = (
  draft: ProjectDraft,
  { definition, placed }: Draft<SensorDefinition>,
): PlacedEndpoint =>
  placeEndpoint(
    draft,
    {
      what: `sensor ${JSON.stringify(definition.name)}`,
      side: 'watch',
      asset: null,
      sensor: definition,
    },
    definition.source,
    watchedPlace(placed),
  );

export const allEndpoints = oncePer((draft: ProjectDraft): readonly PlacedEndpoint[] => [
  ...draft.assets.flatMap((asset) => assetEndpoints(draft, asset)),
  ...draft.sensors.map((sensor) => sensorEndpoint(draft, sensor)),
]);

/** Where the name of the connection stands: beside `type`, or inside the options. */
export const connectionSpan = ({ placed }: PlacedEndpoint): Span =>
  valueAt(placed.value, ['connection']) === undefined
    ? placed.span(['configs', 'connection'], 'value')
    : placed.span(['connection'], 'value');
