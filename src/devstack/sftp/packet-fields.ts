/**
 * Reads the fields of one SFTP packet in order, and packs the fields of an answer.
 * Keeps true: a field that reaches over the packet's end is an error, never a shorter value.
 */

/** The peer does not speak SFTP as the draft has it; the channel cannot go on. */
export class MalformedPacket extends Error {
  constructor(problem: string) {
    super(`reading an SFTP request: ${problem}`);
    this.name = 'MalformedPacket';
  }
}

export interface PacketFields {
  uint8(): number;
  uint32(): number;
  /** A 64-bit number; beyond 2^53 it is Infinity, which no file reaches. */
  uint64(): number;
  /** A length-prefixed string as a view of the packet, not a copy. */
  bytes(): Buffer;
  text(): string;
}

export function readFields(packet: Buffer): PacketFields {
  let at = 0;
  const take = (bytes: number): number => {
    const from = at;
    at += bytes;
    if (at > packet.length) {
      throw new MalformedPacket(`a field ends at byte ${at} of a packet of ${packet.length} bytes`);
    }
    return from;
  };
  const bytes = (): Buffer => {
    const length = packet.readUInt32BE(take(4));
    const from = take(length);
    return packet.subarray(from, from + length);
  };
  return {
    uint8: () => packet.readUInt8(take(1)),
    uint32: () => packet.readUInt32BE(take(4)),
    uint64: () => {
      const value = Number(packet.readBigUInt64BE(take(8)));
      return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
    },
    bytes,
    text: () => bytes().toString('utf8'),
  };
}

/** A number is packed as uint32, a bigint as uint64, text and buffers with their length before them. */
export type Field = number | bigint | string | Buffer;

/** One whole packet: its length, its type, and the fields. */
export function packPacket(type: number, fields: readonly Field[]): Buffer {
  const ready = fields.map((field) => (typeof field === 'string' ? Buffer.from(field) : field));
  const bodyBytes = ready.reduce<number>((sum, field) => sum + fieldBytes(field), 1);
  const packet = Buffer.allocUnsafe(4 + bodyBytes);
  packet.writeUInt32BE(bodyBytes, 0);
  packet.writeUInt8(type, 4);
  let at = 5;
  for (const field of ready) {
    if (typeof field === 'number') at = packet.writeUInt32BE(field, at);
    else if (typeof field === 'bigint') at = packet.writeBigUInt64BE(field, at);
    else {
      at = packet.writeUInt32BE(field.length, at);
      at += field.copy(packet, at);
    }
  }
  return packet;
}

function fieldBytes(field: number | bigint | Buffer): number {
  if (typeof field === 'number') return 4;
  return typeof field === 'bigint' ? 8 : 4 + field.length;
}
