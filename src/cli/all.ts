/** Every command, alphabetical; the help shows them in this order. */
import type { CliCommand } from './command.js';
import { apply } from './apply.js';
import { backfill } from './backfill.js';
import { describe } from './describe.js';
import { dev } from './dev.js';
import { explain } from './explain.js';
import { init } from './init.js';
import { inspect } from './inspect.js';
import { lint } from './lint.js';
import { list } from './list.js';
import { runCommand } from './run.js';
import { schema } from './schema.js';
import { worker } from './worker.js';

export const commands: readonly CliCommand[] = [
  apply,
  backfill,
  describe,
  dev,
  explain,
  init,
  inspect,
  lint,
  list,
  runCommand,
  schema,
  worker,
];
