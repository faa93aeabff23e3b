/** Where the program of `plain-copy.ts` lies. */
import { fileURLToPath } from 'node:url';

export const plainProgram = fileURLToPath(new URL('./plain-copy.js', import.meta.url));
