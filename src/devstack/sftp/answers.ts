/**
 * The answers of the server, as packets ready to be written.
 * Keeps true: a status carries our own words and an errno name, never a path of the machine; file bytes are
 * read straight into the packet that carries them.
 */
import { ANSWER, EXTENSIONS, LIMITS, STATUS, type StatusCode } from './protocol.js';
import { type Field, packPacket } from './packet-fields.js';

/** Where the file bytes begin in a DATA packet: length, type, request id, data length. */
const DATA_OFFSET = 13;

const STATUS_TEXT: Readonly<Record<StatusCode, string>> = {
  [STATUS.ok]: 'Success',
  [STATUS.eof]: 'End of file',
  [STATUS.noSuchFile]: 'No such file',
  [STATUS.permissionDenied]: 'Permission denied',
  [STATUS.failure]: 'Failure',
  [STATUS.badMessage]: 'Bad message',
  [STATUS.unsupported]: 'Operation unsupported',
};

const STATUS_OF_ERRNO: Readonly<Record<string, StatusCode>> = {
  ENOENT: STATUS.noSuchFile,
  EPERM: STATUS.permissionDenied,
  EACCES: STATUS.permissionDenied,
  ELOOP: STATUS.permissionDenied,
  ENOSYS: STATUS.unsupported,
};

export function versionAnswer(): Buffer {
  return packPacket(ANSWER.version, [3, ...Object.entries(EXTENSIONS).flat()]);
}

export function statusAnswer(id: number, status: StatusCode, detail = ''): Buffer {
  const text = detail === '' ? STATUS_TEXT[status] : `${STATUS_TEXT[status]} (${detail})`;
  return packPacket(ANSWER.status, [id, status, text, '']);
}

/** The status for a failed file operation; a failure without an errno is FAILURE. */
export function errorAnswer(id: number, error: unknown): Buffer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return statusAnswer(id, STATUS_OF_ERRNO[code] ?? STATUS.failure, code);
}

export function handleAnswer(id: number, handle: Buffer): Buffer {
  return packPacket(ANSWER.handle, [id, handle]);
}

export function attributesAnswer(id: number, attributes: readonly Field[]): Buffer {
  return packPacket(ANSWER.attributes, [id, ...attributes]);
}

export interface NamedEntry {
  readonly name: string;
  /** The line that `ls -l` shows; clients print it and must not parse it. */
  readonly longName: string;
  readonly attributes: readonly Field[];
}

export function nameAnswer(id: number, entries: readonly NamedEntry[]): Buffer {
  const fields = entries.flatMap((entry) => [entry.name, entry.longName, ...entry.attributes]);
  return packPacket(ANSWER.name, [id, entries.length, ...fields]);
}

/** `limits@openssh.com`: packet, read and write lengths, and the number of handles (OpenSSH PROTOCOL §4.8). */
export function limitsAnswer(id: number): Buffer {
  const { packetBytes, dataBytes, openHandles } = LIMITS;
  const limits = [packetBytes, dataBytes, dataBytes, openHandles];
  return packPacket(ANSWER.extended, [id, ...limits.map(BigInt)]);
}

/** Space for a DATA packet; `space` is where the file bytes belong. */
export function reserveDataAnswer(bytes: number): {
  readonly packet: Buffer;
  readonly space: Buffer;
} {
  const packet = Buffer.allocUnsafeSlow(DATA_OFFSET + bytes);
  return { packet, space: packet.subarray(DATA_OFFSET) };
}

/** Completes a reserved DATA packet that holds `bytes` file bytes. */
export function finishDataAnswer(packet: Buffer, id: number, bytes: number): Buffer {
  packet.writeUInt32BE(DATA_OFFSET - 4 + bytes, 0);
  packet.writeUInt8(ANSWER.data, 4);
  packet.writeUInt32BE(id, 5);
  packet.writeUInt32BE(bytes, 9);
  return packet.subarray(0, DATA_OFFSET + bytes);
}
