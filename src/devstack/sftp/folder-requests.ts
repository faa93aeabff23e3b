/**
 * Listing folders: OPENDIR and READDIR.
 * Keeps true: names come in batches, `.` and `..` first as OpenSSH sends them, with the attributes of the
 * entry itself (a link is listed as a link); an entry that vanishes meanwhile is left out.
 */
import type { Dir, Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { handleAnswer, nameAnswer, type NamedEntry, statusAnswer } from './answers.js';
import { attributesOf, longNameOf } from './attributes.js';
import type { OpenFolder } from './open-handles.js';
import { LIMITS, STATUS } from './protocol.js';
import type { Handler } from './request-context.js';

export const openFolder: Handler = async ({ paths, handles }, id, fields) => {
  const place = await paths.existing(fields.text());
  const folder = await opendir(place, { bufferSize: LIMITS.namesPerAnswer });
  return handleAnswer(id, await handles.addFolder(folder));
};

export const readFolder: Handler = (context, id, fields) => {
  const opened = context.handles.folder(fields.bytes());
  return opened.lane.exclusive(async () => {
    const entries = await nextEntries(opened);
    return entries === undefined ? statusAnswer(id, STATUS.eof) : nameAnswer(id, entries);
  });
};

/** The next entries, at least one; undefined at the end. */
async function nextEntries(opened: OpenFolder): Promise<readonly NamedEntry[] | undefined> {
  if (!opened.dotsListed) {
    opened.dotsListed = true;
    const itself = await lstat(opened.folder.path);
    return ['.', '..'].map((name) => describe(name, itself));
  }
  for (;;) {
    const names = await nextNames(opened.folder);
    if (names.length === 0) return undefined;
    const entries = await Promise.all(names.map((name) => look(opened.folder.path, name)));
    const present = entries.filter((entry) => entry !== undefined);
    if (present.length > 0) return present;
  }
}

async function nextNames(folder: Dir): Promise<readonly string[]> {
  const names: string[] = [];
  while (names.length < LIMITS.namesPerAnswer) {
    const entry = await folder.read();
    if (entry === null) break;
    names.push(entry.name);
  }
  return names;
}

async function look(folder: string, name: string): Promise<NamedEntry | undefined> {
  const stats = await lstat(path.join(folder, name)).catch(() => undefined);
  return stats && describe(name, stats);
}

function describe(name: string, stats: Stats): NamedEntry {
  return { name, longName: longNameOf(name, stats), attributes: attributesOf(stats) };
}
