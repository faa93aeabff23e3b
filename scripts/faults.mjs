/** `npm run faults`: sets up what is missing, compiles the suite into a folder of its own, and runs it; what workers say goes to a log. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { endOf, root, runLogged, runScript, say } from './steps.mjs';

const built = join(root, 'node_modules', '.cache', 'tidemark', 'faults');

await runScript(async () => {
  const cliPath = await setup();
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await runLogged(process.execPath, [tsc, '-p', 'test/faults/command'], 'faults-build.log');
  mkdirSync(built, { recursive: true });
  writeFileSync(join(built, 'package.json'), '{ "type": "module" }\n');
  const env = {
    ...process.env,
    TEMPORAL_CLI_PATH: cliPath,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const main = join(built, 'test', 'faults', 'command', 'main.js');
  const log = join(root, '.tidemark', 'logs', 'faults.log');
  say(`what workers say: ${log}`);
  const stdio = ['inherit', 'inherit', openSync(log, 'w')];
  return endOf(
    spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd: root, stdio, env }),
  );
});
