/** What the files of a load are: their format, and the columns that the first of them names. */
import { invariant } from '../../src/core/errors/invariant.js';
import type { FileIdentity } from '../../src/core/plan/file.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { Column, FileFormat, RowFormat } from '../../src/core/plan/rows.js';
import { gunzip, isGzipPath } from '../../src/formats/compression.js';
import type { FormatDeclaration } from '../../src/formats/format.js';
import type { OpenSource, Ports } from '../ports.js';
import { rowsOf } from './window.js';

const headBytesMax = 1024 * 1024;
const sampleBytes = 64 * 1024;

export const formatNamed = (ports: Ports, kind: RowFormat['kind']): FormatDeclaration => {
  const found = ports.formats.find((format) => format.kind === kind);
  invariant(found !== undefined, `format ${kind} is known`);
  return found;
};

/** A name that ends in `.gz` says that its file is compressed, whatever the options say. */
export const fileFormatFor = (plan: AssetPlan, path: string): FileFormat => {
  const { format } = rowsOf(plan);
  return isGzipPath(path) ? { ...format, compression: 'gzip' } : format;
};

const firstFile = async (
  open: OpenSource,
  plan: AssetPlan,
  signal: AbortSignal,
): Promise<FileIdentity | null> => {
  if (plan.narrowedTo !== null) return plan.narrowedTo[0]?.identity ?? null;
  let after: string | null = null;
  let empty: FileIdentity | null = null;
  do {
    const page = await open.source.list(open.options, after, 250, signal);
    const found = page.files.find(({ identity }) => identity.size > 0);
    if (found !== undefined) return found.identity;
    empty ??= page.files[0]?.identity ?? null;
    after = page.next;
  } while (after !== null);
  return empty;
};

const bytesOf = async function* (
  open: OpenSource,
  identity: FileIdentity,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  const reader = await open.source.open(open.options, identity, signal);
  try {
    for (let at = 0; at < identity.size; at += sampleBytes) {
      const buffer = Buffer.alloc(Math.min(sampleBytes, identity.size - at));
      await reader.read(at, buffer, () => undefined, signal);
      yield buffer;
    }
  } finally {
    await reader[Symbol.asyncDispose]();
  }
};

const namesIn = async (
  declaration: FormatDeclaration,
  format: FileFormat,
  bytes: AsyncIterable<Buffer>,
): Promise<readonly string[]> => {
  let seen = Buffer.alloc(0);
  const plain = format.compression === 'gzip' ? gunzip(bytes) : bytes;
  for await (const chunk of plain) {
    seen = Buffer.concat([seen, chunk]);
    const head = declaration.head(format.rows, seen, false);
    if (head !== null) return head.columns;
    if (seen.length > headBytesMax) break;
  }
  return declaration.head(format.rows, seen, true)?.columns ?? [];
};

/** The columns of the first file; null where files do not name them. */
export const incomingColumns = async ({
  ports,
  plan,
  signal,
}: {
  readonly ports: Ports;
  readonly plan: AssetPlan;
  readonly signal: AbortSignal;
}): Promise<readonly Column[] | 'no files' | null> => {
  const open = await ports.connections.source(plan.source);
  const identity = await firstFile(open, plan, signal);
  if (identity === null) return 'no files';
  const format = fileFormatFor(plan, identity.path);
  const declaration = formatNamed(ports, format.rows.kind);
  const names = await namesIn(declaration, format, bytesOf(open, identity, signal));
  if (names.length === 0) return null;
  return names.map((name) => ({ name, type: 'unknown', family: 'other', nullable: true }));
};
