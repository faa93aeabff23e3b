/** Ledgers as text: what is read is checked, because people and other programs can reach it. */
import { z } from 'zod';
import { TidemarkError } from '../core/errors/error.js';
import { type LedgerDocument, type LedgerName, ledgerVersion } from '../core/run/ledger.js';
import { canonicalJson, type JsonValue } from '../core/values/json.js';
import { ledgerDamaged } from './ledger-errors.js';

const mark = z
  .strictObject({
    column: z.string(),
    type: z.string(),
    value: z.string(),
    seen: z.array(z.string()).nullable(),
  })
  .nullable();

const names = z.array(z.string());

const openWindow = z
  .strictObject({
    id: z.string(),
    shapeHash: z.string(),
    low: mark,
    high: mark,
    token: z.int().positive(),
    assetToken: z.int().nonnegative(),
    owner: z.string(),
    openedAt: z.string(),
    names,
  })
  .nullable();

const publishedWindow = z.strictObject({
  id: z.string(),
  low: z.string().nullable(),
  high: z.string().nullable(),
  repeat: z.int().positive(),
  token: z.int().positive(),
  rows: z.int().nonnegative(),
  publishedAt: z.string(),
  names,
});

const document = z.strictObject({
  version: z.literal(ledgerVersion),
  project: z.string(),
  asset: z.string(),
  partition: z.string(),
  token: z.int().nonnegative(),
  mark,
  open: openWindow,
  published: z.array(publishedWindow),
  windows: z.int().nonnegative(),
  audit: z.array(z.strictObject({ at: z.string(), what: z.string() })),
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isOf = (ledger: LedgerDocument, { project, asset, partition }: LedgerName): boolean =>
  ledger.project === project && ledger.asset === asset && ledger.partition === partition;

const damage = (value: unknown, name: LedgerName | undefined): string | null => {
  const version = z.object({ version: z.int() }).safeParse(value).data?.version ?? 0;
  if (version > ledgerVersion) {
    return `it has version ${String(version)}, this release reads up to ${String(ledgerVersion)}`;
  }
  const { error, data } = document.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (data === undefined || issue !== undefined) {
    return `${issue?.path.map(String).join('.') || 'it'} is not as a ledger has it`;
  }
  return name === undefined || isOf(data, name) ? null : 'it belongs to another asset';
};

/**
 * `where`: the place, for the message. `name`: whose ledger it must be. Throws `ledger/damaged`, with the place of the
 * first thing that is wrong and never with what stands there.
 */
export const parseLedger = (text: string, where: string, name?: LedgerName): LedgerDocument => {
  const value = parseJson(text);
  const wrong = damage(value, name);
  if (wrong === null) return document.parse(value);
  throw new TidemarkError(ledgerDamaged, `reading the ledger ${where}: ${wrong}`);
};

/** Equal documents give equal text. */
export const ledgerText = (ledger: LedgerDocument): string =>
  canonicalJson(ledger as unknown as JsonValue);
