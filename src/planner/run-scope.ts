/** What templates of one asset see, before its items are known (dialect §5.3). Plain JSON. */
import { TidemarkError } from '../core/errors/error.js';
import type { AssetResult, AssetSpec, RunContext } from '../core/plan/plan.js';
import type { JsonObject, JsonValue } from '../core/values/json.js';
import { badConnection } from './errors.js';
import { partitionScope } from './partition-of-run.js';
import { renderText, type TemplateScope } from './templates.js';
import { shown } from './read-request.js';
import { triggerScope } from './trigger-scope.js';

/**
 * What is not known is absent, not null: a template that needs it fails and says its name. `source` holds only
 * `source.trigger` here; options and items are added by who knows them.
 */
export const assetScope = (
  context: RunContext,
  asset: Pick<AssetSpec, 'name' | 'params'>,
  upstreams: Readonly<Record<string, AssetResult>>,
): TemplateScope => {
  const results = Object.entries(upstreams).map(([alias, result]): [string, JsonObject] => [
    alias,
    { result: { ...result } },
  ]);
  const trigger = context.trigger === null ? null : triggerScope(context.trigger);
  const scope: Record<string, JsonValue> = {
    // Aliases first: a root of ours is never hidden by an author's alias.
    ...Object.fromEntries(results),
    env: context.env,
    vars: context.vars,
    params: asset.params,
    run_tags: context.tags,
    ops: { [asset.name]: { config: asset.params } },
    now: context.plannedAt,
    source: trigger === null ? {} : { trigger },
  };
  if (trigger !== null) scope['trigger'] = trigger;
  return { ...scope, ...partitionScope(context.partitionKey) };
};

/** The name of a connection; anything but text is refused. */
export const renderConnectionName = (text: string, scope: TemplateScope, where: string): string => {
  const name = renderText(text, scope, where);
  if (typeof name === 'string' && name !== '') return name;
  throw new TidemarkError(
    badConnection,
    `${where}: ${shown(text)} gives ${shown(name)}; it must give a name`,
  );
};
