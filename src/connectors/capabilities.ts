/**
 * What a connector can do. A capability is an obligation: the conformance suite derives its tests from this
 * declaration, and generic code asks it instead of asking for a connector's name.
 */

export interface SourceCapabilities {
  /** Files are read as bytes; sources of rows declare `RowSourceCapabilities`. */
  readonly reads: 'bytes';
  /** Any range of a file may be read, so that a copy resumes in the middle. */
  readonly resumes: 'byte-offset' | 'none';
  /** What tells two versions of a file apart without reading them. */
  readonly identity: 'etag' | 'size+time';
  /** The server says when bytes arrived; watching a folder needs it. */
  readonly watches: boolean;
  readonly removes: boolean;
}

export interface TargetCapabilities {
  readonly accepts: 'bytes';
  /** How an object becomes visible in one step. */
  readonly publishes: 'multipart' | 'rename';
  /** A write can be made to depend on what stands there, atomically, on the server. */
  readonly conditionalWrites: boolean;
  /** The target lists the parts that it holds, with their checksums: a resume needs no memory of ours. */
  readonly listsParts: boolean;
  /** The target computes a CRC32 of what it holds; without it only sizes are compared. */
  readonly reportsCrc32: boolean;
  /** Parts other than the last must have at least this many bytes. */
  readonly partBytesMin: number;
  readonly partsMax: number;
  /** Keeps unit and source identity with the object. */
  readonly keepsOrigin: boolean;
  /** The server copies objects of one connection by itself: `FileTarget.copyWithin`. */
  readonly copiesWithin: boolean;
  /** How its ledgers are replaced: only if unchanged, on the server; or by a rename, where the asset's workflow id is the only lock. */
  readonly ledger: 'compare-and-swap' | 'rename';
}
