/**
 * Tables and files in memory for tests of the pumps of rows. Expected bytes are put together here, by other means than the
 * connector's own writer; parts are read from the store, not through the target.
 */
import { crc32 } from 'node:zlib';
import { connectionOptions as fileOptions, sourceOptions } from '../connectors/memory/options.js';
import { MemoryFolder } from '../connectors/memory/store.js';
import { openSource as openFolder } from '../connectors/memory/source.js';
import { openTarget as openFiles } from '../connectors/memory/target.js';
import { connectionOptions } from '../connectors/memorytable/options.js';
import { openSource } from '../connectors/memorytable/source.js';
import { Database, type Row } from '../connectors/memorytable/store.js';
import { openTarget } from '../connectors/memorytable/target.js';
import type { FileReader, FileTarget, OpenContext } from '../connectors/connector.js';
import type { RowReader, RowSource, RowTarget } from '../connectors/row-connector.js';
import type { PartRecord, UploadHandle } from '../core/plan/file.js';
import {
  type LoadPlan,
  type RowFormat,
  type RowQuery,
  type RowSizes,
  plainCsv,
} from '../core/plan/rows.js';
import { loadPlan } from '../core/run/asset-plan.fixture.js';
import { openWindow } from '../core/run/ledger-changes.js';
import type { PreparedLoad } from '../core/run/load.js';
import type { FormatDeclaration } from '../formats/format.js';
import { formatCrc32 } from '../core/values/crc32.js';
import { TransferProgress } from './transfer-progress.js';

export const never = new AbortController().signal;

export const context: OpenContext = {
  connectionName: 'tables',
  throttle: () => Promise.resolve(),
  log: () => undefined,
};

export const query: RowQuery = {
  table: { schema: null, name: 'orders' },
  sql: null,
  columns: null,
  key: null,
  cursor: null,
};

export const sizesOf = (sizes: Partial<RowSizes> = {}): RowSizes => ({
  pageRows: 10,
  pageBytes: 200,
  partBytes: 500,
  chunkParts: 1000,
  lanes: 1,
  workers: 1,
  ...sizes,
});

/** Rows in an order that is not that of their keys, with notes of the given widths. */
export const rowsOf = (widths: readonly number[]): readonly Row[] =>
  widths
    .map((width, index): Row => [String(index * 7 + 1), 'x'.repeat(width + 1)])
    .sort((a, b) => (String(a[0]).slice(-1) < String(b[0]).slice(-1) ? -1 : 1));

/** What the rows are as CSV, in the order of their keys; the values need no quotes. */
export const csvOf = (rows: readonly Row[]): string =>
  [...rows]
    .sort((a, b) => Number(a[0]) - Number(b[0]))
    .map((row) => `${row.join(',')}\n`)
    .join('');

export const ledgerName = { project: 'p', asset: 'copies', partition: '' };

/** Records end at line feeds, nothing is quoted: what these tests need of a format. */
export const lines: FormatDeclaration = {
  kind: 'csv',
  title: 'lines',
  extension: 'csv',
  scanner: () => {
    let isInside = false;
    return {
      scan: (chunk) => {
        const end = chunk.lastIndexOf(10) + 1;
        isInside = chunk.length > 0 ? end < chunk.length : isInside;
        return { end, records: String(chunk).split('\n').length - 1 };
      },
      get isInside() {
        return isInside;
      },
    };
  },
  head: (_format, bytes, isWhole) => {
    const end = bytes.indexOf(10);
    if (end < 0 && !isWhole) return null;
    const last = end < 0 ? bytes.length : end;
    return { columns: String(bytes.subarray(0, last)).split(','), bytes: end < 0 ? last : end + 1 };
  },
};

export const crcOf = (bytes: Buffer): string => formatCrc32(crc32(bytes));

export class RowLanes {
  readonly database = new Database();
  readonly source: RowSource;
  readonly lake = new MemoryFolder();
  readonly files: FileTarget;
  readonly inbox = new MemoryFolder();
  readonly target: RowTarget;
  readonly progress = new TransferProgress(() => 0);

  constructor(faults: readonly object[] = [], writeFaults: readonly object[] = []) {
    const connection = connectionOptions.parse({ faults });
    this.source = openSource({ database: this.database, connection, context });
    this.target = openTarget({ database: this.database, connection, context });
    this.files = openFiles({
      folder: this.lake,
      connection: fileOptions.parse({ faults: writeFaults }),
      context,
    });
  }

  put(rows: readonly Row[], key: readonly string[] | null = ['id']): void {
    this.database.create('orders', { id: 'bigint', note: 'text' }, key);
    this.database.insert('orders', rows);
  }

  /** An open window and its staging table. */
  async load(plan: Partial<LoadPlan> = {}, id = 'w1'): Promise<PreparedLoad> {
    const store = this.target.ledger('tidemark');
    const held = await store.read(ledgerName, never);
    const facts = { id, shapeHash: 'h', low: null, high: null, assetToken: 0, owner: 'run' };
    const opened = openWindow(held?.document ?? null, ledgerName, {
      ...facts,
      openedAt: '2024-01-01T00:00:00Z',
      names: [],
    });
    await store.write(ledgerName, opened.document, held?.tag ?? null, never);
    if (!this.database.tables.has('copies')) {
      this.database.create('copies', { id: 'bigint', note: 'text' });
    }
    const order = { plan: loadPlan(plan), ledger: ledgerName, window: opened.window };
    return this.target.prepare(order, this.database.tables.get('copies')?.columns ?? [], never);
  }

  /** Rows that are staged, as the store holds them. */
  staged(load: PreparedLoad): readonly Row[] {
    return this.database.stagings.get(load.staging)?.table.rows ?? [];
  }

  async file(bytes: Buffer, faults: readonly object[] = []): Promise<FileReader> {
    const tag = this.inbox.nextName('tag');
    this.inbox.files.set('in.csv', { bytes, modified: '1', tag, crc32: '' });
    const folder = openFolder({
      folder: this.inbox,
      connection: fileOptions.parse({ faults }),
      context,
    });
    const identity = { path: 'in.csv', size: bytes.length, modified: '1', etag: tag };
    return folder.open(sourceOptions.parse({}), identity, never);
  }

  async reader(format: RowFormat = plainCsv): Promise<RowReader> {
    const shape = await this.source.inspect(query, never);
    return this.source.open({ query, shape, window: null, format }, never);
  }

  upload(key = 'orders.csv'): Promise<UploadHandle> {
    const order = {
      address: { container: '', key },
      unit: `unit of ${key}`,
      copiedFrom: '',
      size: null,
      modified: null,
      expected: { absent: true as const },
    };
    return this.files.openUpload(order, 1, 0, never);
  }

  listed(upload: UploadHandle): readonly PartRecord[] {
    const parts = this.lake.uploads.get(upload.id)?.parts ?? new Map();
    return [...parts.values()].map(({ record }) => record as PartRecord);
  }

  /** The object as its first parts make it. */
  object(upload: UploadHandle, parts: number): Buffer {
    const held = this.lake.uploads.get(upload.id)?.parts;
    return Buffer.concat(
      Array.from({ length: parts }, (_, index) => held?.get(index + 1)?.bytes ?? Buffer.from('?')),
    );
  }
}
