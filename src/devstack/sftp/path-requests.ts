/**
 * Requests on names: STAT, LSTAT, SETSTAT, REALPATH, MKDIR, RMDIR, REMOVE, RENAME and posix-rename.
 * Keeps true: RENAME of version 3 never replaces a target (draft-ietf-secsh-filexfer-02 §6.5); only
 * posix-rename@openssh.com does.
 */
import { constants } from 'node:fs';
import {
  link,
  lstat,
  mkdir,
  open,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
  chmod,
} from 'node:fs/promises';
import { attributesAnswer, nameAnswer, statusAnswer } from './answers.js';
import { attributesOf, readAttributes, type WantedAttributes } from './attributes.js';
import { applyAttributes } from './file-requests.js';
import { STATUS } from './protocol.js';
import type { Handler } from './request-context.js';

export const statPath: Handler = async ({ paths }, id, fields) =>
  attributesAnswer(id, attributesOf(await stat(await paths.existing(fields.text()))));

export const lstatPath: Handler = async ({ paths }, id, fields) => {
  const clientPath = fields.text();
  // The root has no entry of its own that a client may name; it is never a link.
  const isRoot = (await paths.canonical(clientPath).catch(() => '')) === '/';
  const place = isRoot ? await paths.existing('/') : await paths.entry(clientPath);
  return attributesAnswer(id, attributesOf(await lstat(place)));
};

export const changePath: Handler = async ({ paths }, id, fields) => {
  const clientPath = fields.text();
  const wanted = readAttributes(fields);
  await changeAttributes(await paths.existing(clientPath), wanted);
  return statusAnswer(id, STATUS.ok);
};

async function changeAttributes(place: string, wanted: WantedAttributes): Promise<void> {
  const { sizeBytes, ...others } = wanted;
  if (sizeBytes !== undefined || others.owner) {
    const file = await open(place, constants.O_WRONLY | constants.O_NOFOLLOW);
    await applyAttributes(file, wanted).finally(() => file.close());
    return;
  }
  // By name, because a file that one may not open may still be changed by its owner.
  if (others.mode !== undefined) await chmod(place, others.mode);
  if (others.times) await utimes(place, others.times.accessSeconds, others.times.modifySeconds);
}

export const canonicalPath: Handler = async ({ paths }, id, fields) => {
  const name = await paths.canonical(fields.text());
  return nameAnswer(id, [{ name, longName: name, attributes: [0] }]);
};

export const makeFolder: Handler = async ({ paths }, id, fields) => {
  const clientPath = fields.text();
  const { mode } = readAttributes(fields);
  await mkdir(await paths.entry(clientPath), mode ?? 0o777);
  return statusAnswer(id, STATUS.ok);
};

export const removeFolder: Handler = async ({ paths }, id, fields) => {
  await rmdir(await paths.entry(fields.text()));
  return statusAnswer(id, STATUS.ok);
};

export const removeFile: Handler = async ({ paths }, id, fields) => {
  await unlink(await paths.entry(fields.text()));
  return statusAnswer(id, STATUS.ok);
};

export const renameNew: Handler = async ({ paths }, id, fields) => {
  const [from, to] = [fields.text(), fields.text()];
  await moveToNewName(await paths.entry(from), await paths.entry(to));
  return statusAnswer(id, STATUS.ok);
};

/** A hard link fails when the new name exists, in one step; a folder has to be looked at first. */
async function moveToNewName(from: string, to: string): Promise<void> {
  if ((await lstat(from)).isFile()) {
    await link(from, to);
    await unlink(from);
    return;
  }
  const taken = await lstat(to).then(
    () => true,
    () => false,
  );
  if (taken) throw Object.assign(new Error('the new name is taken'), { code: 'EEXIST' });
  await rename(from, to);
}

export const renameOver: Handler = async ({ paths }, id, fields) => {
  const [from, to] = [fields.text(), fields.text()];
  await rename(await paths.entry(from), await paths.entry(to));
  return statusAnswer(id, STATUS.ok);
};
