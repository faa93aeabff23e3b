/** What the demo needs of `.tidemark/dev.json`, which `tidemark dev` writes when everything is up. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const factsShape = z.object({
  temporal: z.object({
    address: z.string(),
    ui: z.string(),
    namespace: z.string(),
    cli: z.string(),
  }),
  s3: z.object({
    endpoint: z.string(),
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    bucket: z.string(),
  }),
  sftp: z.object({ root: z.string() }),
  postgres: z.object({
    host: z.string(),
    port: z.number(),
    user: z.string(),
    password: z.string(),
    database: z.string(),
  }),
});

export type DevFacts = z.infer<typeof factsShape>;

export const readDevFacts = async (project: string): Promise<DevFacts> =>
  factsShape.parse(JSON.parse(await readFile(join(project, '.tidemark', 'dev.json'), 'utf8')));
