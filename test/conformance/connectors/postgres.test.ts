/** PostgreSQL as a source and a target of rows, on two majors. */
import { afterAll, beforeAll, describe } from 'vitest';
import { postgres } from '../../../src/connectors/postgres/index.js';
import { mustRun } from '../../servers/must-run.js';
import {
  findPostgres,
  howToGetPostgres,
  type PostgresKind,
  type PostgresServer,
  startPostgres,
} from '../../servers/postgres.js';
import { postgresHarness } from './psql-place.js';
import { describeRowSource } from './row-source-suite.js';
import { describeRowTarget } from './row-target-suite.js';

const kinds: readonly (readonly [PostgresKind, string])[] = [
  ['debian', 'postgres15'],
  ['embedded', 'postgres18'],
];

for (const [kind, name] of kinds) {
  const isThere = mustRun(name, findPostgres(kind) !== undefined, howToGetPostgres[kind]);
  describe.skipIf(!isThere)(`PostgreSQL (${kind})${isThere ? '' : ': not installed'}`, () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({ version: kind });
    }, 60_000);
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });
    describeRowSource(
      postgres,
      postgresHarness(name, () => server),
    );
    describeRowTarget(
      postgres,
      postgresHarness(name, () => server),
    );
  });
}
