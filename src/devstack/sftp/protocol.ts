/**
 * The numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02) and the limits that this server announces.
 * The limits are OpenSSH's, so that a client behaves here as it does against the real thing.
 */

export const REQUEST = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  extended: 200,
} as const;

export const ANSWER = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 201,
} as const;

export const STATUS = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

export type StatusCode = (typeof STATUS)[keyof typeof STATUS];

export const OPEN_FLAG = {
  read: 0x01,
  write: 0x02,
  append: 0x04,
  create: 0x08,
  truncate: 0x10,
  exclusive: 0x20,
} as const;

export const ATTRIBUTE = {
  size: 0x01,
  owner: 0x02,
  permissions: 0x04,
  times: 0x08,
  extended: 0x8000_0000,
} as const;

export const LIMITS = {
  /** The longest packet in either direction, without its length field. */
  packetBytes: 256 * 1024,
  /** The longest READ answer and WRITE: a packet less 1 KiB for its other fields. */
  dataBytes: 255 * 1024,
  openHandles: 1024,
  /** Requests of one channel that are read but not yet answered; with `dataBytes` it bounds the memory. */
  outstandingRequests: 256,
  namesPerAnswer: 100,
} as const;

/** Announced in the VERSION answer; what is not here is answered with OP_UNSUPPORTED. */
export const EXTENSIONS = {
  'posix-rename@openssh.com': '1',
  'fsync@openssh.com': '1',
  'limits@openssh.com': '1',
} as const;
