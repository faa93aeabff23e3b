/**
 * File attributes on the wire: what a file has, and what a client wants it to have.
 * Keeps true: times are whole seconds, rounded down, as version 3 has them; a client that looks for changes
 * by time alone must meet that here too.
 */
import type { Stats } from 'node:fs';
import { ATTRIBUTE } from './protocol.js';
import type { Field, PacketFields } from './packet-fields.js';

const LARGEST_UINT32 = 0xffff_ffff;

export interface WantedAttributes {
  readonly sizeBytes?: number;
  readonly mode?: number;
  readonly times?: { readonly accessSeconds: number; readonly modifySeconds: number };
  /** The client asked for another owner, which this server does not do. */
  readonly owner: boolean;
}

export function attributesOf(stats: Stats): readonly Field[] {
  const { size, owner, permissions, times } = ATTRIBUTE;
  return [
    size | owner | permissions | times,
    BigInt(stats.size),
    stats.uid,
    stats.gid,
    stats.mode,
    wholeSeconds(stats.atimeMs),
    wholeSeconds(stats.mtimeMs),
  ];
}

export function readAttributes(fields: PacketFields): WantedAttributes {
  const flags = fields.uint32();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const sizeBytes = has(ATTRIBUTE.size) ? fields.uint64() : undefined;
  if (has(ATTRIBUTE.owner)) skip(fields, 2);
  const mode = has(ATTRIBUTE.permissions) ? fields.uint32() & 0o7777 : undefined;
  const times = has(ATTRIBUTE.times)
    ? { accessSeconds: fields.uint32(), modifySeconds: fields.uint32() }
    : undefined;
  return {
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(mode !== undefined && { mode }),
    ...(times !== undefined && { times }),
    owner: has(ATTRIBUTE.owner),
  };
}

/** The line of `ls -l`, in the form that OpenSSH sends. */
export function longNameOf(name: string, stats: Stats): string {
  const date = new Date(stats.mtimeMs).toISOString().slice(0, 16).replace('T', ' ');
  const numbers = [stats.nlink, stats.uid, stats.gid].map((n) => String(n).padStart(4)).join(' ');
  return `${modeText(stats)} ${numbers} ${String(stats.size).padStart(12)} ${date} ${name}`;
}

function modeText(stats: Stats): string {
  const kind = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : '-';
  const bits = [...'rwxrwxrwx'].map((letter, i) => ((stats.mode >> (8 - i)) & 1 ? letter : '-'));
  return kind + bits.join('');
}

function wholeSeconds(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / 1000), 0), LARGEST_UINT32);
}

function skip(fields: PacketFields, count: number): void {
  for (let i = 0; i < count; i += 1) fields.uint32();
}
