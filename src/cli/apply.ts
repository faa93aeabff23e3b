/** `tidemark apply`: schedules and sensors in Temporal, as the project declares them. */
import type { Change } from '../runtime/client/apply-change.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { type Connected, taskQueueOption, withClient } from './live.js';
import { painter } from './paint.js';
import { columns, json } from './table.js';

interface Wish {
  readonly isDryRun: boolean;
  readonly prunes: boolean;
  readonly isJson: boolean;
}

/** `orphan` becomes `delete` with --prune. */
const verbOf = (change: Change, { prunes }: Wish): string =>
  change.action === 'orphan' && prunes ? 'delete' : change.action;

const isDone = (change: Change, { prunes }: Wish): boolean =>
  change.perform !== undefined && (change.action !== 'orphan' || prunes);

const changeJson = (change: Change, wish: Wish) => {
  const { kind, id, paused, detail } = change;
  return { kind, id, action: verbOf(change, wish), paused, detail };
};

/** What runs on when all is done: a paused sensor, and how it is resumed. */
const resumeCommands = (changes: readonly Change[], namespace: string): readonly string[] =>
  changes
    .filter(
      ({ kind, action, paused }) =>
        kind === 'sensor' && paused && action !== 'orphan' && action !== 'foreign',
    )
    .map(
      ({ id }) =>
        `temporal workflow signal --namespace ${namespace} --workflow-id ${id} --name resume`,
    );

const planLines = (changes: readonly Change[], wish: Wish): readonly string[] =>
  columns(
    changes.map((change) => [
      verbOf(change, wish),
      change.kind,
      change.id,
      `${change.detail}${change.paused ? ' (paused)' : ''}`,
    ]),
    '  ',
  );

const hints = (changes: readonly Change[], wish: Wish, namespace: string): readonly string[] => {
  const commands = resumeCommands(changes, namespace);
  const orphans = changes.filter(({ action }) => action === 'orphan').length;
  const foreign = changes.filter(({ action }) => action === 'foreign').length;
  return [
    ...(orphans > 0 && !wish.prunes
      ? [`orphans: ${String(orphans)}, left alone; remove them with: tidemark apply --prune`]
      : []),
    ...(foreign > 0 ? [`foreign: ${String(foreign)}, not touched`] : []),
    ...(commands.length > 0 && !wish.isDryRun
      ? ['paused sensors; resume them with:', ...commands.map((line) => `  ${line}`)]
      : []),
  ];
};

const showPlan = (changes: readonly Change[], wish: Wish, terminal: Terminal): void => {
  if (wish.isJson) return;
  const title = wish.isDryRun ? 'would apply (nothing is changed):' : 'applying:';
  terminal.out(
    painter(terminal.color)(
      changes.length === 0 ? 'no schedules and no sensors are declared' : title,
      'bold',
    ),
  );
  for (const line of planLines(changes, wish)) terminal.out(line);
};

const perform = async (changes: readonly Change[], wish: Wish): Promise<void> => {
  // One after the other: when one fails, the next `apply` goes on from there.
  for (const change of changes) if (isDone(change, wish)) await change.perform?.();
};

const finish = (
  changes: readonly Change[],
  wish: Wish,
  { client, terminal }: Connected,
): number => {
  const { namespace } = client.options;
  const resume = resumeCommands(changes, namespace);
  if (wish.isJson) {
    terminal.out(
      json({
        applied: !wish.isDryRun,
        changes: changes.map((change) => changeJson(change, wish)),
        resume,
      }),
    );
  } else {
    for (const line of hints(changes, wish, namespace)) terminal.out(line);
  }
  return changes.some(({ action }) => action === 'foreign') ? exitCodes.findings : exitCodes.ok;
};

const run = async (input: CommandInput, terminal: Terminal): Promise<number> => {
  const { dryRun, prune, format } = input.options;
  const wish: Wish = {
    isDryRun: dryRun === true,
    prunes: prune === true,
    isJson: format === 'json',
  };
  return withClient(input, terminal, async (connected) => {
    const { client, definition, taskQueue } = connected;
    const { planSchedules } = await import('../runtime/client/schedules.js');
    const { planSensors } = await import('../runtime/client/sensors.js');
    const changes = [
      ...(await planSchedules(client, definition, taskQueue)),
      ...(await planSensors(client, definition, taskQueue)),
    ];
    showPlan(changes, wish, connected.terminal);
    if (!wish.isDryRun) await perform(changes, wish);
    return finish(changes, wish, connected);
  });
};

export const apply = defineCommand({
  name: 'apply',
  summary: 'bring schedules and sensors in Temporal to what the project declares',
  arguments: [],
  options: [
    { flags: '--dry-run', summary: 'print what would be done and stop' },
    {
      flags: '--prune',
      summary:
        'also delete schedules and cancel sensors of this project that are no longer declared',
    },
    taskQueueOption,
    ...layerOptions,
    formatOption,
  ],
  examples: ['apply --dry-run', 'apply', 'apply --prune --format json'],
  run,
});
