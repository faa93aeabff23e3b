/** `tidemark schema`: the JSON Schema of a kind of YAML file, for editors. */
import { TidemarkError } from '../core/errors/error.js';
import { suggest } from '../core/values/suggest.js';
import { fileSchemas } from '../language/schema/file-schemas.js';
import { defineCommand, exitCodes, type CommandInput, type Terminal } from './command.js';
import { badUsage } from './errors.js';
import { columns, json } from './table.js';

const run = (input: CommandInput, terminal: Terminal): Promise<number> => {
  const [kind] = input.args;
  if (kind === undefined) {
    const rows = fileSchemas.map((schema) => [schema.kind, schema.files, schema.summary]);
    terminal.out(columns(rows).join('\n'));
    return Promise.resolve(exitCodes.ok);
  }
  const known = fileSchemas.map((schema) => schema.kind);
  const found = fileSchemas.find((schema) => schema.kind === kind);
  if (found === undefined) {
    const near = suggest(kind, known);
    throw new TidemarkError(
      badUsage,
      `schema ${JSON.stringify(kind)} is not known; known: ${known.join(', ')}`,
      near === undefined ? {} : { fix: `Did you mean ${near}?` },
    );
  }
  terminal.out(json(found.build(terminal.connectors)));
  return Promise.resolve(exitCodes.ok);
};

export const schema = defineCommand({
  name: 'schema',
  summary: 'the JSON Schema of a kind of YAML file, for editors; without a kind, which there are',
  arguments: [
    { syntax: '[kind]', summary: `one of ${fileSchemas.map((one) => one.kind).join(', ')}` },
  ],
  options: [],
  examples: ['schema', 'schema pipelines > pipelines.schema.json'],
  run,
});
