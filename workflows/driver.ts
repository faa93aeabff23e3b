/**
 * Drives a reducer: starts the actions that it asks for as activities, feeds the answers back, ends with the first
 * failure. Whatever ends it early, what was opened and will not be published is discarded by name.
 */
import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';

/** Below Temporal's own hint of 4,096 events: replaying longer histories costs more than starting anew. */
const eventsMax = 1500;

/** Should the run continue as new? */
export const isHistoryLong = (): boolean => {
  const info = workflowInfo();
  return info.historyLength > eventsMax || info.continueAsNewSuggested;
};

/** A way of moving data: its reducer, its activities and its words. */
export interface Movement<State extends { readonly running: number }, Action, Event> {
  next(state: State): { readonly actions: readonly Action[]; readonly state: State };
  apply(state: State, event: Event): State;
  isFinished(state: State): boolean;
  /** `state`: after the action was started. */
  perform(action: Action, state: State): Promise<Event>;
  /** Why it must not go on; null while it may. */
  refusal(state: State): Error | null;
  /** Called when it will not be finished and nothing is under way any more. */
  discard(state: State): Promise<void>;
  show(state: State): void;
  /** False where children of the same workflow would be cancelled by its end. */
  readonly mayContinue: boolean;
}

export class Driver<State extends { readonly running: number }, Action, Event> {
  readonly #movement: Movement<State, Action, Event>;
  #state: State;
  #failure: unknown = null;
  #ended = 0;

  constructor(movement: Movement<State, Action, Event>, state: State) {
    this.#movement = movement;
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  /** Runs until the movement is finished, or until the history is long and nothing is under way. */
  async drive(): Promise<'finished' | 'pause'> {
    const scope = new CancellationScope();
    try {
      return await scope.run(() => this.#loop(scope));
    } catch (error) {
      await CancellationScope.nonCancellable(async () => {
        scope.cancel();
        // Activities acknowledge a cancel before they end: afterwards nothing writes any more.
        await condition(() => this.#state.running === 0);
        await this.#movement.discard(this.#state);
      });
      throw this.#failure ?? error;
    }
  }

  async #loop(scope: CancellationScope): Promise<'finished' | 'pause'> {
    while (!this.#movement.isFinished(this.#state)) {
      if (!this.#isLong()) this.#startMore(scope);
      else if (this.#state.running === 0) return 'pause';
      this.#movement.show(this.#state);
      const seen = this.#ended;
      await condition(() => this.#ended !== seen);
      if (this.#failure !== null) throw this.#failure as Error;
    }
    return 'finished';
  }

  #isLong(): boolean {
    return this.#movement.mayContinue && isHistoryLong();
  }

  #startMore(scope: CancellationScope): void {
    const { actions, state } = this.#movement.next(this.#state);
    this.#state = state;
    for (const action of actions) void this.#perform(action, scope);
  }

  /** Never rejects: a failure is remembered and ends the loop. */
  async #perform(action: Action, scope: CancellationScope): Promise<void> {
    try {
      const event = await this.#movement.perform(action, this.#state);
      this.#state = this.#movement.apply(this.#state, event);
      this.#failure ??= this.#movement.refusal(this.#state);
    } catch (error) {
      this.#failure ??= error;
      this.#state = { ...this.#state, running: this.#state.running - 1 };
      scope.cancel();
    }
    this.#ended++;
  }
}
