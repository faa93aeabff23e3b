/** Every `temporal` program on PATH, in PATH's order: a broken one does not hide a working one behind it. */
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Way } from './way.js';

export const fromPath: Way = {
  name: 'PATH',
  fetches: false,
  advice: 'install the Temporal CLI (https://docs.temporal.io/cli) and put its folder on PATH',
  candidates: async ({ env }) => {
    const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
    const found: string[] = [];
    for (const path of new Set(folders.map((folder) => join(folder, 'temporal')))) {
      if (await isProgram(path)) found.push(path);
    }
    if (found.length === 0) throw new Error(`no \`temporal\` program in any of its folders`);
    return found;
  },
};

const isProgram = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};
