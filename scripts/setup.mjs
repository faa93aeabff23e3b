/**
 * What `npm test` and `npm run demo` need on a machine that has only Node: the locked dependencies, a build of the
 * sources as they are now, and a Temporal CLI that works. Each step does nothing when there is nothing to do.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  folderBytes,
  megabytes,
  root,
  runLogged,
  runSteps,
  say,
  seconds,
  StepError,
} from './steps.mjs';

const oldestNode = [20, 19];
const lockStamp = join(root, 'node_modules', '.tidemark-lock');
const buildStamp = join(root, 'dist', '.tidemark-build');
const sourceFolders = ['src', 'workflows', 'activities', 'demo'];
const buildFiles = [
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/bundle-workflows.mjs',
];

/** Resolves to the path of the Temporal CLI. */
export const setup = async () => {
  const started = Date.now();
  let cliPath;
  await runSteps([
    { title: 'Node', run: checkNode },
    { title: 'dependencies', run: installDependencies },
    { title: 'build', run: build },
    {
      title: 'Temporal CLI',
      run: async (detail) => {
        const cli = await findCli(detail);
        cliPath = cli.path;
        return `${cli.version} from ${cli.from}: ${cli.path}, ${megabytes(statSync(cli.path).size)}`;
      },
    },
  ]);
  say(`ready after ${seconds(started)}`);
  return cliPath;
};

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor))
    return `${process.versions.node}`;
  throw new StepError(
    `Node ${process.versions.node} is too old: Tidemark needs Node ${oldestNode.join('.')} or newer (https://nodejs.org)`,
  );
};

const digestOf = (paths) => {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
};

const readIfThere = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

const installDependencies = async (detail) => {
  const lock = digestOf(['package-lock.json']);
  if (readIfThere(lockStamp) === lock) return 'up to date';
  if (!isInstalledAsLocked()) {
    detail('npm ci (the locked versions; about 500 MB)');
    // A user's NODE_ENV=production would leave out what the build and the tests need.
    await npm(['ci', '--include=dev', '--no-audit', '--no-fund']);
  }
  writeFileSync(lockStamp, lock);
  return `node_modules, ${megabytes(folderBytes(join(root, 'node_modules')))}`;
};

/** npm keeps its own record of what it installed; so an installation by hand is recognised. */
const isInstalledAsLocked = () => {
  const record = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages ?? {};
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true;
    // Optional packages for other platforms are locked but not installed.
    if (installed[path] === undefined) return entry.optional === true || entry.devOptional === true;
    return installed[path].version === entry.version;
  });
};

/** The npm that runs us, when one does: it may not be the one on PATH. */
const npm = (args) => {
  const self = process.env.npm_execpath;
  const isNpm = self !== undefined && /npm-cli\.c?js$/.test(self);
  return isNpm
    ? runLogged(process.execPath, [self, ...args], 'npm-ci.log')
    : runLogged('npm', args, 'npm-ci.log');
};

const sources = () => {
  const found = [];
  for (const folder of sourceFolders.filter((name) => existsSync(join(root, name)))) {
    for (const entry of readdirSync(join(root, folder), { recursive: true })) {
      const path = join(folder, String(entry));
      if (/\.ts$/.test(path) && !/\.(test|fixture)\.ts$/.test(path)) found.push(path);
    }
  }
  return found.sort();
};

const build = async (detail) => {
  const stamp = digestOf([...buildFiles, ...sources()]);
  if (readIfThere(buildStamp) === stamp) return 'up to date';
  // From nothing, so that no file of a source that is gone stays behind.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  detail('compiling TypeScript');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await runLogged(process.execPath, [compiler, '-p', 'tsconfig.build.json'], 'build.log');
  detail('bundling the workflows');
  await runLogged(process.execPath, [join(root, 'scripts', 'bundle-workflows.mjs')], 'bundle.log');
  writeFileSync(buildStamp, stamp);
  return `dist, ${megabytes(folderBytes(join(root, 'dist')))}`;
};

const findCli = async (onStep) => {
  const folder = new URL('../dist/src/devstack/temporal/', import.meta.url);
  const { cacheFolder } = await import(new URL('cache-folder.js', folder).href);
  const { findTemporalCli } = await import(new URL('find-cli.js', folder).href);
  try {
    return await findTemporalCli({ env: process.env, cacheDir: cacheFolder(process.env), onStep });
  } catch (error) {
    throw new StepError(error.message, { cause: error });
  }
};
