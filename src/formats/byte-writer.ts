/** A buffer that grows, for writers of records. */

const leastBytes = 4096;

export class ByteWriter {
  /** Write from `used` on, after `room`. */
  bytes = Buffer.alloc(0);
  used = 0;
  /** As much as the last time, and a little more. */
  #usual = leastBytes;

  /** Makes room for so many more bytes. */
  room(bytes: number): void {
    if (this.used + bytes <= this.bytes.length) return;
    const wanted = Math.max(this.bytes.length * 2, this.used + bytes, this.#usual);
    const larger = Buffer.allocUnsafeSlow(wanted);
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }

  add(text: Buffer): void {
    this.room(text.length);
    text.copy(this.bytes, this.used);
    this.used += text.length;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.used++] = value;
  }

  /** What was written; it is never touched again. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.used);
    this.#usual = Math.max(leastBytes, Math.ceil(this.used * 1.1));
    this.bytes = Buffer.alloc(0);
    this.used = 0;
    return taken;
  }
}
