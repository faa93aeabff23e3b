/**
 * What an attempt has done so far. Written by the pump, read by the heartbeat and by the stall deadline: liveness and
 * progress are judged apart.
 */
export class TransferProgress {
  /** Bytes read from the source by this attempt. */
  readBytes = 0;
  /** Bytes that the target confirmed, with those that earlier attempts left. */
  confirmedBytes = 0;
  /** What had been confirmed when this attempt began; what came on top is its progress. */
  baseBytes = 0;
  /** What the attempt does now, in a word: `reading`, `completing`. */
  phase = 'starting';
  /** The object that moves. */
  object = '';
  /** Last moment at which any byte moved, by the given clock; null before the first. */
  lastByteMs: number | null = null;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Called once an attempt knows how much of the work is done already. */
  resumeFrom(bytes: number): void {
    this.confirmedBytes = bytes;
    this.baseBytes = bytes;
  }

  read = (bytes: number): void => {
    this.readBytes += bytes;
    this.lastByteMs = this.#nowMs();
  };

  written = (_bytes: number): void => {
    this.lastByteMs = this.#nowMs();
  };
}
