import { expect, test } from 'vitest';
import { namedConnectors } from './isolation.js';
import { codebase, madeUpTree } from './tree.js';

test('generic code names no connector', () => {
  expect(namedConnectors(codebase())).toEqual([]);
});

const connectors = {
  'src/connectors/sftp/sftp.ts': `export const kind = 'sftp';`,
  'src/connectors/s3/s3.ts': `const S3 = 's3';`,
  'src/connectors/local/local.ts': '',
};

test.each([
  ['src/core/plan/a.ts', `const kind = 'sftp';`],
  ['src/planner/a.ts', `if (type === 'SFTP') {}`],
  ['src/planner/a.ts', `const sftpRoute = 1;`],
  ['src/planner/a.ts', `const maxS3Parts = 1;`],
  ['src/transfer/a.ts', 'const text = `s3.list ${1}`;'],
  ['src/connectors/connector.ts', `type Kind = 'S3';`],
  ['src/language/lint/a.ts', `if (type === 'LOCAL') {}`],
  ['activities/a.ts', `const t = 'SFTP_MERGE';`],
])('the rule catches in %s: %s', (path, text) => {
  expect(namedConnectors(madeUpTree({ ...connectors, [path]: text }))).toHaveLength(1);
});

test.each([
  ['src/core/plan/a.ts', `// sftp and S3 are named only here\nconst local = 1;`],
  ['src/planner/a.ts', `const class3 = 'tables3';`],
  ['src/connectors/all.ts', `import { sftp } from './sftp/sftp.js';`],
  ['src/planner/a.test.ts', `const kind = 'sftp';`],
  ['src/cli/dev.ts', `const sftp = 1;`],
])('the rule accepts in %s: %s', (path, text) => {
  expect(namedConnectors(madeUpTree({ ...connectors, [path]: text }))).toEqual([]);
});
