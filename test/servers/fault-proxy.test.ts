/**
 * The fault proxy does to a connection what it was asked for, and nothing else.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';

let echo: net.Server;
let targetPort: number;

beforeAll(async () => {
  echo = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  targetPort = (echo.address() as net.AddressInfo).port;
});
afterAll(() => echo.close());

const start = (faults: { delayMs?: number; bytesPerSecond?: number } = {}) =>
  startFaultProxy({ targetHost: '127.0.0.1', targetPort, ...faults });

async function connect(proxy: FaultProxy): Promise<net.Socket> {
  const socket = net.connect({ port: proxy.port, host: proxy.host, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** The next `bytes` bytes; fewer when the connection ends before. */
function receive(socket: net.Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  return new Promise((resolve) => {
    const finish = (): void => resolve(Buffer.concat(chunks));
    socket.once('close', finish).on('error', finish);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received >= bytes) finish();
    });
  });
}

const sleep = (ms: number, value: string) =>
  new Promise<string>((resolve) => setTimeout(resolve, ms, value));

describe('the fault proxy', () => {
  it('forwards both ways unchanged, half-close included, and counts', async () => {
    await using proxy = await start();
    const socket = await connect(proxy);
    const content = randomBytes(3_000_000);
    const back = receive(socket, Infinity);
    socket.end(content);
    expect((await back).equals(content)).toBe(true);
    const counts = { connections: 1, bytesToTarget: 3_000_000, bytesToClient: 3_000_000 };
    expect(proxy.facts()).toMatchObject(counts);
  });

  it('delays each way by the declared time', async () => {
    await using proxy = await start({ delayMs: 30 });
    const socket = await connect(proxy);
    const roundTripsMs: number[] = [];
    for (let round = 0; round < 5; round++) {
      const startMs = performance.now();
      socket.write('x');
      await receive(socket, 1);
      roundTripsMs.push(performance.now() - startMs);
    }
    // The fastest of them: a busy machine makes some longer and none shorter.
    expect(Math.min(...roundTripsMs)).toBeGreaterThanOrEqual(58);
    expect(Math.min(...roundTripsMs)).toBeLessThan(120);
    socket.destroy();
  });

  it('delays bytes without making them wait for each other', async () => {
    const bytes = 64 * 1024 * 1024;
    const source = net.createServer((socket) => {
      socket.on('error', () => undefined).end(Buffer.alloc(bytes));
    });
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
    const { port } = source.address() as net.AddressInfo;
    await using proxy = await startFaultProxy({
      targetHost: '127.0.0.1',
      targetPort: port,
      delayMs: 10,
    });
    const rates: number[] = [];
    // The best of three: another process on the machine must not fail this.
    for (let round = 0; round < 3; round += 1) {
      const startMs = performance.now();
      const socket = await connect(proxy);
      let received = 0;
      socket.on('data', (chunk: Buffer) => (received += chunk.length));
      await new Promise((resolve) => socket.once('end', resolve));
      expect(received).toBe(bytes);
      rates.push(bytes / 1e6 / ((performance.now() - startMs) / 1000));
    }
    source.close();
    // A delay after each piece of 64 KB would allow 6 MB/s; the pipe is an order of magnitude above.
    expect(Math.max(...rates)).toBeGreaterThanOrEqual(60);
  });

  it('limits the rate', async () => {
    await using proxy = await start({ bytesPerSecond: 1_000_000 });
    const socket = await connect(proxy);
    const startMs = performance.now();
    socket.write(Buffer.alloc(300_000));
    await receive(socket, 300_000);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(290);
    socket.destroy();
  });

  it('cuts after exactly the declared byte, once', async () => {
    await using proxy = await start();
    proxy.cutAfter(100_001, 'to-client');
    const socket = await connect(proxy);
    socket.write(Buffer.alloc(300_000));
    expect(await receive(socket, Infinity)).toHaveLength(100_001);
    expect(proxy.facts().bytesToClient).toBe(100_001);
    const next = await connect(proxy);
    next.write(Buffer.alloc(300_000));
    expect(await receive(next, 300_000)).toHaveLength(300_000);
    next.destroy();
  });

  it('cuts open connections now and lets new ones in', async () => {
    await using proxy = await start();
    const socket = await connect(proxy);
    socket.write('x');
    await receive(socket, 1);
    const reset = new Promise((resolve) => socket.once('error', resolve));
    proxy.cutNow();
    expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    const next = await connect(proxy);
    next.write('y');
    expect(String(await receive(next, 1))).toBe('y');
    next.destroy();
  });

  it('keeps a connection open in a black hole and delivers afterwards', async () => {
    await using proxy = await start();
    const socket = await connect(proxy);
    proxy.blackHole(true);
    socket.write('late');
    const back = receive(socket, 4).then(String);
    expect(await Promise.race([back, sleep(100, 'nothing')])).toBe('nothing');
    expect(socket.readyState).toBe('open');
    proxy.blackHole(false);
    expect(await back).toBe('late');
    socket.destroy();
  });

  it('refuses new connections while it is told to', async () => {
    await using proxy = await start();
    proxy.refuse(true);
    const socket = net.connect(proxy.port, proxy.host);
    const end = new Promise((resolve) => socket.once('error', resolve));
    expect(await end).toMatchObject({ code: 'ECONNRESET' });
    proxy.refuse(false);
    const next = await connect(proxy);
    next.write('y');
    expect(String(await receive(next, 1))).toBe('y');
    next.destroy();
  });
});
