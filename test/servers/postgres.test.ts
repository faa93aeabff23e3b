import { describe, expect, it } from 'vitest';
import { mustRun } from './must-run.js';
import { findPostgres, howToGetPostgres, type PostgresKind, startPostgres } from './postgres.js';

const kinds: readonly (readonly [PostgresKind, string])[] = [
  ['debian', 'postgres15'],
  ['embedded', 'postgres18'],
];

for (const [kind, name] of kinds) {
  const isThere = mustRun(name, findPostgres(kind) !== undefined, howToGetPostgres[kind]);
  describe.skipIf(!isThere)(`PostgreSQL (${kind})${isThere ? '' : ': not installed'}`, () => {
    it('keeps what was committed when it is killed and started again', async () => {
      await using server = await startPostgres({ version: kind, fsync: true });
      await server.psql('create table t as select 1 as a');
      await server.kill();
      await expect(server.psql('select 1')).rejects.toThrow();
      await server.restart();
      expect(await server.psql('select a from t')).toBe('1');
    });

    it('is a server of its own each time', async () => {
      await using first = await startPostgres({ version: kind });
      await using second = await startPostgres({ version: kind });
      await first.psql('create table mine (a int)');
      await expect(second.psql('select * from mine')).rejects.toThrow(/does not exist/);
    });
  });
}
