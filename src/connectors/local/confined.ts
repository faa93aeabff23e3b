/**
 * Paths of a connection as paths of this machine: `/` is the connection's root.
 *
 * Keeps true: no path, and no symbolic link on the way to it, leads out of the root.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import type { OpenContext } from '../connector.js';
import { accessDenied, sourceMissing } from '../file-errors.js';
import { plainPath } from '../folder-files.js';
import { diskFailure, type LocalConnection } from './options.js';

export const osCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(osCode(error));

/** The declared error for what the operating system answered while `doing`; others pass unchanged. */
export const declared = (error: unknown, connectionName: string, doing: string): unknown => {
  const code = osCode(error);
  if (error instanceof TidemarkError || !/^E[A-Z0-9]+$/.test(code)) return error;
  const place = `connection ${connectionName}: ${doing}`;
  if (isMissing(error)) return new TidemarkError(sourceMissing, `${place}: it does not exist`);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new TidemarkError(accessDenied, `${place}: not allowed (${code})`);
  }
  return new TidemarkError(diskFailure, `${place}: ${code}`);
};

export class ConfinedFolder {
  readonly context: OpenContext;
  readonly #root: string;

  constructor(connection: LocalConnection, context: OpenContext) {
    this.context = context;
    this.#root = path.resolve(connection.root);
  }

  /** As the connector names it: from the root on, with a leading `/`. */
  named(pathBelowRoot: string): string {
    return `/${plainPath(pathBelowRoot).replace(/^\//, '')}`;
  }

  /** The path on this machine; what does not exist yet counts as where its nearest existing folder is. */
  async real(named: string): Promise<string> {
    const full = path.join(this.#root, this.named(named));
    const root = await realpath(this.#root);
    const resolved = await this.#resolve(full);
    if (resolved === root || resolved.startsWith(root + path.sep)) return resolved;
    throw new TidemarkError(
      accessDenied,
      `connection ${this.context.connectionName}: ${named} leads out of the root of the connection`,
    );
  }

  async #resolve(full: string): Promise<string> {
    try {
      return await realpath(full);
    } catch (error) {
      if (!isMissing(error) || full === this.#root) throw error;
      return path.join(await this.#resolve(path.dirname(full)), path.basename(full));
    }
  }

  async doing<T>(doing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw declared(error, this.context.connectionName, doing);
    }
  }
}
