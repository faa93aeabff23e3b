/**
 * `node bench/run.mjs NAME…`: compiles the sources and the benches into a folder of their own, then runs the named
 * benches (all of them without a name) one after the other. The data lies in memory where the machine has /dev/shm.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const folder = dirname(fileURLToPath(import.meta.url));
const root = dirname(folder);
const built = join(root, 'node_modules', '.cache', 'tidemark', 'bench');
const suffix = '.bench.ts';

const run = (program, args, env) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', env });
    child.once('exit', (code) => resolve(code ?? 1));
  });

const build = async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const code = await run(process.execPath, [tsc, '-p', join(folder, 'tsconfig.json')], process.env);
  if (code !== 0) throw new Error('the benches do not compile');
  mkdirSync(built, { recursive: true });
  writeFileSync(join(built, 'package.json'), '{ "type": "module" }\n');
  const workflowsPath = join(built, 'workflows', 'index.js');
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  writeFileSync(join(built, 'workflow-bundle.js'), bundle.code);
};

const known = readdirSync(folder)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length));

const main = async () => {
  const asked = process.argv.slice(2).filter((arg) => arg !== '--no-build');
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`no bench is called ${unknown}; there are: ${known.join(', ')}`);
    return 2;
  }
  if (!process.argv.includes('--no-build')) await build();
  const shared = '/dev/shm';
  const env = {
    ...process.env,
    ...(existsSync(shared) ? { TMPDIR: shared } : {}),
    // versitygw closes every connection after its answer unless told otherwise; no S3 service does that.
    VGW_KEEP_ALIVE: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  let worst = 0;
  for (const name of asked.length > 0 ? asked : known) {
    const code = await run(process.execPath, [join(built, 'bench', `${name}.bench.js`)], env);
    worst = Math.max(worst, code);
  }
  return worst;
};

process.exitCode = await main();
