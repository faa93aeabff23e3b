/**
 * To Parquet and back. The engine needs whole files, so one side of it is spooled on the worker's disk: records as CSV on
 * the way there, the Parquet file itself on the way back.
 */
import { rm } from 'node:fs/promises';
import type { RowStream } from '../connectors/row-connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { ParquetFormat } from '../core/plan/recoding.js';
import { type ParquetCompression, spoolCsv } from '../core/plan/rows.js';
import type { RecordReader, RecordWriter } from '../formats/codec.js';
import type { ParquetColumn, ParquetEngine } from '../formats/conversions.js';
import { badHeader, badParquet } from '../formats/errors.js';
import { TypeSink } from '../formats/type-sink.js';
import { recoded } from './recode-streams.js';
import { openSpool, spooledPieces, spoolPieces } from './spool.js';

import type { TransferProgress } from './transfer-progress.js';

/** The engine holds sixteen times as much for each thread. */
const lineBytesMax = 4 * 1024 * 1024;
const workingMs = 1000;

export interface ParquetSteps {
  readonly engine: ParquetEngine;
  readonly progress: TransferProgress;
  readonly signal: AbortSignal;
  counted(rows: { readonly read: number; readonly written: number }): void;
}

const columnsWith = (
  sink: TypeSink,
  { types, infersTypes }: ParquetFormat,
): readonly ParquetColumn[] => {
  const unknown = Object.keys(types).find((column) => !sink.columns.includes(column));
  if (unknown !== undefined)
    throw new TidemarkError(
      badHeader,
      `writing Parquet: schema_overrides names ${JSON.stringify(unknown)}, and the file has no such column`,
    );
  if (sink.columns.length === 0)
    throw new TidemarkError(
      badHeader,
      'writing Parquet: the file has no column, and Parquet needs one',
    );
  return sink.columns.map((column, index) => ({
    name: column,
    type: types[column] ?? (infersTypes ? (sink.types[index] ?? 'VARCHAR') : 'VARCHAR'),
    isAsked: types[column] !== undefined,
  }));
};

/** That it works, or waits for its turn, counts, as a statement on a server does: meanwhile no byte of ours moves. */
const working = async <T>(progress: TransferProgress, work: Promise<T>): Promise<T> => {
  const timer = setInterval(() => {
    progress.written(0);
  }, workingMs);
  try {
    return await work;
  } finally {
    progress.written(0);
    clearInterval(timer);
  }
};

interface Spooled {
  readonly csvPath: string;
  readonly path: string;
  readonly columns: readonly ParquetColumn[];
  readonly rows: number;
  readonly compression: ParquetCompression;
}

/** The number of rows that the engine wrote. */
const encode = (
  spooled: Spooled,
  { engine, progress, signal }: Omit<ParquetSteps, 'counted'>,
): Promise<number> =>
  working(
    progress,
    engine.write({ ...spooled, nullText: spoolCsv.nullText, lineBytesMax }, signal),
  );

async function* oneAfterTheOther(streams: readonly RowStream[]): AsyncGenerator<Buffer> {
  for (const stream of streams) yield* stream;
}

/**
 * Rows of a database, as `spoolCsv`, become a Parquet file; nothing of it is given before all of them are there. Throws
 * `format/bad-parquet`, `format/no-parquet-engine` and what the source throws.
 */
export const rowsToParquet = (
  streams: readonly RowStream[],
  file: Pick<Spooled, 'columns' | 'compression'>,
  steps: Omit<ParquetSteps, 'counted'>,
): RowStream => {
  let rows = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    await steps.engine.ready();
    await using spool = await openSpool();
    const [csvPath, path] = [spool.path('rows.csv'), spool.path('rows.parquet')];
    await spoolPieces(csvPath, oneAfterTheOther(streams));
    rows = streams.reduce((sum, stream) => sum + stream.rows(), 0);
    const written = await encode({ ...file, csvPath, path, rows }, steps);
    if (written !== rows)
      throw new TidemarkError(
        badParquet,
        `writing Parquet: the source gave ${String(rows)} rows, the file has ${String(written)}`,
      );
    await rm(csvPath);
    yield* spooledPieces(path);
  }
  return { [Symbol.asyncIterator]: pieces, rows: () => rows };
};

/** `csv`: a writer of `spoolCsv`. */
export async function* toParquet(
  pieces: AsyncIterable<Buffer>,
  records: { readonly reader: RecordReader; readonly csv: RecordWriter },
  format: ParquetFormat,
  steps: ParquetSteps,
): AsyncGenerator<Buffer> {
  await using spool = await openSpool();
  const [csvPath, path] = [spool.path('rows.csv'), spool.path('rows.parquet')];
  const sink = new TypeSink(records.csv);
  await spoolPieces(csvPath, recoded(pieces, records.reader, sink));
  const columns = columnsWith(sink, format);
  const { compression } = format;
  const read = records.reader.records;
  const written = await encode({ csvPath, path, columns, rows: read, compression }, steps);
  steps.counted({ read, written });
  yield* spooledPieces(path);
}

/** JSON knows no infinity, and the engine's words for it are text. */
const isNumber = (value: string): boolean =>
  /^-?\d/.test(value) || value === 'true' || value === 'false';

/** At most so many results wait for their reader. */
const waitingMax = 4;

/** What the engine gives, in its pace, for a reader that asks: at most a few pieces ahead. */
class Handover {
  readonly #pieces: Buffer[] = [];
  #wake: () => void = () => undefined;
  #isEnded = false;
  #failure: Error | null = null;

  async #changed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  async give(piece: Buffer, signal: AbortSignal): Promise<void> {
    this.#pieces.push(piece);
    this.#wake();
    while (this.#pieces.length >= waitingMax) {
      signal.throwIfAborted();
      await this.#changed();
    }
  }

  end(failure: unknown): void {
    if (failure !== null)
      this.#failure = failure instanceof Error ? failure : new Error(String(failure));
    this.#isEnded = true;
    this.#wake();
  }

  /** Lets a giver go that waits for a reader that will not come. */
  close(): void {
    this.#pieces.length = 0;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#pieces.shift();
      this.#wake();
      if (piece !== undefined) yield piece;
      else if (this.#failure !== null) throw this.#failure;
      else if (this.#isEnded) return;
      else await this.#changed();
    }
  }
}

export async function* fromParquet(
  pieces: AsyncIterable<Buffer>,
  wanted: readonly string[] | null,
  writer: RecordWriter,
  { engine, signal, counted, progress }: ParquetSteps,
): AsyncGenerator<Buffer> {
  await using spool = await openSpool();
  const path = spool.path('rows.parquet');
  await spoolPieces(path, pieces);
  const handover = new Handover();
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  let kinds: Parameters<Parameters<ParquetEngine['read']>[0]['begin']>[0] = [];
  let begun: () => void = () => undefined;
  // Up to the first rows it waits for its turn; behind them bytes move, or it has stalled.
  void working(progress, new Promise<void>((resolve) => (begun = resolve)));
  const reading = engine.read(
    {
      ...{ path, wanted },
      begin: (columns) => {
        begun();
        kinds = columns;
        writer.begin(columns.map(({ name }) => name));
      },
      take: async (rows) => {
        for (const row of rows) {
          row.forEach((value, index) => {
            const bytes = Buffer.from(value ?? '');
            const kind = kinds[index]?.kind ?? 'text';
            const isText = kind === 'literal' && value !== null && !isNumber(value);
            writer.cell(value === null ? 'null' : isText ? 'text' : kind, bytes, 0, bytes.length);
          });
          writer.endRow();
        }
        await handover.give(writer.take(), ended);
      },
    },
    ended,
  );
  const finished = reading.then(
    (read) => {
      counted({ read, written: writer.records });
      writer.end();
      return handover.give(writer.take(), ended).then(() => {
        handover.end(null);
      });
    },
    (error: unknown) => {
      begun();
      handover.end(error);
    },
  );
  try {
    yield* handover;
  } finally {
    stop.abort(new Error('nobody reads on'));
    handover.close();
    begun();
    await finished.catch(() => undefined);
  }
}
