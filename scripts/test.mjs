/**
 * `npm test`: sets up what is missing, then runs all tests; arguments go to Vitest (`npm test -- --project unit`).
 * The last line is `N passed, N failed, N skipped` over all projects, whatever happened before.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setup } from './setup.mjs';
import { root, runScript, runShown, say } from './steps.mjs';

/** A file that cannot even be loaded has no tests in the report; it counts as one that failed. */
const count = (report) => {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
};

/** One line for each test that failed: where, its name, how its message begins. Totals stand last, so these stand just above. */
const failures = (report) =>
  report.testResults
    .filter((file) => file.status === 'failed')
    .flatMap((file) => {
      const place = relative(root, file.name);
      const first = (text) => (text ?? '').split('\n').slice(0, 6).join(' | ').slice(0, 600);
      const tests = file.assertionResults.filter((test) => test.status === 'failed');
      if (tests.length === 0) return [`${place}: ${first(file.message)}`];
      return tests.map((test) => `${place}: ${test.fullName}: ${first(test.failureMessages[0])}`);
    });

const runTests = async (cliPath) => {
  const folder = join(root, '.tidemark');
  const reportFile = join(folder, `test-report-${process.pid}.json`);
  mkdirSync(folder, { recursive: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const env = { ...process.env, TEMPORAL_CLI_PATH: cliPath };
  try {
    const code = await runShown(
      process.execPath,
      [vitest, 'run', ...reporters, ...process.argv.slice(2)],
      env,
    );
    if (!existsSync(reportFile)) return { code, passed: 0, failed: 1, skipped: 0 };
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    for (const line of failures(report)) say(`failed: ${line}`);
    return { code, ...count(report) };
  } finally {
    rmSync(reportFile, { force: true });
  }
};

await runScript(async () => {
  let totals = { code: 1, passed: 0, failed: 1, skipped: 0 };
  try {
    totals = await runTests(await setup());
    if (totals.code !== 0 && totals.failed === 0) {
      // An error outside every test, such as an unhandled rejection: Vitest has shown it, the totals must too.
      totals.failed = 1;
    }
  } finally {
    process.on('exit', () =>
      say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`),
    );
  }
  return totals.failed > 0 ? totals.code || 1 : 0;
});
