/** Bytes over time of a counter that only grows, so that a test can say what had flowed in the moment before a kill. */
export class Flow {
  readonly #count: () => number;
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(count: () => number) {
    this.#count = count;
    this.#timer = setInterval(() => {
      this.#samples.push({ atMs: performance.now(), bytes: this.#count() });
      if (this.#samples.length > 1000) this.#samples.splice(0, 500);
    }, 20);
  }

  now(): number {
    return this.#count();
  }

  /** Bytes of the last `ms`, and of the sample before them. */
  within(ms: number): number {
    const since = performance.now() - ms;
    const before = this.#samples.findLast(({ atMs }) => atMs <= since);
    return this.#count() - (before?.bytes ?? 0);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
