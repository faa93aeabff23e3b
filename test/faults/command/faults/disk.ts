/** A local target whose disk is full for a while: its file system is made as small as what it holds. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { drawMoment, type Fault, textOf } from '../fault.js';

const resize = async (root: string, bytes: number): Promise<void> => {
  await promisify(execFile)('mount', ['-o', `remount,size=${String(bytes)}`, root]);
};

const usedBytes = async (root: string): Promise<number> => {
  const { blocks, bfree, bsize } = await statfs(root);
  return (blocks - bfree) * bsize;
};

/** More may be written between the question and the resize; the system then refuses it, and is asked again. */
const fill = async (root: string): Promise<void> => {
  for (let tries = 0; ; tries++) {
    try {
      return await resize(root, await usedBytes(root));
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
};

export const fullDisk: Fault = {
  name: 'full-disk',
  title: 'the disk of a local target is full for up to 6 s (needs the right to mount)',
  fits: ({ to }) => to === 'local',
  isPossible: ({ disk }) => disk.bytes !== null,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    const ms = dice.between(500, 6000);
    return {
      text: `the disk is full ${textOf(moment)} for ${(ms / 1000).toFixed(1)} s`,
      play: async (arena) => {
        const { root, bytes } = arena.stage.disk;
        if (bytes === null || !(await arena.reach(moment))) return;
        await fill(root);
        arena.struck();
        await sleep(ms);
        await resize(root, bytes);
      },
    };
  },
};
