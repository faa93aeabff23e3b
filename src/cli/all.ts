/** Every command, alphabetical; the help shows them in this order. */
import type { CliCommand } from './command.js';
import { apply } from './apply.js';
import { describe } from './describe.js';
import { dev } from './dev.js';
import { explain } from './explain.js';
import { inspect } from './inspect.js';
import { lint } from './lint.js';
import { list } from './list.js';
import { runCommand } from './run.js';
import { worker } from './worker.js';

export const commands: readonly CliCommand[] = [
  apply,
  describe,
  dev,
  explain,
  inspect,
  lint,
  list,
  runCommand,
  worker,
];
