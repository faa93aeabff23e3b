/** `node scripts/generate.mjs`: writes the generated files anew. The tests that check them do the writing. */
import { join } from 'node:path';
import { root, runScript, runShown } from './steps.mjs';

await runScript(() => {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [
    'run',
    '--project',
    'unit',
    'test/architecture/errors.test.ts',
    'test/reference/reference.test.ts',
    '-t',
    'generate.mjs',
  ];
  return runShown(process.execPath, [vitest, ...args], { ...process.env, UPDATE_GENERATED: '1' });
});
