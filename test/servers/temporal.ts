/**
 * The Temporal server of this test run, for a test file of the integration project.
 *
 * Without a server it throws, so that a suite that needs one fails with the reason: nothing is skipped in silence.
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type {} from './temporal-global-setup.js';

export interface TemporalForTests {
  readonly address: string;
  readonly namespace: string;
  /** The CLI that the server was started with, for tests that drive Temporal as a user does. */
  readonly cliPath: string;
  /** A name that no other test uses; files share the server and are kept apart by it. */
  readonly randomTaskQueue: (purpose: string) => string;
}

export const temporalForTests = (): TemporalForTests => {
  const provided = inject('temporal');
  if ('missing' in provided) {
    throw new Error(
      `this suite needs a Temporal server: run \`npm test\`, which fetches one.\n${provided.missing}`,
    );
  }
  return {
    ...provided,
    randomTaskQueue: (purpose) => `${purpose}-${randomBytes(6).toString('hex')}`,
  };
};
