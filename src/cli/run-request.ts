/** From the options of `tidemark run` to a run's input; refuses what cannot be started before anything is. */
import { TidemarkError } from '../core/errors/error.js';
import type { RunRequest } from '../core/plan/plan.js';
import { suggest } from '../core/values/suggest.js';
import type { Definition } from '../language/definition/definition.js';
import { unknownAsset } from '../planner/errors.js';
import { resolveName } from '../planner/resolve-name.js';
import type { CommandInput } from './command.js';
import { badUsage } from './errors.js';
import { listOption } from './project.js';

const paramsOf = (given: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    listOption(given).map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new TidemarkError(badUsage, `run: --param is ${JSON.stringify(text)}`, {
        fix: 'Write --param name=value.',
      });
    }),
  );

const assetsOf = (given: unknown): readonly string[] =>
  listOption(given)
    .flatMap((text) => text.split(',').map((name) => name.trim()))
    .filter((name) => name !== '');

/** Throws `plan/unknown-name`, `plan/unknown-asset` or, for a sensor, `cli/bad-usage`. */
export const checkStartable = (
  definition: Definition,
  name: string,
  assets: readonly string[],
): void => {
  const found = resolveName(definition, name);
  if (found.kind === 'sensor') {
    throw new TidemarkError(
      badUsage,
      `run: ${JSON.stringify(name)} is a sensor, which does not end`,
      {
        fix: `Start it with \`tidemark apply\`, or run what it starts: \`tidemark run ${found.sensor.job}\`.`,
      },
    );
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

export const requestOf = (input: CommandInput): RunRequest => {
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
