/** What a worker process tells its supervisor: which tasks are open, and how far each one is. */
import type { JsonObject } from '../../core/values/json.js';

export interface OpenTask {
  readonly taskToken: Uint8Array;
  readonly workflow: { readonly id: string; readonly runId: string };
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  /** Once a second: the process is alive. */
  | { readonly kind: 'pulse' }
  | ({ readonly kind: 'opened' } & OpenTask)
  | { readonly kind: 'beat'; readonly taskToken: Uint8Array; readonly details: JsonObject }
  | { readonly kind: 'closed'; readonly taskToken: Uint8Array };

export const tokenKey = (taskToken: Uint8Array): string =>
  Buffer.from(taskToken).toString('base64');
