/**
 * Plants one bug after the other into a copy of the tree and expects the named test to fail: a test that catches nothing
 * protects nothing. `node scripts/planted-bugs.mjs [NAME…]`; the list is test/faults/planted-bugs.json. Needs a build.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { root, say } from './steps.mjs';

const wanted = process.argv.slice(2);
const bugs = JSON.parse(readFileSync(join(root, 'test/faults/planted-bugs.json'), 'utf8')).filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);

/** Files of the copy are hard links: they are replaced, never written into. */
const replaceFile = (path, text) => {
  rmSync(path);
  writeFileSync(path, text);
};

const shell = (folder, program, args, env = {}) =>
  spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  });

const compiled = (text) =>
  ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  }).outputText;

/** The source, what was compiled from it, and what workflows are bundled from. */
const write = (folder, file, text) => {
  replaceFile(join(folder, file), text);
  replaceFile(join(folder, 'dist', file.replace(/\.ts$/, '.js')), compiled(text));
  if (!/^(src\/core|workflows)\//.test(file)) return;
  const bundled = shell(folder, process.execPath, ['scripts/bundle-workflows.mjs']);
  if (bundled.status !== 0) throw new Error(`the bundle of ${file}: ${bundled.stderr}`);
};

/** What the failing test said; null when it passed. */
const complaint = (folder, { project = 'integration', test, title, env }) => {
  const only = title === '' ? [] : ['-t', title];
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, test, ...only];
  const { status, stdout, stderr } = shell(folder, process.execPath, args, env);
  if (status === 0) return null;
  // Totals stand in one of the two, messages in the other.
  const plain = `${stdout}\n${stderr}`.replace(/\u001b\[\d+m/g, '');
  if (!/Tests\s.*?\d+ failed/.test(plain)) throw new Error(`${test} did not run:\n${plain}`);
  return /^\s*\w*Error: .*$/m.exec(plain)?.[0].trim() ?? 'it failed without a message';
};

const folder = mkdtempSync(join(tmpdir(), 'tidemark-planted-'));
let missed = 0;
try {
  const copied = shell(root, 'cp', ['-al', `${root}/.`, folder]);
  if (copied.status !== 0) throw new Error(copied.stderr);
  rmSync(join(folder, 'dist', 'workflow-bundle.js'), { force: true });
  const bundled = shell(folder, process.execPath, ['scripts/bundle-workflows.mjs']);
  if (bundled.status !== 0) throw new Error(bundled.stderr);
  for (const bug of bugs) {
    const sound = readFileSync(join(folder, bug.file), 'utf8');
    if (sound.split(bug.search).length !== 2) throw new Error(`${bug.name}: no such place`);
    write(
      folder,
      bug.file,
      sound.replace(bug.search, () => bug.replace),
    );
    const startedMs = performance.now();
    const said = complaint(folder, bug);
    if (said === null) missed++;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    say(
      `${said === null ? 'MISSED' : 'caught'}  ${bug.name}  by ${bug.test} › ${bug.title} (${seconds} s)`,
    );
    if (said !== null) say(`        ${said}`);
    write(folder, bug.file, sound);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(`${String(bugs.length - missed)} of ${String(bugs.length)} planted bugs caught`);
process.exit(missed === 0 ? 0 : 1);
