#!/usr/bin/env node
/** The program `tidemark`: streams, signals and the exit code of the process; everything else is a command. */
import { connectors } from '../connectors/all.js';
import { commands } from './all.js';
import { exitCodes, type Terminal } from './command.js';
import { ownVersion } from './own-version.js';
import { runProgram } from './program.js';

// We test on Node 20; the SDK's notice about its own plans would stand before every answer that opens S3.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const stopping = new AbortController();
const stop = (): void => {
  stopping.abort();
  // A second Ctrl-C ends a command that does not stop.
  process.once('SIGINT', () => process.exit(exitCodes.interrupted));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
process.once('SIGHUP', stop);
// `tidemark list | head` closes our output; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.findings);
});

const noColor = process.env['NO_COLOR'];
const terminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  color: process.stdout.isTTY === true && (noColor === undefined || noColor === ''),
  cwd: process.cwd(),
  env: process.env,
  connectors,
  signal: stopping.signal,
};

process.exitCode = await runProgram(
  process.argv.slice(2),
  { commands, version: ownVersion() },
  terminal,
);
