import { describe, expect, test } from 'vitest';
import { forbiddenImports } from './import-table.js';
import { codebase, madeUpTree } from './tree.js';

test('every import of the product is one that the table of the design allows', () => {
  expect(forbiddenImports(codebase())).toEqual([]);
});

describe('the rule', () => {
  const found = (path: string, text: string): readonly string[] =>
    forbiddenImports(madeUpTree({ [path]: text }));

  test.each([
    ['src/core/run/x.ts', `import { z } from 'zod';`],
    ['src/core/values/x.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/core/values/x.ts', `export { y } from '../plan/y.js';`],
    ['src/language/lint/x.ts', `import { sftp } from '../../connectors/sftp/sftp.js';`],
    ['src/planner/x.ts', `import { all } from '../connectors/all.js';`],
    ['src/planner/x.ts', `const fs = await import('node:fs');`],
    ['src/connectors/sftp/x.ts', `import { s3 } from '../s3/s3.js';`],
    ['src/connectors/sftp/x.ts', `import { Context } from '@temporalio/activity';`],
    ['src/transfer/x.ts', `import type { Context } from '@temporalio/activity';`],
    ['workflows/x.ts', `import { createActivities } from '../activities/index.js';`],
    ['workflows/x.ts', `type T = import('zod').ZodType;`],
    ['activities/x.ts', `import { plan } from '../src/planner/plan.js';`],
    ['src/cli/x.ts', `import { job } from '../../workflows/index.js';`],
    ['src/newfolder/x.ts', `export const x = 1;`],
  ])('refuses in %s: %s', (path, text) => {
    expect(found(path, text)).toHaveLength(1);
  });

  test.each([
    ['workflows/x.ts', `import type { Activities } from '../activities/index.js';`],
    ['workflows/x.ts', `import { sleep } from '@temporalio/workflow';`],
    ['activities/x.ts', `import type { Plan } from '../src/planner/plan.js';`],
    [
      'src/connectors/sftp/x.ts',
      `import { Client } from 'ssh2'; import { y } from './y.js'; import { z } from 'zod';`,
    ],
    ['src/planner/x.ts', `import { createHash } from 'node:crypto';`],
    ['src/core/values/x.test.ts', `import { test } from 'vitest';`],
  ])('allows in %s: %s', (path, text) => {
    expect(found(path, text)).toEqual([]);
  });

  test('names the place, the row and the reason', () => {
    expect(found('src/core/run/x.ts', `\nimport { z } from 'zod';`)).toEqual([
      'src/core/run/x.ts:2: row 1 (core/run) may not import zod: core must run in the workflow sandbox: no package, no Node, no clock',
    ]);
  });

  test('refuses a driver that two files of a connector load, but not its types', () => {
    const load = `import { Client } from 'ssh2';`;
    const types = `import type { Client } from 'ssh2';`;
    const tree = {
      'src/connectors/sftp/a.ts': load,
      'src/connectors/sftp/b.ts': load,
      'src/connectors/sftp/c.ts': types,
    };
    expect(forbiddenImports(madeUpTree(tree))).toEqual([
      'ssh2 in src/connectors/sftp is loaded by 2 files, one may: src/connectors/sftp/a.ts, src/connectors/sftp/b.ts',
    ]);
  });
});
