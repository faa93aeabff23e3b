/**
 * What `tidemark run` and `tidemark backfill` take: from their options to a run's input; refuses what cannot be started
 * before anything is.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { RunRequest } from '../core/plan/plan.js';
import { suggest } from '../core/values/suggest.js';
import type { Definition } from '../language/definition/definition.js';
import { unknownAsset } from '../planner/errors.js';
import { checkPartitions } from '../planner/plan-backfill.js';
import { resolveName } from '../planner/resolve-name.js';
import {
  type CommandInput,
  type CommandOption,
  formatOption,
  layerOptions,
  type Terminal,
} from './command.js';
import { badUsage } from './errors.js';
import { taskQueueOption, withClient } from './live.js';
import { listOption } from './project.js';

/** Options of both; `words` say what they are about. */
export const requestOptions = (words: {
  readonly refresh: string;
  readonly format: string;
}): readonly CommandOption[] => [
  {
    flags: '--param <name=value>',
    summary: 'value of a parameter; asset.name=value for one asset',
    repeatable: true,
  },
  { flags: '--assets <names>', summary: 'only these assets of the job, with commas between' },
  { flags: '--full-refresh', summary: words.refresh },
  { flags: '--detach', summary: 'start it and return; the id is printed' },
  taskQueueOption,
  ...layerOptions,
  { ...formatOption, summary: words.format },
];

const paramsOf = (given: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    listOption(given).map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new TidemarkError(badUsage, `--param is ${JSON.stringify(text)}`, {
        fix: 'Write --param name=value.',
      });
    }),
  );

const assetsOf = (given: unknown): readonly string[] =>
  listOption(given)
    .flatMap((text) => text.split(',').map((name) => name.trim()))
    .filter((name) => name !== '');

/** Throws `plan/unknown-name`, `plan/unknown-asset` or, for a sensor, `cli/bad-usage`. */
const checkStartable = (definition: Definition, name: string, assets: readonly string[]): void => {
  const found = resolveName(definition, name);
  if (found.kind === 'sensor') {
    throw new TidemarkError(badUsage, `${JSON.stringify(name)} is a sensor, which does not end`, {
      fix: `Start it with \`tidemark apply\`, or run what it starts: \`tidemark run ${found.sensor.job}\`.`,
    });
  }
  const known = found.kind === 'job' ? found.job.assets : [found.asset.name];
  for (const asset of assets) {
    if (known.includes(asset)) continue;
    const near = suggest(asset, known);
    const fix = near === undefined ? {} : { fix: `Did you mean ${near}?` };
    throw new TidemarkError(
      unknownAsset,
      `${name} has no asset ${JSON.stringify(asset)} (it has: ${known.join(', ')})`,
      fix,
    );
  }
};

const requestOf = (input: CommandInput): RunRequest => {
  const { partition, param, assets, fullRefresh } = input.options;
  const params = paramsOf(param);
  const names = assetsOf(assets);
  return {
    ...(typeof partition === 'string' ? { partition } : {}),
    ...(Object.keys(params).length === 0 ? {} : { params }),
    ...(names.length === 0 ? {} : { assets: names }),
    ...(fullRefresh === true ? { full_refresh: true } : {}),
  };
};

/** Starts what the input names, with `more` beside what its options ask for, and follows it to its account. */
export const request = (
  input: CommandInput,
  terminal: Terminal,
  more: Pick<RunRequest, 'partition_range'> = {},
): Promise<number> => {
  const [name = ''] = input.args;
  const asked = { ...requestOf(input), ...more };
  return withClient(
    input,
    terminal,
    async (connected) => {
      const { startAndFollow } = await import('./start-run.js');
      return startAndFollow(connected, name, asked, input);
    },
    (definition) => {
      checkStartable(definition, name, asked.assets ?? []);
      checkPartitions(definition, asked, { name, atMs: Date.now() });
    },
  );
};
