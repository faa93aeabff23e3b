/**
 * Faults that a test declares: the server then breaks in the one way that was asked for.
 * Keeps true: counts are per connection and of file bytes, so a test that says "cut after 1 MB" gets exactly
 * 1,000,000 bytes answered however many READs were outstanding.
 */

export interface SftpFaults {
  /** The connection is cut when this many bytes were answered to READs. Default: never. */
  readonly cutAfterBytesRead?: number;
  /** READs are no longer answered after this many bytes; everything else is. Default: never. */
  readonly stallAfterBytesRead?: number;
  /** No READ answer is longer, although the file goes on. Default: as long as asked for. */
  readonly shortReadBytes?: number;
  /** Asked for each OPEN with the client's path; a status refuses it. Default: none is refused. */
  readonly refuseOpen?: (clientPath: string) => 'permission-denied' | 'failure' | undefined;
}

/** Decides about the READs of one connection. */
export interface ReadFaults {
  /** How many of the bytes asked for may be answered; undefined: this READ gets no answer. */
  allow(requestedBytes: number): number | undefined;
  /** After the read: gives back what the file did not have. */
  giveBack(bytes: number): void;
  /** After the answer was written; cuts the connection when it is time. */
  answered(bytes: number): void;
}

export function createReadFaults(faults: () => SftpFaults, cut: () => void): ReadFaults {
  let allowedBytes = 0;
  let answeredBytes = 0;
  return {
    allow(requestedBytes) {
      const { cutAfterBytesRead, stallAfterBytesRead, shortReadBytes } = faults();
      const limit = Math.min(cutAfterBytesRead ?? Infinity, stallAfterBytesRead ?? Infinity);
      const bytes = Math.min(requestedBytes, shortReadBytes ?? Infinity, limit - allowedBytes);
      if (bytes <= 0 && requestedBytes > 0) return undefined;
      allowedBytes += bytes;
      return bytes;
    },
    giveBack(bytes) {
      allowedBytes -= bytes;
    },
    answered(bytes) {
      answeredBytes += bytes;
      if (answeredBytes >= (faults().cutAfterBytesRead ?? Infinity)) cut();
    },
  };
}
