/** `npm run check`: types, lint, format and the unit tests, all of them even when one fails; under a minute. */
import { join } from 'node:path';
import { root, runScript, runShown, say, seconds } from './steps.mjs';

const checks = [
  ['types', 'typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['lint', 'eslint/bin/eslint.js', ['.']],
  ['format', 'prettier/bin/prettier.cjs', ['--check', '.']],
  ['unit tests', 'vitest/vitest.mjs', ['run', '--project', 'unit']],
];

await runScript(async () => {
  const failed = [];
  for (const [index, [title, program, args]] of checks.entries()) {
    const started = Date.now();
    say(`[${index + 1}/${checks.length}] ${title}`);
    const code = await runShown(process.execPath, [join(root, 'node_modules', program), ...args]);
    say(`      ${code === 0 ? 'fine' : 'FAILED'} (${seconds(started)})`);
    if (code !== 0) failed.push(title);
  }
  say(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});
