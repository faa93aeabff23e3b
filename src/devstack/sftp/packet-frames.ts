/**
 * Cuts the byte stream of a channel into SFTP packets.
 * Keeps true: a packet that lies whole inside one chunk is not copied; one that is longer than the limit, or
 * empty, is refused before any memory is reserved for it.
 */
import { LIMITS } from './protocol.js';
import { MalformedPacket } from './packet-fields.js';

export interface PacketFrames {
  /** The packets that `chunk` completes, in order, each without its length field. */
  push(chunk: Buffer): Buffer[];
}

export function createPacketFrames(): PacketFrames {
  const header = Buffer.alloc(4);
  let headerBytes = 0;
  let packet: Buffer | undefined;
  let packetBytes = 0;

  const start = (
    chunk: Buffer,
    from: number,
  ): { readonly next: number; readonly whole?: Buffer } => {
    const bytes = checkedLength(header.readUInt32BE(0));
    headerBytes = 0;
    if (chunk.length - from >= bytes) {
      return { next: from + bytes, whole: chunk.subarray(from, from + bytes) };
    }
    packet = Buffer.allocUnsafeSlow(bytes);
    packetBytes = chunk.copy(packet, 0, from);
    return { next: chunk.length };
  };

  const fill = (chunk: Buffer, from: number, into: Buffer): number => {
    const copied = chunk.copy(into, packetBytes, from);
    packetBytes += copied;
    return from + copied;
  };

  return {
    push(chunk) {
      const packets: Buffer[] = [];
      let at = 0;
      while (at < chunk.length) {
        if (packet !== undefined) {
          at = fill(chunk, at, packet);
          if (packetBytes === packet.length) {
            packets.push(packet);
            packet = undefined;
          }
          continue;
        }
        const copied = chunk.copy(header, headerBytes, at);
        headerBytes += copied;
        at += copied;
        if (headerBytes < 4) break;
        const { next, whole } = start(chunk, at);
        at = next;
        if (whole !== undefined) packets.push(whole);
      }
      return packets;
    },
  };
}

function checkedLength(bytes: number): number {
  if (bytes === 0 || bytes > LIMITS.packetBytes) {
    throw new MalformedPacket(`a packet of ${bytes} bytes; 1 to ${LIMITS.packetBytes} are allowed`);
  }
  return bytes;
}
