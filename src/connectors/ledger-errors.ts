/** Errors of ledgers, whatever target keeps them. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const ledgerStale = defineError({
  code: 'ledger/stale',
  recovery: 'never',
  summary: 'Another run has taken over the asset: this attempt may publish nothing any more.',
  fix: 'Nothing: the other run does the work. If there is none, run the asset again.',
});

export const ledgerConflict = defineError({
  code: 'ledger/conflict',
  recovery: 'retry',
  summary: 'A ledger was changed by somebody else each time it was to be written.',
  fix: 'Nothing: the attempt is repeated. If it repeats, look which other runs work on the asset.',
});

export const ledgerDamaged = defineError({
  code: 'ledger/damaged',
  recovery: 'never',
  summary: 'What stands at the place of a ledger is no ledger, or one of a newer release.',
  fix: 'Look at it by hand. Restore it, or move it away to begin without a mark; a newer release reads its own.',
});

export const ledgerErrors: readonly ErrorKind[] = [ledgerStale, ledgerConflict, ledgerDamaged];
