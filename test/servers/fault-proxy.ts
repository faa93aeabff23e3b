/**
 * A TCP proxy that breaks connections on purpose: delays, rate limits, cuts, black holes, refusals.
 * Keeps true: the delay is that of a pipe (each chunk is released when its own time has come, however many
 * are under way), so a delay alone does not lower throughput; TCP_NODELAY is set on both sides.
 */
import net from 'node:net';
import { createDelayedPipe, type DelayedPipe } from './delayed-pipe.js';

export type Direction = 'to-target' | 'to-client';

export interface FaultProxyOptions {
  readonly targetHost: string;
  readonly targetPort: number;
  /** One way; a round trip takes twice as long. Connecting itself is not delayed. Default 0. */
  readonly delayMs?: number;
  /** Each way, each connection. Default: no limit. */
  readonly bytesPerSecond?: number;
}

export interface StatementCut {
  /** Text that stands in what the client sends, whole in one write. */
  readonly after: string;
  readonly statement: string;
  readonly delivered: boolean;
}

export interface FaultProxyFacts {
  /** Accepted since the start. */
  readonly connections: number;
  readonly openConnections: number;
  readonly bytesToTarget: number;
  readonly bytesToClient: number;
}

export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /**
   * Cuts the connection that brings the count of `direction`, over all connections from now on, to `bytes`:
   * exactly so many are forwarded, then both sides are closed. Once per call; a second call replaces the first.
   */
  cutAfter(bytes: number, direction: Direction): void;
  /**
   * Cuts the connection that sends `statement` after it has sent `after`; once per call. `delivered`: the target gets the
   * statement and does it, and the first byte of its answer is what never arrives. Else the statement does not arrive.
   * Resolves when the line is cut.
   */
  cutAtStatement(cut: StatementCut): Promise<void>;
  /** Resolves when a client has sent this text from now on, whole in one write. */
  whenSent(text: string): Promise<void>;
  /** Resets every open connection; new ones are accepted. */
  cutNow(): void;
  /** While on, connections stay open and nothing is forwarded; what waits is forwarded when it is off. */
  blackHole(on: boolean): void;
  /** While on, new connections are reset at once. */
  refuse(on: boolean): void;
  facts(): FaultProxyFacts;
  /** Resets every connection and frees the port. Idempotent. */
  close(): Promise<void>;
}

interface Link {
  readonly client: net.Socket;
  readonly target: net.Socket;
  readonly pipes: readonly DelayedPipe[];
  /** How far the client is on its way to a `StatementCut`. */
  seen: 'nothing' | 'after' | 'statement';
}

interface ProxyState {
  readonly options: FaultProxyOptions;
  readonly links: Set<Link>;
  readonly forwarded: Record<Direction, number>;
  cut: { direction: Direction; bytesLeft: number } | undefined;
  statementCut: (StatementCut & { readonly done: () => void }) | undefined;
  readonly awaited: Set<{ readonly text: string; readonly done: () => void }>;
  connections: number;
  blackHole: boolean;
  refuse: boolean;
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const state: ProxyState = {
    options,
    links: new Set(),
    forwarded: { 'to-target': 0, 'to-client': 0 },
    cut: undefined,
    statementCut: undefined,
    awaited: new Set(),
    connections: 0,
    blackHole: false,
    refuse: false,
  };
  const listener = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) =>
    accept(state, client),
  );
  const port = await listen(listener);
  const cutNow = (): void => state.links.forEach(reset);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => listener.close(resolve));
    cutNow();
    await closed;
  };
  return {
    host: '127.0.0.1',
    port,
    cutAfter: (bytes, direction) => {
      state.cut = { direction, bytesLeft: bytes };
    },
    cutAtStatement: (cut) =>
      new Promise((done) => {
        for (const link of state.links) link.seen = 'nothing';
        state.statementCut = { ...cut, done };
      }),
    whenSent: (text) =>
      new Promise((done) => {
        state.awaited.add({ text, done });
      }),
    cutNow,
    blackHole: (on) => {
      state.blackHole = on;
      for (const { pipes } of state.links) for (const pipe of pipes) pipe.hold(on);
    },
    refuse: (on) => {
      state.refuse = on;
    },
    facts: () => factsOf(state),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function accept(state: ProxyState, client: net.Socket): void {
  state.connections += 1;
  // A reset of either side ends the link; `close` follows and cleans up.
  client.on('error', () => undefined);
  if (state.refuse) {
    client.resetAndDestroy();
    return;
  }
  const { targetHost, targetPort, delayMs = 0, bytesPerSecond = Infinity } = state.options;
  const target = net.connect({
    host: targetHost,
    port: targetPort,
    noDelay: true,
    allowHalfOpen: true,
  });
  target.on('error', () => client.resetAndDestroy());
  const pipe = (from: net.Socket, to: net.Socket, direction: Direction): DelayedPipe =>
    createDelayedPipe({ from, to, delayMs, bytesPerSecond }, (chunk) =>
      admit(state, link, direction, chunk),
    );
  const pipes = [pipe(client, target, 'to-target'), pipe(target, client, 'to-client')];
  const link: Link = { client, target, pipes, seen: 'nothing' };
  state.links.add(link);
  for (const each of pipes) each.hold(state.blackHole);
  const ended = (): void => {
    for (const each of pipes) each.stop();
    state.links.delete(link);
  };
  client.once('close', () => {
    ended();
    target.destroySoon();
  });
  target.once('close', () => {
    ended();
    client.destroySoon();
  });
}

/** Counts what may be forwarded of `chunk`, and cuts the link when the declared byte is reached. */
function admit(state: ProxyState, link: Link, direction: Direction, chunk: Buffer): Buffer {
  if (direction === 'to-target') tellSent(state, chunk);
  if (isCutHere(state, link, direction, chunk)) return chunk.subarray(0, 0);
  const { cut } = state;
  const ours = cut?.direction === direction ? cut : undefined;
  const admitted = ours ? chunk.subarray(0, ours.bytesLeft) : chunk;
  state.forwarded[direction] += admitted.length;
  if (ours) {
    ours.bytesLeft -= admitted.length;
    if (ours.bytesLeft === 0) {
      state.cut = undefined;
      // After the write that this call is part of.
      queueMicrotask(() => close(link));
    }
  }
  return admitted;
}

function tellSent({ awaited }: ProxyState, chunk: Buffer): void {
  for (const each of awaited) {
    if (!chunk.includes(each.text)) continue;
    awaited.delete(each);
    each.done();
  }
}

/** True when `chunk` is what a `StatementCut` keeps back; the link is closed then. */
function isCutHere(state: ProxyState, link: Link, direction: Direction, chunk: Buffer): boolean {
  const { statementCut: cut } = state;
  if (cut === undefined) return false;
  if (direction === 'to-target') {
    if (link.seen === 'nothing' && chunk.includes(cut.after)) link.seen = 'after';
    else if (link.seen === 'after' && chunk.includes(cut.statement)) link.seen = 'statement';
  }
  const isHere = link.seen === 'statement' && (direction === 'to-client') === cut.delivered;
  if (!isHere) return false;
  state.statementCut = undefined;
  queueMicrotask(() => {
    reset(link);
    cut.done();
  });
  return true;
}

/** Delivers what was written, then closes both sides. */
function close(link: Link): void {
  for (const pipe of link.pipes) pipe.stop();
  link.client.destroySoon();
  link.target.destroySoon();
}

function reset(link: Link): void {
  for (const pipe of link.pipes) pipe.stop();
  link.client.resetAndDestroy();
  link.target.resetAndDestroy();
}

function factsOf(state: ProxyState): FaultProxyFacts {
  return {
    connections: state.connections,
    openConnections: state.links.size,
    bytesToTarget: state.forwarded['to-target'],
    bytesToClient: state.forwarded['to-client'],
  };
}

function listen(listener: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
