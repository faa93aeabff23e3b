/**
 * The worker's open connections: one source and one target for each connection of the project, shared by all
 * activities. A connection whose settings changed on disk is opened anew; the old one is closed when it is idle long
 * enough for running attempts to have ended.
 */
import { createHash } from 'node:crypto';
import type {
  ConnectionsPort,
  OpenRowSource,
  OpenRowTarget,
  OpenSource,
  OpenTarget,
} from '../../../activities/ports.js';
import type { FileSource, FileTarget, OpenContext } from '../../connectors/connector.js';
import type { RowSource, RowTarget } from '../../connectors/row-connector.js';
import { TidemarkError } from '../../core/errors/error.js';
import { invariant } from '../../core/errors/invariant.js';
import type { EndpointPlan } from '../../core/plan/plan.js';
import {
  connectionNamed,
  resolveConnection,
  type ResolvedConnection,
} from '../../planner/connections.js';
import { badConnection } from '../../planner/errors.js';
import { RateLimit } from '../../transfer/rate-limit.js';
import type { LiveProject } from '../project/live-project.js';
import type { Redactor } from '../secrets/redactor.js';
import {
  withSecretsInLoads,
  withSecretsInQueries,
  type SecretStore,
} from '../secrets/statement-secrets.js';
import type { PlanFacts } from './planner-port.js';

interface Entry<S> {
  readonly opening: Promise<S>;
  readonly fingerprint: string;
}

/** Attempts that still use a replaced connection get this long before it is closed. */
const graceMs = 300_000;

const rateOf = (config: unknown): number | undefined => {
  if (typeof config !== 'object' || config === null || !('bytes_per_second' in config))
    return undefined;
  return typeof config.bytes_per_second === 'number' ? config.bytes_per_second : undefined;
};

export class ConnectionPool implements ConnectionsPort, AsyncDisposable {
  readonly #project: LiveProject;
  readonly #facts: PlanFacts;
  readonly #redactor: Redactor;
  readonly #log: OpenContext['log'];
  readonly #sources = new Map<string, Entry<FileSource<unknown>>>();
  readonly #targets = new Map<string, Entry<FileTarget>>();
  readonly #rowSources = new Map<string, Entry<RowSource>>();
  readonly #rowTargets = new Map<string, Entry<RowTarget>>();
  readonly #limits = new Map<string, { readonly rate: number; readonly limit: RateLimit }>();

  constructor(project: LiveProject, facts: PlanFacts, redactor: Redactor, log: OpenContext['log']) {
    this.#project = project;
    this.#facts = facts;
    this.#redactor = redactor;
    this.#log = log;
  }

  async source(endpoint: EndpointPlan): Promise<OpenSource> {
    const { connector, config } = this.#resolve(endpoint);
    const declared = connector.source;
    invariant(declared !== undefined, `${connector.kind} was planned as a source`);
    const options = declared.options.parse(endpoint.options);
    const source = await this.#open(this.#sources, endpoint.connection, config, () =>
      declared.open(config, this.#context(endpoint.connection, config)),
    );
    return { source, options, connector };
  }

  async target(endpoint: EndpointPlan): Promise<OpenTarget> {
    const { connector, config } = this.#resolve(endpoint);
    const declared = connector.target;
    invariant(declared !== undefined, `${connector.kind} was planned as a target`);
    const target = await this.#open(this.#targets, endpoint.connection, config, () =>
      declared.open(config, this.#context(endpoint.connection, config)),
    );
    return { target, connector };
  }

  async rowSource(endpoint: EndpointPlan): Promise<OpenRowSource> {
    const { connector, config } = this.#resolve(endpoint);
    const declared = connector.rowSource;
    invariant(declared !== undefined, `${connector.kind} was planned as a source of rows`);
    const source = await this.#open(this.#rowSources, endpoint.connection, config, () =>
      declared.open(config, this.#context(endpoint.connection, config)),
    );
    return { source: withSecretsInQueries(source, this.#secrets), connector };
  }

  async rowTarget(endpoint: EndpointPlan): Promise<OpenRowTarget> {
    const { connector, config } = this.#resolve(endpoint);
    const declared = connector.rowTarget;
    invariant(declared !== undefined, `${connector.kind} was planned as a target of rows`);
    const target = await this.#open(this.#rowTargets, endpoint.connection, config, () =>
      declared.open(config, this.#context(endpoint.connection, config)),
    );
    return { target: withSecretsInLoads(target, this.#secrets), connector };
  }

  /** The worker's environment; what is read is redacted from then on. */
  get #secrets(): SecretStore {
    return {
      read: (name) => this.#project.env[name],
      saw: (value) => {
        this.#redactor.add(value);
      },
    };
  }

  #resolve(endpoint: EndpointPlan): ResolvedConnection {
    const definition = this.#project.definition();
    const user = `the run's connection ${endpoint.connection}`;
    const connection = connectionNamed(definition.connections, endpoint.connection, user);
    return resolveConnection(
      connection,
      {
        connectors: this.#facts.connectors,
        vars: definition.vars,
        env: this.#project.env,
        secrets: this.#secrets.read,
        sawSecret: this.#secrets.saw,
      },
      endpoint,
    );
  }

  async #open<S extends AsyncDisposable>(
    entries: Map<string, Entry<S>>,
    name: string,
    config: unknown,
    open: () => Promise<S>,
  ): Promise<S> {
    const fingerprint = createHash('sha256').update(JSON.stringify(config)).digest('hex');
    const found = entries.get(name);
    if (found?.fingerprint === fingerprint) return found.opening;
    if (found !== undefined) this.#retire(found);
    const entry: Entry<S> = { opening: open(), fingerprint };
    entries.set(name, entry);
    entry.opening.catch(() => {
      // A failed opening is not kept: the next attempt opens again.
      if (entries.get(name) === entry) entries.delete(name);
    });
    return entry.opening;
  }

  #retire(entry: Entry<AsyncDisposable>): void {
    const timer = setTimeout(() => {
      entry.opening.then((old) => old[Symbol.asyncDispose]()).catch(() => undefined);
    }, graceMs);
    timer.unref();
  }

  #context(connectionName: string, config: unknown): OpenContext {
    const rate = rateOf(config);
    const limit = rate === undefined ? undefined : this.#limitOf(connectionName, rate);
    return {
      connectionName,
      throttle: (bytes, signal) =>
        limit === undefined ? Promise.resolve() : limit.take(bytes, signal),
      log: (level, message) => {
        this.#log(level, this.#redactor.redact(message));
      },
    };
  }

  #limitOf(name: string, rate: number): RateLimit {
    const found = this.#limits.get(name);
    if (found?.rate === rate) return found.limit;
    if (rate <= 0) {
      throw new TidemarkError(
        badConnection,
        `connection ${name}: bytes_per_second must be above 0`,
      );
    }
    const limit = new RateLimit(rate, () => performance.now());
    this.#limits.set(name, { rate, limit });
    return limit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all: readonly Entry<AsyncDisposable>[] = [
      ...this.#sources.values(),
      ...this.#targets.values(),
      ...this.#rowSources.values(),
      ...this.#rowTargets.values(),
    ];
    await Promise.allSettled(
      all.map(async ({ opening }) => {
        const open: AsyncDisposable = await opening;
        await open[Symbol.asyncDispose]();
      }),
    );
  }
}
