/** What the demo reads of a receipt. The `temporal` CLI prints an empty list as null. */
import { z } from 'zod';

const list = <S extends z.ZodType>(item: S) =>
  z
    .array(item)
    .nullable()
    .transform((value) => value ?? []);

const assetShape = z.object({
  asset: z.string(),
  files: z.object({ copied: z.number(), skipped: z.number() }),
  bytes: z.object({
    source: z.number(),
    target: z.number(),
    read: z.number(),
    read_twice: z.number(),
  }),
  crc32: z.object({ source: z.string(), target: z.string().nullable() }),
  rows: z.object({ read: z.number(), written: z.number(), read_twice: z.number() }).optional(),
  retries: z.number(),
  checks: list(z.object({ name: z.string(), passed: z.boolean(), message: z.string() })),
  reconciled: z.boolean(),
  differences: list(z.string()),
  result: z.object({ keys: list(z.string()) }),
});

export const receiptShape = z.object({
  name: z.string(),
  workflow_id: z.string(),
  trigger: z.string(),
  assets: list(assetShape),
  files: z.number(),
  bytes: z.number(),
  reconciled: z.boolean(),
});

export type Receipt = z.infer<typeof receiptShape>;
export type AssetReceipt = Receipt['assets'][number];

/** What a run of several partitions tells. */
export const backfillShape = z.object({
  partitions: z.object({ done: z.number(), failed: z.number() }),
  rows: z.number(),
});
export type BackfillFacts = z.infer<typeof backfillShape>;
