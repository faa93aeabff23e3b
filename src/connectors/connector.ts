/**
 * The contract of a connector: one declaration from which validation, types, JSON Schema, `tidemark describe`,
 * reference docs, redaction, template scopes and test obligations are derived.
 *
 * A connector is a folder below this one and a line in `all.ts`. It never imports another connector, Temporal or
 * the planner. `open` loads the driver on first use, so that `lint` and `describe` never do.
 */
import type { z } from 'zod';
import type {
  FileIdentity,
  ObjectOrder,
  PartRecord,
  TargetAddress,
  TargetObject,
  UploadHandle,
  WrittenObject,
} from '../core/plan/file.js';
import type { DiagnosticKind } from '../core/errors/diagnostic.js';
import type { ErrorKind } from '../core/errors/error.js';
import type { SourceCapabilities, TargetCapabilities } from './capabilities.js';
import type { OpenContext, OptionFinding } from './open-context.js';
import type { LedgerStore, RowSourceDeclaration, RowTargetDeclaration } from './row-connector.js';
import type { RowSourceOptions, RowTargetOptions } from './row-fields.js';

export type { OpenContext, OptionFinding } from './open-context.js';

/** Where bytes are counted while they move; called for every piece, however small. */
export interface ByteProgress {
  (bytes: number): void;
}

/** One file as `list` found it. */
export interface ListedFile {
  readonly identity: FileIdentity;
  /** Path below the listed folder, `/`-separated: the part that is kept under the target's prefix. */
  readonly relativePath: string;
  /** Values of `source.item.*` (dialect §5.4). */
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface ListPage {
  readonly files: readonly ListedFile[];
  /** Pass to the next call; null after the last page. */
  readonly next: string | null;
}

/**
 * Reads files of one connection. Safe for concurrent calls; one per (connection, worker) is kept open in a pool and
 * may be used by many activities at once. A broken connection is reopened by the next call.
 */
export interface FileSource<O> extends AsyncDisposable {
  /**
   * One page of files, ordered by path in UTF-16 order, strictly after `after`. Called until `next` is null.
   * Applies the options' own selection (path, file name, pattern, recursive), not the predicate.
   * Throws `…/not-found` where the folder or bucket does not exist; an empty folder is an empty page.
   */
  list(options: O, after: string | null, pageFiles: number, signal: AbortSignal): Promise<ListPage>;
  /** The file's identity now, or null when it does not exist. */
  identify(options: O, path: string, signal: AbortSignal): Promise<FileIdentity | null>;
  /**
   * Completes an identity so that a copy can be resumed safely (adds the hash of both ends where there is no entity
   * tag). Called once for each large unit, before its first byte; throws `source/changed` when the file is another one.
   */
  pin(options: O, identity: FileIdentity, signal: AbortSignal): Promise<FileIdentity>;
  /** Opens for reading; throws `source/changed` when the file is not (no longer) that identity. */
  open(options: O, identity: FileIdentity, signal: AbortSignal): Promise<FileReader>;
  /** Deletes the file if it still is that identity. Called after a verified publish; idempotent. */
  remove(options: O, identity: FileIdentity, signal: AbortSignal): Promise<void>;
}

/** One open file. `read` may be called many times at once; requests are sent in the order of the calls. */
export interface FileReader extends AsyncDisposable {
  /**
   * Fills the whole buffer with the bytes from `position` on. Asks again after a short read; throws
   * `source/truncated` when the file ends early. Honours the signal within a second.
   */
  read(
    position: number,
    buffer: Buffer,
    progress: ByteProgress,
    signal: AbortSignal,
  ): Promise<void>;
  /** Throws `source/changed` unless the file still is the identity that it was opened with. */
  verify(signal: AbortSignal): Promise<void>;
}

/**
 * Writes objects of one connection. Safe for concurrent calls. An object appears complete or not at all, and only
 * where what stands there is what the order expects: else `target/conflict`.
 */
export interface FileTarget extends AsyncDisposable {
  /** What stands at each address (null: nothing), in the order of the addresses. At most a page of them. */
  objects(
    addresses: readonly TargetAddress[],
    signal: AbortSignal,
  ): Promise<readonly (TargetObject | null)[]>;
  /**
   * Writes a small object in one conditional step. After a conflict or a lost answer it looks: an object of the same
   * unit and size is success. `crc32` is that of the body, 8 hex digits, and is verified by targets that can.
   */
  put(order: ObjectOrder, body: Buffer, crc32: string, signal: AbortSignal): Promise<WrittenObject>;
  /**
   * Opens the upload of a large object, or adopts one of the same unit that has no parts yet (a lost answer).
   * `startedAfterMs`: epoch ms at which the owner began; older uploads are never touched.
   */
  openUpload(
    order: ObjectOrder,
    partBytes: number,
    startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<UploadHandle>;
  /**
   * Copies an object of this same connection without its bytes coming here; only where the capability `copiesWithin` is
   * declared. `from.options`: those of the source. Conditional, idempotent and recognised like `put`; throws
   * `source/changed` where the source is not (no longer) that identity, and checks the size of what it wrote.
   */
  copyWithin?(
    from: { readonly options: unknown; readonly identity: FileIdentity },
    order: ObjectOrder,
    startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<WrittenObject>;
  /** The parts that the target holds; only called where the capability `listsParts` is declared. */
  listParts(upload: UploadHandle, signal: AbortSignal): Promise<readonly PartRecord[]>;
  /**
   * Writes one part; may be repeated with the same bytes. Durable when it returns. Parts may differ in size: `position` is
   * where the part begins in the object, and all but the last have the `partBytesMin` of the capabilities.
   */
  writePart(
    upload: UploadHandle,
    part: { readonly number: number; readonly position: number; readonly crc32: string },
    body: Buffer,
    io: { readonly progress: ByteProgress; readonly signal: AbortSignal },
  ): Promise<PartRecord>;
  /**
   * Makes the object visible from exactly these parts, if the target is as expected; where the order has no size, it has
   * that of the parts, whatever else the upload holds. Idempotent by unit, or by size and bytes where no unit is kept.
   */
  complete(
    upload: UploadHandle,
    parts: readonly PartRecord[],
    signal: AbortSignal,
  ): Promise<WrittenObject>;
  /** Removes the upload and everything in it; repeated until the target says that it is gone. Idempotent. */
  abort(upload: UploadHandle, signal: AbortSignal): Promise<void>;
  /**
   * Discards by name what a window wrote at an address: its uploads (those that `startedAfterMs` does not exclude and no
   * other owner began) and its object, if a unit that begins with `unitPrefix` wrote it. Idempotent; anything else stays.
   * Where no unit is kept (`keepsOrigin` is false) a finished object stays too: nothing says whose it is.
   */
  discard(
    address: TargetAddress,
    unitPrefix: string,
    startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** Ledgers of assets with a mark, below `folder`, as `TargetDeclaration.ledgerFolder` gives it. */
  ledger(folder: TargetAddress): LedgerStore;
}

export interface ConnectionDeclaration<C> {
  /** Names in `resources.<name>.type`: `SFTPResource`. */
  readonly types: readonly string[];
  readonly options: z.ZodType<C>;
  /** Who and where, without secrets: what a run pins. Values are shown to people. */
  identity(connection: C): Readonly<Record<string, string>>;
  /** Meaning that the schema cannot say: unpinned host keys, plaintext secrets are generic and not repeated here. */
  check?(connection: C): readonly OptionFinding[];
}

export interface SourceDeclaration<C, O> {
  readonly options: z.ZodType<O>;
  readonly capabilities: SourceCapabilities;
  /** Fields of `source.item`, with their meaning; in the order in which they are shown. */
  readonly itemFields: Readonly<Record<string, string>>;
  /** A field that people write by mistake, and the right one here: `object_name` → `file_name` (D5). */
  readonly itemFieldMistakes: Readonly<Record<string, string>>;
  check?(options: O): readonly OptionFinding[];
  /** Where it reads, for people: `sftp://host/path/*.csv`. */
  describe(connection: C, options: O): string;
  /**
   * Does an asset with these options read that file? Decides whether a sensor's run is narrowed (D17).
   * `path` is an identity's path, `container` the sensor's own bucket or ''.
   */
  covers(options: O, file: { readonly container: string; readonly path: string }): boolean;
  /** The bucket of these options, '' where there is none. */
  container(connection: C, options: O): string;
  open(connection: C, context: OpenContext): Promise<FileSource<O>>;
}

export interface TargetDeclaration<C, O> {
  readonly options: z.ZodType<O>;
  readonly capabilities: TargetCapabilities;
  check?(options: O): readonly OptionFinding[];
  describe(connection: C, options: O): string;
  /**
   * Where a file goes: `key`, else the prefix and the path below the listed folder. Pure; called for each item with
   * options whose item templates are resolved. Throws `target/bad-key` for a key that the target cannot hold.
   */
  address(connection: C, options: O, file: { readonly relativePath: string }): TargetAddress;
  /** The folder that holds ledgers beside the data: `_tidemark`. */
  ledgerFolder(connection: C, options: O): TargetAddress;
  open(connection: C, context: OpenContext): Promise<FileTarget>;
}

/* The three options types of a declaration are existential: lists hold `Connector`, made by `defineConnector`. */
export interface ConnectorDeclaration<C, S, T> {
  /** Folder name and prefix of activity names: `sftp`. */
  readonly kind: string;
  /** As written in `source.type`, `target.type` and `sensors[].type`: `SFTP`. */
  readonly type: string;
  readonly title: string;
  readonly summary: string;
  readonly since: string;
  readonly stability: 'stable' | 'experimental';
  readonly connection: ConnectionDeclaration<C>;
  /** Loads the driver. Called once by a worker at its start, so that the first task does not wait for it. */
  load?(): Promise<unknown>;
  readonly source?: SourceDeclaration<C, S>;
  readonly target?: TargetDeclaration<C, T>;
  /** Instead of `source` and `target`: a database. */
  readonly rowSource?: RowSourceDeclaration<C, S & RowSourceOptions>;
  readonly rowTarget?: RowTargetDeclaration<C, T & RowTargetOptions>;
  readonly errors: readonly ErrorKind[];
  /** What its checks of options can find. */
  readonly findings: readonly DiagnosticKind[];
  readonly examples: readonly { readonly title: string; readonly yaml: string }[];
  /** What one must know before relying on it; sentences. */
  readonly limits: readonly string[];
}

/** A declaration whose own types are forgotten: what lists and generic code hold. Options are parsed before use. */
export type Connector = Omit<
  ConnectorDeclaration<unknown, unknown, unknown>,
  'rowSource' | 'rowTarget'
> & {
  readonly rowSource?: RowSourceDeclaration<unknown, RowSourceOptions>;
  readonly rowTarget?: RowTargetDeclaration<unknown, RowTargetOptions>;
};

/**
 * Checks nothing at run time; gives the declaration its types. The result forgets them: generic code passes only
 * values that came out of this declaration's own schemas.
 */
export const defineConnector = <C, S, T>(declaration: ConnectorDeclaration<C, S, T>): Connector =>
  declaration as unknown as Connector;
