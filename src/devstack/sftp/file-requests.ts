/**
 * Requests on open files: OPEN, READ, WRITE, FSTAT, FSETSTAT, CLOSE and fsync.
 * Keeps true: all I/O is positional, so any number of READs of one handle may be outstanding and each is
 * answered when it is done; a WRITE is seen by whatever was asked for after it.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  attributesAnswer,
  finishDataAnswer,
  handleAnswer,
  reserveDataAnswer,
  statusAnswer,
} from './answers.js';
import { attributesOf, readAttributes, type WantedAttributes } from './attributes.js';
import type { OpenFile } from './open-handles.js';
import { LIMITS, OPEN_FLAG, STATUS } from './protocol.js';
import type { Answer, Handler, RequestContext } from './request-context.js';

const REFUSALS = { 'permission-denied': 'EACCES', failure: 'EMFILE' } as const;

export const openFile: Handler = async (context, id, fields) => {
  const clientPath = fields.text();
  const flags = fields.uint32();
  const { mode } = readAttributes(fields);
  const refusal = context.faults().refuseOpen?.(clientPath);
  if (refusal !== undefined) {
    throw Object.assign(new Error('a declared fault'), { code: REFUSALS[refusal] });
  }
  const file = await open(
    await context.paths.openable(clientPath),
    systemFlags(flags),
    mode ?? 0o666,
  );
  const handle = await context.handles.addFile(file, clientPath);
  context.tally.opens += 1;
  return handleAnswer(id, handle);
};

export const readFile: Handler = async (context, id, fields) => {
  const opened = context.handles.file(fields.bytes());
  const offset = fields.uint64();
  const requestedBytes = Math.min(fields.uint32(), LIMITS.dataBytes);
  const allowedBytes = context.readFaults.allow(requestedBytes);
  if (allowedBytes === undefined) return undefined;
  return opened.lane.shared(async () => {
    // Without a watcher nothing is awaited here: one turn of the loop per READ is worth saving.
    if (context.onRead) await context.onRead({ path: opened.clientPath, offset, requestedBytes });
    return readAt({ context, id, opened, offset, bytes: allowedBytes });
  });
};

interface Reading {
  readonly context: RequestContext;
  readonly id: number;
  readonly opened: OpenFile;
  readonly offset: number;
  readonly bytes: number;
}

async function readAt(reading: Reading): Promise<Buffer | Answer> {
  const { context, id, opened, offset, bytes } = reading;
  const { packet, space } = reserveDataAnswer(bytes);
  // No file reaches beyond 2^53, where `uint64` gives Infinity: that is the end of the file.
  const read = Number.isFinite(offset)
    ? await opened.file.read(space, 0, bytes, offset)
    : undefined;
  const fileBytes = read?.bytesRead ?? 0;
  context.readFaults.giveBack(bytes - fileBytes);
  if (fileBytes === 0) return statusAnswer(id, STATUS.eof);
  context.tally.bytesRead += fileBytes;
  return { packet: finishDataAnswer(packet, id, fileBytes), fileBytes };
}

export const writeFile: Handler = (context, id, fields) => {
  const opened = context.handles.file(fields.bytes());
  const offset = fields.uint64();
  const data = fields.bytes();
  return opened.lane.exclusive(async () => {
    await writeAt(opened.file, data, offset);
    context.tally.bytesWritten += data.length;
    return statusAnswer(id, STATUS.ok);
  });
};

async function writeAt(file: FileHandle, data: Buffer, offset: number): Promise<void> {
  let at = 0;
  while (at < data.length) {
    const { bytesWritten } = await file.write(data, at, data.length - at, offset + at);
    at += bytesWritten;
  }
}

export const statOpenFile: Handler = (context, id, fields) => {
  const opened = context.handles.file(fields.bytes());
  return opened.lane.shared(async () =>
    attributesAnswer(id, attributesOf(await opened.file.stat())),
  );
};

export const changeOpenFile: Handler = (context, id, fields) => {
  const opened = context.handles.file(fields.bytes());
  const wanted = readAttributes(fields);
  return opened.lane.exclusive(async () => {
    await applyAttributes(opened.file, wanted);
    return statusAnswer(id, STATUS.ok);
  });
};

/** Changes what was asked for; another owner is refused as unsupported before anything is changed. */
export async function applyAttributes(file: FileHandle, wanted: WantedAttributes): Promise<void> {
  if (wanted.owner) throw Object.assign(new Error('owners are not changed'), { code: 'ENOSYS' });
  if (wanted.sizeBytes !== undefined) await file.truncate(wanted.sizeBytes);
  if (wanted.mode !== undefined) await file.chmod(wanted.mode);
  if (wanted.times !== undefined) {
    await file.utimes(wanted.times.accessSeconds, wanted.times.modifySeconds);
  }
}

export const syncOpenFile: Handler = (context, id, fields) => {
  const opened = context.handles.file(fields.bytes());
  return opened.lane.exclusive(async () => {
    await opened.file.sync();
    return statusAnswer(id, STATUS.ok);
  });
};

export const closeHandle: Handler = async (context, id, fields) => {
  await context.handles.close(fields.bytes());
  return statusAnswer(id, STATUS.ok);
};

function systemFlags(flags: number): number {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const access = has(OPEN_FLAG.write)
    ? has(OPEN_FLAG.read)
      ? constants.O_RDWR
      : constants.O_WRONLY
    : constants.O_RDONLY;
  // NOFOLLOW: the path is resolved already, so a link here is one that was not checked.
  // NONBLOCK: opening a named pipe must not block a thread for ever; regular files do not notice.
  return (
    access |
    constants.O_NOFOLLOW |
    constants.O_NONBLOCK |
    (has(OPEN_FLAG.append) ? constants.O_APPEND : 0) |
    (has(OPEN_FLAG.create) ? constants.O_CREAT : 0) |
    (has(OPEN_FLAG.truncate) ? constants.O_TRUNC : 0) |
    (has(OPEN_FLAG.exclusive) ? constants.O_EXCL : 0)
  );
}
