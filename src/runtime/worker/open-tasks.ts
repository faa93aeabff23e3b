/**
 * The supervisor's book of open activity tasks. A closed task is kept for some seconds: its completion may still be on
 * the way when the process dies, and failing a completed task is harmless.
 */
import type { JsonObject } from '../../core/values/json.js';
import { type OpenTask, tokenKey, type WorkerMessage } from './ipc.js';

export interface TrackedTask extends OpenTask {
  readonly details: JsonObject | null;
}

const keepClosedMs = 3_000;

export class OpenTasks {
  readonly #tasks = new Map<string, TrackedTask & { readonly closedMs: number | null }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(message: WorkerMessage): void {
    this.#forgetClosed();
    switch (message.kind) {
      case 'ready':
      case 'pulse':
        return;
      case 'opened': {
        const { taskToken, workflow } = message;
        this.#tasks.set(tokenKey(taskToken), {
          taskToken,
          workflow,
          details: null,
          closedMs: null,
        });
        return;
      }
      case 'beat': {
        const found = this.#tasks.get(tokenKey(message.taskToken));
        if (found === undefined) return;
        this.#tasks.set(tokenKey(message.taskToken), { ...found, details: message.details });
        return;
      }
      case 'closed': {
        const found = this.#tasks.get(tokenKey(message.taskToken));
        if (found === undefined) return;
        this.#tasks.set(tokenKey(message.taskToken), { ...found, closedMs: this.#nowMs() });
        return;
      }
    }
  }

  /** Everything that the dead process may have left open; the book is empty afterwards. */
  takeAll(): readonly TrackedTask[] {
    this.#forgetClosed();
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    return tasks;
  }

  #forgetClosed(): void {
    const oldest = this.#nowMs() - keepClosedMs;
    for (const [key, task] of this.#tasks) {
      if (task.closedMs !== null && task.closedMs < oldest) this.#tasks.delete(key);
    }
  }
}
