/** Every command, alphabetical; the help shows them in this order. */
import type { CliCommand } from './command.js';
import { describe } from './describe.js';
import { explain } from './explain.js';
import { inspect } from './inspect.js';
import { lint } from './lint.js';
import { list } from './list.js';

export const commands: readonly CliCommand[] = [describe, explain, inspect, lint, list];
