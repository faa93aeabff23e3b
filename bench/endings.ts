/** What has to be ended, in the reverse order of its start, also when a later start fails. */
export class Endings implements AsyncDisposable {
  readonly #ends: (() => unknown)[] = [];
  #isKept = false;

  add(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Everything has started: from now on only `end` ends it. */
  keep(): void {
    this.#isKept = true;
  }

  async end(): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isKept) await this.end();
  }
}
