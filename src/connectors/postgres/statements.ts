/** What a statement of `sql_pre` or `sql_post` is: may it run inside the publish transaction, and does it empty the target? */
import type { SqlText, TableName } from '../../core/plan/rows.js';
import { withoutLiterals } from './from-clause.js';

const refused: readonly (readonly [RegExp, string])[] = [
  [
    /^(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i,
    'the statements run inside one transaction with the publish; leave transaction commands out',
  ],
  [
    /^(vacuum|cluster|reindex|create\s+database|drop\s+database|create\s+tablespace|alter\s+system)\b/i,
    'it cannot run inside a transaction; run it from a schedule of your own',
  ],
  [/\bconcurrently\b/i, 'CONCURRENTLY cannot run inside a transaction; leave it out'],
  [/^call\b/i, 'a procedure may commit by itself; call a function with SELECT instead'],
  [/^copy\b/i, 'COPY needs a client that sends or takes rows; use an asset'],
  [
    /^(set\s+session|set\s+role|reset|discard|listen|notify|lock)\b/i,
    'it changes the session, not the data',
  ],
];

const namesTable = (text: string, table: TableName): boolean => {
  const name = text.trim().replaceAll('"', '').toLowerCase();
  const bare = table.name.toLowerCase();
  return (
    name === bare || (table.schema !== null && name === `${table.schema.toLowerCase()}.${bare}`)
  );
};

const emptying: readonly RegExp[] = [
  /^truncate\s+(?:table\s+)?(?:only\s+)?([\w$."]+)\s*(?:restart\s+identity|continue\s+identity|cascade|restrict)?\s*$/i,
  /^delete\s+from\s+(?:only\s+)?([\w$."]+)\s*(?:where\s+true)?\s*$/i,
  /^drop\s+table\s+(?:if\s+exists\s+)?([\w$."]+)\s*(?:cascade|restrict)?\s*$/i,
];

export const classifySql = (
  sql: SqlText,
  table: TableName,
): 'inside' | 'empties-target' | { readonly refused: string } => {
  const text = sql.map((piece) => (typeof piece === 'string' ? piece : "''")).join('');
  const plain = withoutLiterals(text)
    .trim()
    .replace(/[\s;]+$/, '');
  if (plain.includes(';')) return { refused: 'several statements in one; write a list' };
  // Quoted names count as names here.
  const named = text
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
    .trim()
    .replace(/[\s;]+$/, '');
  const reason = refused.find(([pattern]) => pattern.test(plain));
  if (reason !== undefined) return { refused: reason[1] };
  for (const pattern of emptying) {
    const [, name] = pattern.exec(named) ?? [];
    if (name !== undefined && namesTable(name, table)) return 'empties-target';
  }
  return 'inside';
};
