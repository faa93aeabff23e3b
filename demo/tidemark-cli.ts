/** The program `tidemark` as the demo runs it: two programs in the background, and commands that end. */
import { join } from 'node:path';
import {
  type Background,
  DemoError,
  type Environment,
  type Program,
  runProgram,
  startBackground,
} from './child-program.js';
import type { Places } from './places.js';
import { type BackfillFacts, backfillShape, type Receipt, receiptShape } from './receipt-facts.js';

export class TidemarkCli {
  readonly #places: Places;
  readonly #env: Environment;
  readonly #signal: AbortSignal;

  constructor(places: Places, env: Environment, signal: AbortSignal) {
    this.#places = places;
    this.#env = env;
    this.#signal = signal;
  }

  #program(args: readonly string[]): Program {
    const { tidemark, project } = this.#places;
    return {
      command: process.execPath,
      args: [tidemark, ...args],
      cwd: project,
      env: this.#env,
    };
  }

  async #text(...args: readonly string[]): Promise<string> {
    const answer = await runProgram(this.#program(args), this.#signal);
    if (answer.code === 0) return answer.out;
    throw new DemoError(
      `tidemark ${args.join(' ')}\nended with ${String(answer.code)}: ${answer.err}`,
    );
  }

  /** The dev stack. */
  dev(): Promise<Background> {
    return startBackground('tidemark dev', this.#program(['dev']), {
      readyText: 'everything is up',
      logFile: join(this.#places.logs, 'demo-dev.log'),
      timeoutMs: 120_000,
      signal: this.#signal,
    });
  }

  /** A worker that notices a dead host after seconds, so that nobody has to wait for it. */
  worker(): Promise<Background> {
    const args = ['worker', '--heartbeat-timeout', '5s', '--retry-interval', '1s'];
    return startBackground('tidemark worker', this.#program(args), {
      readyText: 'ready: project',
      logFile: join(this.#places.logs, 'demo-worker.log'),
      timeoutMs: 60_000,
      signal: this.#signal,
    });
  }

  async run(job: string): Promise<Receipt> {
    return receiptShape.parse(JSON.parse(await this.#text('run', job, '--format', 'json')));
  }

  /** Several partitions at once; what they were together. */
  async backfill(name: string, partitions: string): Promise<BackfillFacts> {
    const args = ['--partitions', partitions, '--parallel', '2', '--format', 'json'];
    return backfillShape.parse(JSON.parse(await this.#text('backfill', name, ...args)));
  }

  /** Lines of what was applied. */
  async apply(): Promise<readonly string[]> {
    const text = await this.#text('apply');
    return text.trimEnd().split('\n').slice(1);
  }
}
