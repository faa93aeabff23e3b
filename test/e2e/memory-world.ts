/**
 * A project whose files live in memory, with the real planner and the real pool of connections: for tests of activities,
 * and of whole runs with workers in the test's own process. A test reads and writes the files through `inbox` and
 * `lake`, and may stop anything at a named moment.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Ports } from '../../activities/ports.js';
import { createMemoryConnector } from '../../src/connectors/memory/index.js';
import { type MemoryFolder, MemoryStore } from '../../src/connectors/memory/store.js';
import { createMemoryTableConnector } from '../../src/connectors/memorytable/index.js';
import { type Database, TableStore } from '../../src/connectors/memorytable/store.js';
import { defaultTiming } from '../../src/core/plan/plan.js';
import { formatCrc32 } from '../../src/core/values/crc32.js';
import { conversions, formats } from '../../src/formats/all.js';
import { LiveProject } from '../../src/runtime/project/live-project.js';
import { Redactor } from '../../src/runtime/secrets/redactor.js';
import { ConnectionPool } from '../../src/runtime/worker/connection-pool.js';
import { createPlannerPort, type PlanFacts } from '../../src/runtime/worker/planner-port.js';
import { MemoryBudget } from '../../src/transfer/memory-budget.js';

export const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

export interface MemoryProject extends AsyncDisposable {
  readonly name: string;
  readonly root: string;
  readonly live: LiveProject;
  readonly store: MemoryStore;
  readonly connectors: PlanFacts['connectors'];
  readonly inbox: MemoryFolder;
  readonly lake: MemoryFolder;
  /** Tables of the connection `shop`. */
  readonly shop: Database;
  /** Lines of the log, redacted. */
  readonly logged: string[];
  put(path: string, content: Buffer | string, modifiedS?: number): void;
  yaml(path: string, text: string): Promise<void>;
  ports(changed?: Partial<Ports> & { readonly vary?: 'tiny' }): Ports;
}

export interface ProjectParts {
  readonly pipelines: string;
  /** Settings of the connection `inbox`, as YAML, indented by six. */
  readonly inbox?: string;
  readonly lake?: string;
  readonly shop?: string;
  readonly name?: string;
}

/** The context of one activity, without a log. */
export const quietActivity = (info: Partial<Info> = {}): MockActivityEnvironment =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR', () => undefined) });

const connections = ({ inbox = '', lake = '', shop = '' }: ProjectParts): string => `
resources:
  inbox:
    type: MemoryResource
    config:
      files: {}
${inbox}
  lake:
    type: MemoryResource
    config:
      files: {}
${lake}
  shop:
    type: MemoryTableResource
    config:
      tables: {}
${shop}
`;

const secondsNow = (): number => Math.floor(Date.now() / 1000);

export const memoryProject = async (parts: ProjectParts): Promise<MemoryProject> => {
  const name = parts.name ?? `shop-${randomBytes(4).toString('hex')}`;
  const root = await mkdtemp(join(tmpdir(), 'tidemark-memory-'));
  const yaml = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await yaml('tidemark.yaml', `name: ${name}\n`);
  await yaml('connections/common.yaml', connections(parts));
  await yaml('pipelines/pipelines.yaml', parts.pipelines);
  const store = new MemoryStore();
  const tables = new TableStore();
  const connectors = [createMemoryConnector(store), createMemoryTableConnector(tables)];
  const live = new LiveProject({ root, env: { ...process.env }, connectors });
  const inbox = store.folder('inbox');
  const logged: string[] = [];
  const redactor = new Redactor();
  const pools: ConnectionPool[] = [];
  return {
    name,
    root,
    live,
    store,
    connectors,
    inbox,
    lake: store.folder('lake'),
    shop: tables.database('shop'),
    logged,
    yaml,
    put: (path, content, modifiedS = secondsNow()) => {
      const bytes = Buffer.from(content);
      const tag = inbox.nextName('tag');
      inbox.files.set(path, {
        bytes,
        modified: String(modifiedS),
        tag,
        crc32: formatCrc32(crc32(bytes)),
      });
    },
    ports: ({ vary, ...changed } = {}) => {
      const facts: PlanFacts = {
        connectors,
        transfersQueue: 'transfers',
        timing: { ...defaultTiming, heartbeatTimeoutMs: 5000, retryIntervalMs: 200 },
        vary: vary ?? null,
        searchAttributes: [],
        nowMs: Date.now,
      };
      const pool = new ConnectionPool(
        live,
        facts,
        redactor,
        (_level, message) => void logged.push(message),
      );
      pools.push(pool);
      return {
        connectors,
        formats,
        conversions,
        planner: createPlannerPort(live, facts),
        connections: pool,
        budget: new MemoryBudget(64 * 1024 * 1024),
        supervisor: { opened: () => undefined, beat: () => undefined, closed: () => undefined },
        faults: { reach: () => undefined },
        draining: new AbortController().signal,
        nowMs: Date.now,
        redact: redactor.redact,
        ...changed,
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const pool of pools) await pool[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
};
