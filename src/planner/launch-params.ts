/**
 * Parameters of a run, ranked for each asset (D10): launch `asset.name` > launch `name` > `ops_config` >
 * `job_overrides` > default of `params_schema` > the asset's own value.
 *
 * Values of `ops_config` and `job_overrides` may be templates. Values of a launch never are: they are hostile, so
 * braces in them stay text.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { JsonObject, JsonValue } from '../core/values/json.js';
import { suggest } from '../core/values/suggest.js';
import type { JobDefinition, ParameterDefinition } from '../language/definition/definition.js';
import { missingParameter, unknownParameter } from './errors.js';
import { mapTexts } from './option-fields.js';
import { castParameter } from './parameter-value.js';
import type { Mention, TemplateScope } from './templates.js';
import { renderText } from './templates.js';

/** An asset of the run, with every mention of its own templates. */
export interface ParameterUser {
  readonly name: string;
  readonly params: JsonObject;
  readonly mentions: readonly Mention[];
}

export interface Launch {
  readonly params: JsonObject;
  /** Null: an asset was started by itself. */
  readonly job: JobDefinition | null;
  /** Every asset of the job, so that a value for one that was left out is not refused. */
  readonly assetNames: readonly string[];
  /** What templates of `ops_config` and `job_overrides` see beside `params`. */
  readonly scope: TemplateScope;
}

const declaredFor = (job: JobDefinition | null, asset: string): readonly ParameterDefinition[] => {
  const all = (job?.params ?? []).filter((entry) => entry.asset === null || entry.asset === asset);
  const own = new Set(all.filter((entry) => entry.asset !== null).map((entry) => entry.name));
  return all.filter((entry) => entry.asset !== null || !own.has(entry.name));
};

const usedNames = (user: ParameterUser): readonly string[] =>
  user.mentions.flatMap(({ path }) =>
    path[0] === 'params' && path[1] !== undefined ? [path[1]] : [],
  );

const knownNames = (user: ParameterUser, job: JobDefinition | null): readonly string[] => [
  ...declaredFor(job, user.name).map((entry) => entry.name),
  ...Object.keys(job?.overrides ?? {}),
  ...Object.keys(job?.assetOverrides[user.name] ?? {}),
  ...Object.keys(user.params),
  ...usedNames(user),
];

/** `asset.name` → both parts, where the job has such an asset; of two, the longer name wins. */
const splitName = (
  key: string,
  assets: readonly string[],
): { asset: string | null; name: string } => {
  const owners = assets.filter((asset) => key.startsWith(`${asset}.`));
  const asset = owners.sort((a, b) => b.length - a.length)[0] ?? null;
  return { asset, name: asset === null ? key : key.slice(asset.length + 1) };
};

/** Throws `plan/unknown-parameter` for a launch value that nothing declares or uses. */
export const checkLaunchNames = (users: readonly ParameterUser[], launch: Launch): void => {
  const selected = new Set(users.map((user) => user.name));
  const everywhere = [...new Set(users.flatMap((user) => knownNames(user, launch.job)))].sort();
  for (const key of Object.keys(launch.params)) {
    if (everywhere.includes(key)) continue;
    const { asset, name } = splitName(key, launch.assetNames);
    // The asset is in the job but not in this run: its value waits for a run that has it.
    if (asset !== null && !selected.has(asset)) continue;
    const user = users.find((candidate) => candidate.name === asset);
    if (user !== undefined && knownNames(user, launch.job).includes(name)) continue;
    const near = suggest(name, everywhere);
    const subject = asset === null ? '' : ` of asset "${asset}"`;
    throw new TidemarkError(
      unknownParameter,
      `parameter ${JSON.stringify(name)}${subject} is not known; known: ${everywhere.join(', ') || 'none'}`,
      near === undefined ? {} : { fix: `Did you mean ${near}?` },
    );
  }
};

const rendered = (
  values: JsonObject,
  soFar: JsonObject,
  launch: Launch,
  where: string,
): JsonObject =>
  mapTexts(values, (text, path) =>
    renderText(
      text,
      { ...launch.scope, params: soFar },
      `${where}, parameter ${path.map(String).join('.')}`,
    ),
  ) as JsonObject;

/** Values in the order of rank, the lowest first; `where` names each source for messages. */
const layers = (user: ParameterUser, launch: Launch) => {
  const { job } = launch;
  const own = Object.entries(launch.params).flatMap(([key, value]) => {
    const { asset, name } = splitName(key, launch.assetNames);
    return asset === user.name ? [[name, value] as const] : [];
  });
  return [
    { where: `asset "${user.name}"`, values: user.params, template: true },
    { where: 'job_overrides', values: job?.overrides ?? {}, template: true },
    {
      where: `ops_config of "${user.name}"`,
      values: job?.assetOverrides[user.name] ?? {},
      template: true,
    },
    { where: 'input of the run', values: launch.params, template: false },
    { where: 'input of the run', values: Object.fromEntries(own), template: false },
  ] as const;
};

/** The values that one asset sees; what nobody gave is absent. Throws `plan/bad-parameter`. */
export const rankParams = (user: ParameterUser, launch: Launch): JsonObject => {
  const declared = declaredFor(launch.job, user.name);
  const known = new Set(knownNames(user, launch.job));
  const defaults = declared.flatMap((entry) =>
    entry.default === undefined ? [] : [[entry.name, entry.default] as const],
  );
  const [lowest, ...upper] = layers(user, launch);
  let params: JsonObject = { ...lowest.values, ...Object.fromEntries(defaults) };
  for (const { where, values, template } of upper) {
    const relevant = Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name)));
    const resolved = template ? rendered(relevant, params, launch, where) : relevant;
    const cast = Object.entries(resolved).map(([name, value]): [string, JsonValue] => {
      const entry = declared.find((candidate) => candidate.name === name);
      return [name, entry === undefined ? value : castParameter(entry, value, where)];
    });
    params = { ...params, ...Object.fromEntries(cast) };
  }
  return params;
};

/** Throws `plan/missing-parameter`, which names all that are required or used and have no value. */
export const checkMissing = (
  user: ParameterUser,
  params: JsonObject,
  job: JobDefinition | null,
): void => {
  const required = declaredFor(job, user.name).filter((entry) => entry.required);
  const used = user.mentions.flatMap(({ path, optional }) =>
    path[0] === 'params' && path[1] !== undefined && !optional ? [path[1]] : [],
  );
  const needed = [...new Set([...required.map((entry) => entry.name), ...used])].sort();
  const missing = needed.filter((name) => !Object.hasOwn(params, name));
  if (missing.length === 0) return;
  const names = missing.map((name) => JSON.stringify(name)).join(', ');
  const example = JSON.stringify({ params: { [missing[0] ?? '']: '…' } });
  throw new TidemarkError(
    missingParameter,
    `asset "${user.name}" needs a value for ${missing.length === 1 ? 'parameter' : 'parameters'} ${names}`,
    { fix: `Pass it in the input of the run: ${example}` },
  );
};
