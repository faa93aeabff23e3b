/** Ports of this machine, as the system gives them. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort } from './ports.js';

const ip = '127.0.0.1';
const wanted = { purpose: 'the test', ip };

const listen = async (port: number): Promise<Server> => {
  const server = createServer().listen(port, ip);
  await once(server, 'listening');
  return server;
};

describe('freePort', () => {
  it('gives ports that can be listened on, and none that a connection may be given by itself', async () => {
    const found = await Promise.all(
      Array.from({ length: 100 }, () => freePort({ ...wanted, port: 0 })),
    );
    for (const port of found) {
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(32_768);
    }
    const [port = 0] = found;
    (await listen(port)).close();
  });

  it('gives a wanted port while it is free, and names it when it is not', async () => {
    const port = await freePort({ ...wanted, port: 0 });
    expect(await freePort({ ...wanted, port })).toBe(port);
    const other = await listen(port);
    expect((other.address() as AddressInfo).port).toBe(port);
    await expect(freePort({ ...wanted, port })).rejects.toThrow(
      `starting the test: port ${String(port)} on 127.0.0.1 is used by another program`,
    );
    other.close();
  });
});
