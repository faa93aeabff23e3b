/** Histories of earlier releases replay on the workflows as they are now (G9). See README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const textOf = (name: string): string => readFileSync(`${folder}${name}`, 'utf8');

describe('a recorded history', () => {
  let workflowBundle: WorkflowBundle;

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
    workflowBundle = await bundleWorkflowCode({
      workflowsPath,
      logger: new DefaultLogger('ERROR'),
    });
  }, 60_000);

  it('is there for every scenario of the README', () => {
    const table = readFileSync(`${folder}README.md`, 'utf8');
    const listed = [...table.matchAll(/^\| `([\w-]+\.json)`/gm)].map(([, name]) => name);
    expect([...names].sort()).toEqual(listed.sort());
  });

  it.each(names)('of %s replays (G9)', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, JSON.parse(textOf(name)));
  });

  it.each([
    ['files-job.json', '"name": "plan-run"', '"name": "plan-runs"'],
    ['files-asset.json', '"name": "memory.publish"', '"name": "memory.copy"'],
    ['sensor.json', '"name": "memory.watch"', '"name": "sftp.watch"'],
  ])('of %s does not replay when %s was %s', async (name, was, is) => {
    const text = textOf(name);
    expect(text).toContain(was);
    const replay = Worker.runReplayHistory({ workflowBundle }, JSON.parse(text.replace(was, is)));
    await expect(replay).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});
