/** `npm run demo`: sets up what is missing, then runs the demo with all arguments passed on. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { endOf, root, runScript, StepError } from './steps.mjs';

await runScript(async () => {
  const cliPath = await setup();
  const main = join(root, 'dist', 'demo', 'main.js');
  if (!existsSync(main)) throw new StepError(`the demo was not built: ${main} does not exist`);
  const env = { ...process.env, TEMPORAL_CLI_PATH: cliPath };
  return endOf(
    spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit', env }),
  );
});
