/** The CLI that an earlier run fetched. */
import { access } from 'node:fs/promises';
import type { Way } from './way.js';

export const fromCache: Way = {
  name: 'our cache',
  fetches: false,
  advice: 'let one of the next ways fill it',
  candidates: async ({ cachedCli }) => {
    try {
      await access(cachedCli);
    } catch {
      throw new Error(`nothing fetched yet at ${cachedCli}`);
    }
    return [cachedCli];
  },
};
