/** The wrapper of light activities: no bytes move, a second is long, but whatever is thrown is mapped all the same. */
import { Context } from '@temporalio/activity';
import { failureOf } from './failures.js';
import type { Ports } from './ports.js';

export const runLight = async <T>(
  ports: Ports,
  body: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> => {
  const context = Context.current();
  const timer = setInterval(() => {
    context.heartbeat();
  }, 1000);
  try {
    return await body(context.cancellationSignal);
  } catch (error) {
    throw failureOf(error, ports, {});
  } finally {
    clearInterval(timer);
  }
};
