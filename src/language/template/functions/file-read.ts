import { TidemarkError } from '../../../core/errors/error.js';
import { checkTextLength } from '../budget.js';
import { badFilePath } from '../errors.js';
import { textArgument } from '../signature.js';
import { defineFunction } from './function.js';

/** The path without `.` and `..`, or undefined when it leaves the folder, is absolute or empty. */
const insideProject = (path: string): string | undefined => {
  if (/^[/\\]|^[A-Za-z]:|[\\\0]/.test(path)) return undefined;
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..' && steps.pop() === undefined) return undefined;
    if (!['', '.', '..'].includes(step)) steps.push(step);
  }
  return steps.length === 0 ? undefined : steps.join('/');
};

export const fileRead = defineFunction({
  name: 'file.read',
  summary: 'The text of a file inside the project folder.',
  args: [{ name: 'path', summary: 'Relative to the project folder, with /.' }],
  examples: [{ expression: "fn.file.read('sql/orders.sql')", gives: 'SELECT 1\n' }],
  at: 'planning',
  run: (call, context) => {
    const path = textArgument(call, 0);
    const shown = JSON.stringify(path.slice(0, 200));
    const inside = insideProject(path);
    if (inside === undefined)
      throw new TidemarkError(
        badFilePath,
        `evaluating ${call.what}: ${shown} does not lie inside the project folder`,
      );
    if (context.readFile === undefined)
      throw new TidemarkError(
        badFilePath,
        `evaluating ${call.what}: ${shown} cannot be read here; files are read when a run is planned`,
      );
    const text = context.readFile(inside);
    if (text === undefined)
      throw new TidemarkError(
        badFilePath,
        `evaluating ${call.what}: there is no file ${shown} in the project folder`,
      );
    checkTextLength(call.budget, text.length);
    return text;
  },
});
