/** Which port a server of the dev stack listens on: the one asked for or an error, else the usual one, else a free one. */
import { isErrorOf, TidemarkError } from '../../core/errors/error.js';
import { temporalPortInUse } from '../temporal/errors.js';
import { freePort } from '../temporal/ports.js';
import { devPortInUse } from './errors.js';

export const loopback = '127.0.0.1';

export interface PortChoice {
  /** For the message: "the SFTP server". */
  readonly purpose: string;
  /** The option that sets it: `--sftp-port`. */
  readonly option: string;
  readonly asked: number | undefined;
  /** Tried in this order when nothing was asked for. */
  readonly usual: readonly (number | undefined)[];
}

/** Throws `devstack/port-in-use` when the port that was asked for is taken. */
export const choosePort = async ({
  purpose,
  option,
  asked,
  usual,
}: PortChoice): Promise<number> => {
  if (asked !== undefined) {
    try {
      return await freePort({ purpose, ip: loopback, port: asked });
    } catch (error) {
      if (!isErrorOf(error, temporalPortInUse)) throw error;
      throw new TidemarkError(devPortInUse, error.message, {
        fix: `Stop the program that listens on ${loopback}:${String(asked)}, or leave ${option} out: a free port is taken then.`,
      });
    }
  }
  for (const port of usual) {
    if (port === undefined) continue;
    const free = await freePort({ purpose, ip: loopback, port }).catch(() => null);
    if (free !== null) return free;
  }
  return freePort({ purpose, ip: loopback, port: 0 });
};
