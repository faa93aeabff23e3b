/** What is said of a server that ended by itself. */
import { readFile } from 'node:fs/promises';
import type { Exit } from '../process/server-process.js';

const shownLogLines = 15;

/** Resolves with the reason, the last lines of its log included. */
export const deathOf = async (
  name: string,
  exited: Promise<Exit>,
  logFile: string,
): Promise<string> => {
  const { code, signal } = await exited;
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const lines = text.trimEnd().split('\n').slice(-shownLogLines);
  const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
  const tail = lines.map((line) => `  ${line}`).join('\n');
  return `${name} ended (${how}); last lines of ${logFile}:\n${tail}`;
};
