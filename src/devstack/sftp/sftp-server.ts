/**
 * The SFTP server of the dev stack: version 3 over one folder, with password authentication, on ssh2.
 * Keeps true: nothing outside the folder can be reached; only the SFTP subsystem is offered (no shell, no
 * forwarding); `close` returns when every connection and every file is closed.
 */
import { realpath } from 'node:fs/promises';
import net from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { type Account, authenticateBy } from './authentication.js';
import { confinePaths, type ConfinedPaths } from './confined-paths.js';
import { createReadFaults, type ReadFaults, type SftpFaults } from './faults.js';
import { describeHostKey, type HostKeyIdentity } from './host-key.js';
import { OpenHandles } from './open-handles.js';
import type { ReadRequest, Tally } from './request-context.js';
import { serveChannel } from './serve-channel.js';

export interface SftpServerOptions extends Account {
  /** The folder that is served; it must exist. */
  readonly root: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Private key as PEM text, for example from `createHostKey()`. */
  readonly hostKey: string;
  /** Called before each READ; a promise holds that READ back until it is done. */
  readonly onRead?: (read: ReadRequest) => void | Promise<void>;
  /** Faults from the start; see `setFaults`. Default: none. */
  readonly faults?: SftpFaults;
}

export interface SftpFacts {
  /** SSH connections since the start, whether or not they authenticated. */
  readonly connections: number;
  /** File bytes answered to READs. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Files opened since the start. */
  readonly opens: number;
  /** Files and folders that are open now. */
  readonly openHandles: number;
}

export interface SftpServer extends AsyncDisposable, HostKeyIdentity {
  readonly host: string;
  readonly port: number;
  facts(): SftpFacts;
  /** Replaces all faults, for open connections too; `{}` heals. */
  setFaults(faults: SftpFaults): void;
  /** Cuts every connection and frees the port. Idempotent. */
  close(): Promise<void>;
}

interface ServerState {
  readonly options: SftpServerOptions;
  readonly paths: ConfinedPaths;
  readonly tally: Tally;
  readonly sockets: Map<string, net.Socket>;
  readonly channels: Set<OpenHandles>;
  /** The serving of every open channel; `close` waits for them. */
  readonly serving: Set<Promise<void>>;
  faults: SftpFaults;
}

/** Fails when the folder does not exist, the host key cannot be used, or the port is taken. */
export async function startSftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const { host = '127.0.0.1', port = 0, hostKey, faults = {} } = options;
  const identity = describeHostKey(hostKey);
  const state: ServerState = {
    options,
    paths: confinePaths(await realpath(options.root)),
    tally: { connections: 0, bytesRead: 0, bytesWritten: 0, opens: 0 },
    sockets: new Map(),
    channels: new Set(),
    serving: new Set(),
    faults,
  };
  const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (client, peer) =>
    acceptClient(state, client, addressOf(peer.ip, peer.port)),
  );
  const listener = net.createServer({ noDelay: true }, (socket) => {
    acceptSocket(state, socket);
    ssh.injectSocket(socket);
  });
  const listeningPort = await listen(listener, host, port);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => listener.close(resolve));
    for (const socket of state.sockets.values()) socket.destroy();
    await closed;
    await Promise.allSettled(state.serving);
  };
  return {
    ...identity,
    host,
    port: listeningPort,
    facts: () => factsOf(state),
    setFaults: (next) => {
      state.faults = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The sockets are ours, not ssh2's: they are what a fault cuts and what `close` ends. */
function acceptSocket(state: ServerState, socket: net.Socket): void {
  state.tally.connections += 1;
  const address = addressOf(socket.remoteAddress, socket.remotePort);
  state.sockets.set(address, socket);
  // A reset by the peer is an ordinary end here; `close` follows and cleans up.
  socket.on('error', () => undefined);
  socket.once('close', () => state.sockets.delete(address));
}

function acceptClient(state: ServerState, client: Connection, address: string): void {
  // Handshakes that fail and resets end the connection by themselves; there is nothing else to undo.
  client.on('error', () => undefined);
  authenticateBy(state.options, client);
  const readFaults = createReadFaults(
    () => state.faults,
    () => state.sockets.get(address)?.destroySoon(),
  );
  client.on('session', (accept) => {
    accept().on('subsystem', (acceptSubsystem, reject, { name }) => {
      if (name === 'sftp') serve(state, acceptSubsystem(), readFaults);
      else reject();
    });
  });
}

function serve(state: ServerState, channel: ServerChannel, readFaults: ReadFaults): void {
  const handles = new OpenHandles();
  const { paths, tally, options } = state;
  const faults = (): SftpFaults => state.faults;
  const context = { paths, tally, handles, readFaults, faults, onRead: options.onRead };
  const served = serveChannel(channel, context)
    // Only a broken stream or a peer without SFTP ends here; the channel is closed by then.
    .catch(() => undefined)
    .finally(() => {
      state.channels.delete(handles);
      state.serving.delete(served);
    });
  state.channels.add(handles);
  state.serving.add(served);
}

function factsOf(state: ServerState): SftpFacts {
  const openHandles = [...state.channels].reduce((sum, handles) => sum + handles.count, 0);
  return { ...state.tally, openHandles };
}

function addressOf(ip: string | undefined, port: number | undefined): string {
  return `${ip}:${port}`;
}

function listen(listener: net.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error) => {
      reject(new Error(`starting the SFTP server on ${host}:${port}: ${error.message}`));
    });
    listener.listen(port, host, () => {
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
