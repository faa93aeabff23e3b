/**
 * Calls to Temporal with an end: the client has no deadline of its own. A server that does not answer any more is told as
 * `temporal/unreachable`; everything else passes through.
 */
import { type Client, isGrpcServiceError } from '@temporalio/client';
import { TidemarkError } from '../../core/errors/error.js';
import { temporalUnreachable } from './connect.js';

const callMs = 15_000;
/** gRPC's numbers for DEADLINE_EXCEEDED and UNAVAILABLE. */
const silentCodes: ReadonlySet<number> = new Set([4, 14]);

/** The gRPC status inside whatever the client wrapped around it. */
const isSilence = (error: unknown): boolean => {
  if (isGrpcServiceError(error)) return silentCodes.has(error.code);
  return error instanceof Error && error.cause !== undefined && isSilence(error.cause);
};

export const asUnreachable = (doing: string, error: unknown): unknown => {
  if (!isSilence(error)) return error;
  return new TidemarkError(temporalUnreachable, `${doing}: the Temporal server does not answer`, {
    cause: error,
  });
};

/** `doing` says what was being done, for the message. */
export const callTemporal = async <R>(
  client: Client,
  doing: string,
  call: () => Promise<R>,
): Promise<R> => {
  try {
    return await client.connection.withDeadline(Date.now() + callMs, call);
  } catch (error) {
    throw asUnreachable(doing, error);
  }
};
