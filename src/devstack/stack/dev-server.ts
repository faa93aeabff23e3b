/**
 * The contract of a server of the dev stack. The servers are a list (all.ts): another one (SQL Server, Snowflake) is one
 * file and one line. What a server tells about itself goes into `dev.json` and into the table.
 */
import type { JsonObject } from '../../core/values/json.js';
import type { Credentials } from './credentials.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the user knows a port as: `--s3-port`. */
export const portNames = ['temporal', 'ui', 's3', 'sftp', 'postgres'] as const;
export type PortName = (typeof portNames)[number];

export interface ServerPlace {
  /** Folder of the stack's data; it exists. Each server keeps to files and folders of its own name. */
  readonly dataDir: string;
  readonly credentials: Credentials;
  readonly env: Environment;
  /** Ports that were asked for: these or an error. */
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  /** Ports of the last start: taken again when they are free. */
  readonly lastPorts: Readonly<Partial<Record<PortName, number>>>;
  /** One line for each step that may take a while. */
  readonly onStep: (text: string) => void;
}

/** A row of the table: what it is, where it is, and what to know about it. */
export interface PlaceRow {
  readonly what: string;
  readonly where: string;
  readonly note: string;
}

export interface StartedServer {
  /** Its entry in `dev.json`. */
  readonly facts: JsonObject;
  /** Environment variables for clients. */
  readonly variables: Readonly<Record<string, string>>;
  readonly rows: readonly PlaceRow[];
  /** What it listens on, so that the next start can take the same. */
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  /** Resolves with the reason, last log lines included, when it ends by itself. Absent: it lives in this process. */
  readonly died?: Promise<string>;
  /** Idempotent; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface DevServer {
  /** Its key in `dev.json` and its name in `--only`. */
  readonly name: string;
  /** Rejects with nothing left running. */
  start(place: ServerPlace): Promise<StartedServer>;
}
