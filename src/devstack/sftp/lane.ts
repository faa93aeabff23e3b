/**
 * Orders operations on one thing: shared ones run side by side, an exclusive one runs alone.
 * Keeps true: an operation sees the effect of every exclusive one that was asked for before it, so a client
 * may send WRITE, FSTAT and CLOSE without waiting for answers.
 */

export interface Lane {
  shared<T>(run: () => Promise<T>): Promise<T>;
  exclusive<T>(run: () => Promise<T>): Promise<T>;
}

export function createLane(): Lane {
  const sharedRunning = new Set<Promise<unknown>>();
  let exclusivesWaiting = 0;
  let lastExclusive: Promise<unknown> = Promise.resolve();

  return {
    shared(run) {
      const result = exclusivesWaiting === 0 ? run() : lastExclusive.then(run);
      const settled: Promise<unknown> = result
        .then(ignore, ignore)
        .then(() => sharedRunning.delete(settled));
      sharedRunning.add(settled);
      return result;
    },
    exclusive(run) {
      exclusivesWaiting += 1;
      const result = Promise.all([lastExclusive, ...sharedRunning]).then(run);
      lastExclusive = result.then(ignore, ignore).then(() => {
        exclusivesWaiting -= 1;
      });
      return result;
    },
  };
}

/** The caller gets the result or the error; the lane only needs to know that the operation is over. */
function ignore(): void {}
