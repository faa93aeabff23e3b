/**
 * A long line as a program of its own, so that its work is no part of what is measured: forwards to a port of this
 * machine, each way delayed. Prints the port that it listens on, and ends with its parent.
 */
import { startFaultProxy } from '../test/servers/fault-proxy.js';

const [targetPort, delayMs] = process.argv.slice(2).map(Number);
const proxy = await startFaultProxy({
  targetHost: '127.0.0.1',
  targetPort: targetPort ?? 0,
  delayMs: delayMs ?? 0,
});
process.stdout.write(`${String(proxy.port)}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  process.exit(0);
});
