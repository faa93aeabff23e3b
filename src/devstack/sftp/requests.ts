/**
 * Finds the handler of a request and turns its failure into a status.
 * Keeps true: requests that change names run alone, in the order in which they came; requests that only look
 * names up run side by side; requests on handles are ordered by the handle.
 */
import { errorAnswer, limitsAnswer, statusAnswer } from './answers.js';
import {
  changeOpenFile,
  closeHandle,
  openFile,
  readFile,
  statOpenFile,
  syncOpenFile,
  writeFile,
} from './file-requests.js';
import { openFolder, readFolder } from './folder-requests.js';
import { createLane } from './lane.js';
import { MalformedPacket, readFields } from './packet-fields.js';
import {
  canonicalPath,
  changePath,
  lstatPath,
  makeFolder,
  removeFile,
  removeFolder,
  renameNew,
  renameOver,
  statPath,
} from './path-requests.js';
import { REQUEST, STATUS } from './protocol.js';
import type { Answer, Handler, RequestContext } from './request-context.js';

type Order = 'handle' | 'looks-up' | 'changes-names';
type Entry = readonly [Order, Handler];

const answerLimits: Handler = async (_context, id) => limitsAnswer(id);

const HANDLERS: Readonly<Record<number, Entry>> = {
  [REQUEST.open]: ['looks-up', openFile],
  [REQUEST.close]: ['handle', closeHandle],
  [REQUEST.read]: ['handle', readFile],
  [REQUEST.write]: ['handle', writeFile],
  [REQUEST.lstat]: ['looks-up', lstatPath],
  [REQUEST.fstat]: ['handle', statOpenFile],
  [REQUEST.setstat]: ['changes-names', changePath],
  [REQUEST.fsetstat]: ['handle', changeOpenFile],
  [REQUEST.opendir]: ['looks-up', openFolder],
  [REQUEST.readdir]: ['handle', readFolder],
  [REQUEST.remove]: ['changes-names', removeFile],
  [REQUEST.mkdir]: ['changes-names', makeFolder],
  [REQUEST.rmdir]: ['changes-names', removeFolder],
  [REQUEST.realpath]: ['looks-up', canonicalPath],
  [REQUEST.stat]: ['looks-up', statPath],
  [REQUEST.rename]: ['changes-names', renameNew],
};

const EXTENDED_HANDLERS: Readonly<Record<string, Entry>> = {
  'posix-rename@openssh.com': ['changes-names', renameOver],
  'fsync@openssh.com': ['handle', syncOpenFile],
  'limits@openssh.com': ['handle', answerLimits],
};

export interface RequestAnswerer {
  /** Answers one packet; undefined: no answer. Rejects with MalformedPacket only. */
  answer(packet: Buffer): Promise<Answer | undefined>;
}

export function createRequestAnswerer(context: RequestContext): RequestAnswerer {
  const names = createLane();
  const run = ([order]: Entry, start: () => ReturnType<Handler>) => {
    if (order === 'handle') return start();
    return order === 'looks-up' ? names.shared(start) : names.exclusive(start);
  };
  return {
    async answer(packet) {
      const fields = readFields(packet);
      const type = fields.uint8();
      const id = fields.uint32();
      const table = type === REQUEST.extended ? EXTENDED_HANDLERS : HANDLERS;
      const key = type === REQUEST.extended ? fields.text() : type;
      const entry = Object.hasOwn(table, key)
        ? (table as Record<string | number, Entry>)[key]
        : undefined;
      if (entry === undefined) return { packet: statusAnswer(id, STATUS.unsupported) };
      try {
        const answer = await run(entry, async () => entry[1](context, id, fields));
        return Buffer.isBuffer(answer) ? { packet: answer } : answer;
      } catch (error) {
        if (error instanceof MalformedPacket) throw error;
        return { packet: errorAnswer(id, error) };
      }
    },
  };
}
