/** Statements are bound when the rows are planned (D14); as options they would be text with values pasted in. */
import type { JsonObject } from '../core/values/json.js';

export { statementFields } from '../connectors/row-fields.js';

export const partOf = (options: JsonObject, isWanted: (name: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(options).filter(([name]) => isWanted(name)));
