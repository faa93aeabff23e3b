/** Resident memory of a process, as the kernel counts it. */
import { readFileSync, writeFileSync } from 'node:fs';

const bytesPerKibibyte = 1024;

const bytesOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  bytesPerKibibyte *
  Number(
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(
      readFileSync(`/proc/${String(pid)}/status`, 'utf8'),
    )?.[1],
  );

export interface Memory {
  /** Megabytes before the first byte, and the most that was held since. */
  readonly idle: number;
  readonly peak: number;
}

const megabyte = 1_000_000;

/** What `run` makes the process hold: the kernel's own record of the peak (VmHWM), which starts at what is held now. */
export const memoryDuring = async (pid: number, run: () => Promise<unknown>): Promise<Memory> => {
  const idle = bytesOf(pid, 'VmRSS') / megabyte;
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
  await run();
  return { idle, peak: bytesOf(pid, 'VmHWM') / megabyte };
};
