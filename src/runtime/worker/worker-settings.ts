/** What the supervisor hands to its worker process: one JSON argument. */
import { z } from 'zod';

const timing = z
  .strictObject({
    heartbeatTimeoutMs: z.number().int().positive().optional(),
    retryIntervalMs: z.number().int().positive().optional(),
    stallMs: z.number().int().positive().optional(),
    firstByteMs: z.number().int().positive().optional(),
    statementTimeoutMs: z.number().int().positive().optional(),
  })
  .transform((given) =>
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  );

const settings = z.strictObject({
  root: z.string(),
  envName: z.string().optional(),
  connectionFiles: z.array(z.string()),
  taskQueue: z.string().optional(),
  memoryBytes: z.number().int().positive(),
  timing,
});

export type WorkerSettings = z.infer<typeof settings>;

export const readWorkerSettings = (text: string | undefined): WorkerSettings =>
  settings.parse(JSON.parse(text ?? '{}'));

/**
 * Bytes of buffers that a worker holds unless told otherwise: four parts of 8 MiB. It keeps a worker within
 * 100 MB of its idle size, and what is in flight is what a killed worker reads twice.
 */
export const memoryBytesDefault = 32 * 1024 * 1024;
