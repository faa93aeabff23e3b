/** Connections: the `resources:` mapping of all layers, checked by each connector's own declaration. */
import type { Connector } from '../../connectors/connector.js';
import { objectFields } from '../../connectors/fields.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import { suggest } from '../../core/values/suggest.js';
import type { ConnectionDefinition } from './definition.js';
import { notSupported, plaintextSecret, unknownType } from './diagnostics.js';
import type { Draft, LoadContext } from './draft.js';
import { holdsTemplate, optionTexts, readOptions } from './options.js';
import { withMeantKeys } from './meant-keys.js';
import { placedAt, placedEntries, type Placed } from './placed.js';
import { pathText, readShape, type Reading } from './reading.js';
import { refusedConnectionTypes } from './refused.js';
import { connectionShape } from './shapes.js';

const connectorOf = (
  type: string,
  placed: Placed,
  reading: Reading,
  connectors: readonly Connector[],
): Connector | undefined => {
  const found = connectors.find((connector) => connector.connection.types.includes(type));
  if (found !== undefined) return found;
  const known = connectors.flatMap((connector) => connector.connection.types).sort();
  const span = placed.span(['type'], 'value');
  const refused = Object.hasOwn(refusedConnectionTypes, type)
    ? refusedConnectionTypes[type]
    : undefined;
  if (refused !== undefined) {
    reading.report(diagnose(notSupported, span, `${reading.what}: ${type} ${refused}`, { known }));
    return undefined;
  }
  const near = suggest(type, known);
  reading.report(
    diagnose(unknownType, span, `${reading.what}: type ${JSON.stringify(type)} is not known`, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      known,
    }),
  );
  return undefined;
};

const isReference = (text: string): boolean => holdsTemplate(text) || text.startsWith('env:');

/** Promise G10: a secret in a file is one that everybody who reads the repository has. */
const warnOfPlaintext = (connector: Connector, config: Placed, reading: Reading): void => {
  for (const { path, text, facts } of optionTexts(connector.connection.options, config.value)) {
    if (facts.secret !== true || text === '' || isReference(text)) continue;
    const message = `${reading.what}: ${pathText(path)} is a secret in plain text`;
    reading.report(
      diagnose(plaintextSecret, config.span(path, 'value'), message, {
        fix: `Write "{{ env.NAME }}" or "{{ fn.secrets.get('NAME') }}" and set NAME where the worker runs.`,
      }),
    );
  }
};

const readConnection = (
  name: string,
  written: Placed,
  context: LoadContext,
): Draft<ConnectionDefinition> | undefined => {
  const reading = { what: `connection ${JSON.stringify(name)}`, report: context.report };
  const placed = withMeantKeys(written, objectFields(connectionShape), reading);
  const shape = readShape(connectionShape, placed, 'connection', reading);
  if (shape === undefined) return undefined;
  const connector = connectorOf(shape.type, placed, reading, context.connectors);
  if (connector === undefined) return undefined;
  const config = placedAt(placed, 'config');
  const options = { ...config, value: config.value ?? {} };
  const definition: ConnectionDefinition = {
    name,
    kind: connector.kind,
    type: shape.type,
    config: readOptions(connector.connection, options, reading),
    span: placed.span([], 'key'),
  };
  warnOfPlaintext(connector, config, reading);
  return { definition, placed };
};

/** `resources` is the merged mapping, or null; the answer is sorted by name. */
export const readConnections = (
  resources: Placed,
  context: LoadContext,
): readonly Draft<ConnectionDefinition>[] =>
  placedEntries(resources)
    .flatMap(([name, placed]) => readConnection(name, placed, context) ?? [])
    .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
