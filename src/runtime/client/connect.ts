/**
 * Where Temporal is: the same profile and `TEMPORAL_*` variables as the `temporal` CLI (`@temporalio/envconfig`), so
 * that Temporal Cloud, TLS and API keys work unchanged.
 */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { defineError, TidemarkError } from '../../core/errors/error.js';

export const temporalUnreachable = defineError({
  code: 'temporal/unreachable',
  recovery: 'retry',
  summary: 'No Temporal server answered at the configured address.',
  fix: 'Start `tidemark dev`, or set TEMPORAL_ADDRESS (or a profile of the temporal CLI) to your server.',
});

export type ConnectConfig = ReturnType<typeof loadClientConnectConfig>;

/** `namespace` of `tidemark.yaml` ranks above the profile's. */
export const temporalConfig = (
  env: Readonly<Record<string, string | undefined>>,
  namespace: string | null,
): ConnectConfig & { readonly namespace: string; readonly address: string } => {
  const set = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const config = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  return {
    ...config,
    namespace: namespace ?? config.namespace ?? 'default',
    address: config.connectionOptions.address ?? 'localhost:7233',
  };
};

const unreachable = (address: string, cause: unknown): TidemarkError =>
  new TidemarkError(temporalUnreachable, `no Temporal server answers at ${address}`, { cause });

/** A client with a deadline on its first call; throws `temporal/unreachable`. */
export const connectClient = async (
  env: Readonly<Record<string, string | undefined>>,
  namespace: string | null,
): Promise<Client> => {
  const config = temporalConfig(env, namespace);
  try {
    const connection = await Connection.connect({
      ...config.connectionOptions,
      connectTimeout: '5s',
    });
    return new Client({ connection, namespace: config.namespace });
  } catch (error) {
    throw unreachable(config.address, error);
  }
};
