/**
 * The contract of a way to a Temporal CLI. The ways are a list (all.ts) and are tried in its order; each one either
 * returns programs to try or throws an error whose message says why there is none.
 */
import type { Environment } from '../cache-folder.js';

export interface Search {
  readonly env: Environment;
  /** Where a fetched CLI is kept: one file, put there by a rename, so that several processes may fetch at once. */
  readonly cachedCli: string;
  /** Called with a line for the user whenever something starts that may take a while. */
  readonly onStep: (text: string) => void;
}

export interface Way {
  /** How the user knows it: `PATH`, `TEMPORAL_CLI_PATH`, … */
  readonly name: string;
  /** True when it needs the network; such ways are left out when the caller does not allow downloads. */
  readonly fetches: boolean;
  /** What the user can do so that this way works. */
  readonly advice: string;
  /** Files that may be the CLI, best first; the caller checks each by running it. */
  readonly candidates: (search: Search) => Promise<readonly string[]>;
}
