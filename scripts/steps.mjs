/**
 * Numbered steps on the terminal: each one says what it does, how long it took and how much it made, and no step is
 * silent for more than ten seconds. What child processes print goes to a log, which is shown when one fails.
 *
 * Plain Node without any package: it runs before the dependencies are installed.
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const heartbeatMs = 10_000;
const shownLogLines = 40;

/** An error that is shown without a stack: its message says everything. */
export class StepError extends Error {}

export const say = (text) => process.stdout.write(`${text}\n`);

/** Runs the steps in order. A step is `{ title, run(detail) }`; `run` may return a text for the closing line. */
export const runSteps = async (steps) => {
  for (const [index, step] of steps.entries()) {
    say(`[${index + 1}/${steps.length}] ${step.title}`);
    const started = Date.now();
    const summary = await withHeartbeat(started, step.run);
    say(`      ${summary ?? 'done'} (${seconds(started)})`);
  }
};

const withHeartbeat = async (started, run) => {
  let lastHeard = Date.now();
  const detail = (text) => {
    lastHeard = Date.now();
    say(`      ${text}`);
  };
  const timer = setInterval(() => {
    if (Date.now() - lastHeard >= heartbeatMs) detail(`… still working (${seconds(started)})`);
  }, 1000);
  try {
    return await run(detail);
  } finally {
    clearInterval(timer);
  }
};

export const seconds = (started) => `${((Date.now() - started) / 1000).toFixed(1)} s`;
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** Bytes of all files below a folder. */
export const folderBytes = (folder) => {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += folderBytes(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
};

/** Runs a child to its end with its output in `.tidemark/logs/<log>`; throws with the log's end when it fails. */
export const runLogged = async (program, args, log) => {
  const path = join(root, '.tidemark', 'logs', log);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `$ ${[program, ...args].join(' ')}\n`);
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => appendFileSync(path, piece));
  const ending = await endOf(child);
  if (ending === 0) return;
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-shownLogLines);
  throw new StepError(
    `${program} failed (${ending}); the end of ${path}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  );
};

/** Runs a child that shares our terminal. Where there is no terminal its silence is broken by a heartbeat line. */
export const runShown = async (program, args, env = process.env) => {
  if (process.stdout.isTTY)
    return endOf(spawn(program, args, { cwd: root, stdio: 'inherit', env }));
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
  const started = Date.now();
  let lastHeard = started;
  const pass = (stream, target) =>
    stream.on('data', (piece) => {
      lastHeard = Date.now();
      target.write(piece);
    });
  pass(child.stdout, process.stdout);
  pass(child.stderr, process.stderr);
  const timer = setInterval(() => {
    if (Date.now() - lastHeard < heartbeatMs) return;
    lastHeard = Date.now();
    say(`… still running (${seconds(started)})`);
  }, 1000);
  try {
    return await endOf(child);
  } finally {
    clearInterval(timer);
  }
};

/** The exit code as a shell gives it: 128 + n for a signal, 127 when the program cannot be started. Signals to us reach the child. */
export const endOf = (child) =>
  new Promise((resolve) => {
    const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
    // On a terminal Ctrl-C reaches the child by itself; we only must not end before it does.
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const finish = (code) => {
      for (const signal of Object.keys(signals)) process.off(signal, forward);
      resolve(code);
    };
    for (const signal of Object.keys(signals)) process.on(signal, forward);
    child.once('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      finish(127);
    });
    child.once('close', (code, signal) => finish(code ?? 128 + (signals[signal] ?? 9)));
  });

/** Runs the body of a script and ends the process with its exit code; a StepError is shown without a stack. */
export const runScript = async (body) => {
  try {
    process.exitCode = await body();
  } catch (error) {
    process.stderr.write(`\n${error instanceof StepError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
};
