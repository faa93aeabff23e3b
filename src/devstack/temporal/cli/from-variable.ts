/** The CLI that the user names in `TEMPORAL_CLI_PATH`. */
import type { Way } from './way.js';

export const fromVariable: Way = {
  name: 'TEMPORAL_CLI_PATH',
  fetches: false,
  advice: 'set it to the full path of a `temporal` program',
  candidates: async ({ env }) => {
    const path = env['TEMPORAL_CLI_PATH'];
    if (path === undefined || path === '') throw new Error('not set');
    return [path];
  },
};
