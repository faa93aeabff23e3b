/**
 * Records the histories of test/replay anew, from the fixed scenarios in test/e2e/recorded-scenarios.test.ts. Do this
 * for a new scenario, never to make a failing replay pass: a history stands for a run that somebody still has open.
 */
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'integration', 'test/e2e/recorded-scenarios.test.ts'],
  { stdio: 'inherit', env: { ...process.env, RECORD_HISTORY: '1' } },
);
process.exitCode = status ?? 1;
