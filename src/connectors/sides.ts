/** One view of the sides of a connector for whoever asks only for options: files and rows alike. */
import type { z } from 'zod';
import type { Connector, OptionFinding } from './connector.js';

export interface SideDeclaration {
  readonly options: z.ZodType;
  check?(options: unknown): readonly OptionFinding[];
  /** Where it reads or writes, for people. */
  describe(connection: unknown, options: unknown): string;
}

/** What the connector declares for that side, of bytes or of rows; undefined when it cannot be one. */
export const sideDeclaration = (
  connector: Connector,
  side: 'source' | 'target',
): SideDeclaration | undefined =>
  side === 'source'
    ? (connector.source ?? (connector.rowSource as SideDeclaration | undefined))
    : (connector.target ?? (connector.rowTarget as SideDeclaration | undefined));

/** Does the side read or write rows instead of bytes? */
export const movesRows = (connector: Connector, side: 'source' | 'target'): boolean =>
  side === 'source'
    ? connector.source === undefined && connector.rowSource !== undefined
    : connector.target === undefined && connector.rowTarget !== undefined;
