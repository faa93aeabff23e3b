/**
 * Options as people may see them: what stands in a secret field is hidden, unless it is a reference, which is no
 * secret and helps to find one.
 */
import type { Connector } from '../connectors/connector.js';
import { sideDeclaration } from '../connectors/sides.js';
import type { z } from 'zod';
import type { JsonObject } from '../core/values/json.js';
import { connectorOfKind } from '../planner/connections.js';
import { factsAt, mapTexts } from '../planner/option-fields.js';

const mask = '******';

/** Exactly one reference: text around it could be a secret. */
const isReference = (text: string): boolean =>
  /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text.trim()) ||
  /^\{\{\s*(env\.[A-Za-z_]\w*|vars\.[A-Za-z_]\w*|fn\.secrets\.get\(\s*(['"])[A-Za-z_]\w*\2\s*\))\s*\}\}$/.test(
    text.trim(),
  );

const masked = (options: JsonObject, schema: z.ZodType): JsonObject =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (
        typeof value !== 'object' &&
        typeof value !== 'string' &&
        factsAt(schema, [name]).secret === true
      )
        return [name, mask];
      const shown = mapTexts(value, (text, path) =>
        factsAt(schema, [name, ...path]).secret === true && !isReference(text) ? mask : text,
      );
      return [name, shown];
    }),
  );

export const maskOptions = (
  options: JsonObject,
  side: 'source' | 'target' | 'connection',
  kind: string,
  connectors: readonly Connector[],
): JsonObject => {
  const connector = connectorOfKind(connectors, kind);
  const declared = side === 'connection' ? connector.connection : sideDeclaration(connector, side);
  const schema = declared?.options;
  return schema === undefined ? {} : masked(options, schema);
};
