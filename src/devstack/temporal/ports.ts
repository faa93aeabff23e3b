/** Free TCP ports, and whether a wanted one is free. Only the moment of the question is answered: somebody may be faster. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { TidemarkError } from '../../core/errors/error.js';
import { temporalPortInUse } from './errors.js';

export interface WantedPort {
  /** What the user knows it as, for the message: "the Temporal server", "the Web UI". */
  readonly purpose: string;
  readonly ip: string;
  /** 0 asks for any free port. */
  readonly port: number;
}

/** Below those that Linux, macOS and Windows give to connections when nothing else is set: none of them takes it meanwhile. */
const firstPort = 20_000;
const lastPort = 32_767;
const triesMax = 20;

/** The port, or a free one for 0. Throws `devstack/temporal-port-in-use`. */
export const freePort = async (wanted: WantedPort): Promise<number> => {
  for (let tries = 0; wanted.port === 0 && tries < triesMax; tries++) {
    const port = randomInt(firstPort, lastPort + 1);
    const found = await tried({ ...wanted, port }).catch(() => null);
    if (found !== null) return found;
  }
  return tried(wanted);
};

const tried = (wanted: WantedPort): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(inUse(wanted, error)));
    server.listen(wanted.port, wanted.ip, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : wanted.port;
      server.close(() => resolve(port));
    });
  });

const inUse = (wanted: WantedPort, error: NodeJS.ErrnoException): TidemarkError => {
  const { purpose, ip, port } = wanted;
  const what =
    error.code === 'EADDRINUSE'
      ? 'is used by another program'
      : `cannot be opened (${error.code ?? error.message})`;
  const fix = `Stop the program that listens on ${ip}:${port}, or choose another port for ${purpose}; 0 takes any free one.`;
  return new TidemarkError(
    temporalPortInUse,
    `starting ${purpose}: port ${port} on ${ip} ${what}`,
    { fix },
  );
};
