import { describe, expect, test } from 'vitest';
import { evaluateTemplate, type Evaluation } from '../evaluate.js';
import { parseTemplate } from '../template.js';
import { isSecretReference, toJsonValue } from '../values.js';
import { templateFunctions } from './all.js';

const evaluation: Evaluation = {
  scope: {},
  functions: templateFunctions,
  context: {
    nowMs: Date.UTC(2023, 11, 25, 23, 59),
    readFile: (path) => (path === 'sql/orders.sql' ? 'SELECT 1\n' : undefined),
  },
};

const run = (expression: string, more: Partial<Evaluation> = {}) => {
  const parsed = parseTemplate(`{{ ${expression} }}`);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return evaluateTemplate(parsed.template, { ...evaluation, ...more });
};

describe('the list', () => {
  test('is alphabetical, without a name twice', () => {
    const names = templateFunctions.map((declared) => declared.name);
    expect(names).toEqual([...new Set(names)].toSorted());
  });
  const examples = templateFunctions.flatMap((declared) => declared.examples);
  test.each(examples)('the example $expression gives what it says', ({ expression, gives }) => {
    expect(toJsonValue(run(expression))).toEqual(gives);
  });
  test.each(examples)('$expression works without fn. too', ({ expression, gives }) => {
    expect(toJsonValue(run(expression.replace(/^fn\./, '')))).toEqual(gives);
  });
  test('every function but the one for secrets has an example', () => {
    expect(
      templateFunctions
        .filter((declared) => declared.examples.length === 0)
        .map((declared) => declared.name),
    ).toEqual(['secrets.get']);
  });
});

describe('what the predecessor gave back or hid is an error', () => {
  test.each([
    "fn.date.to_date_nodash('garbage')",
    "fn.date.to_date_nodash('2023-02-30')",
    "fn.date.format('12/25/2023', 'YYYY')",
    "fn.date.format(1703532600.5, 'YYYY')",
    "fn.date.format('2023-12-25', '%Y-%m-%d')",
    "fn.date.between_datetime('d', 'x', 'y')",
    "fn.date.between_date('1=1 OR d', 'a', 'b')",
    "fn.cron.next('nonsense', '2023-12-25')",
    "fn.cron.prev('0 0 * * *', 'x')",
    "fn.cron.next('0 0 30 2 *', '2023-12-25')",
    "fn.cron.range('2023-01-03', '2023-01-01', '0 0 * * *')",
    "fn.cron.range('2000-01-01', '2023-01-01', '* * * * *')",
    "fn.cron.diff('2023-01-05', '2023-01-01', 'days')",
    "fn.cron.diff('2023-01-01', '2023-01-05', 'fortnight')",
    "fn.cron.diff('2023-01-01', '2023-01-05', 'constructor')",
    "fn.sqlserver.to_datetime('x')",
    "fn.json.from_str('{')",
    "fn.json.from_str('fn.x()')",
    "fn.json.from_str('12345678901234567890')",
    "fn.app.filename('a', 'x')",
  ])('%s', (expression) => {
    expect(() => run(expression)).toThrow(
      expect.objectContaining({ code: 'template/bad-argument' }),
    );
  });
  test.each(['nope.sql', '../secret', '/etc/passwd', 'sql/../../x', 'C:/x', '..\\\\x', ''])(
    'fn.file.read refuses %j',
    (path) => {
      expect(() => run(`fn.file.read('${path}')`)).toThrow(
        expect.objectContaining({ code: 'template/bad-file-path' }),
      );
    },
  );
  test('fn.file.read without a port says where files are read', () => {
    expect(() => run("fn.file.read('sql/orders.sql')", { context: { nowMs: 0 } })).toThrow(
      /planned/,
    );
  });
});

describe('single results', () => {
  test('a multi-partition key stands for its date', () => {
    expect(
      run('fn.date.to_date_nodash(partition_key)', {
        scope: { partition_key: { date: '2023-12-25', region: 'eu' } },
      }),
    ).toBe('20231225');
  });
  test('fn.app.filename takes now from the context, in UTC', () => {
    expect(run("fn.app.filename('<yyyymmdd>')")).toBe('20231225');
  });
  test('the day unit counts like days, where the predecessor gave 0', () => {
    expect(run("fn.cron.diff('2023-01-01', '2023-01-05', 'day')")).toBe(5);
  });
  test('quotes in the values of a fragment are doubled', () => {
    expect(toJsonValue(run(`fn.date.between_date('t.d', "a' OR '1'='1", 'b')`))).toBe(
      "t.d BETWEEN 'a'' OR ''1''=''1' AND 'b'",
    );
  });
  test('a secret is a reference where secrets are allowed, and an error everywhere else', () => {
    const reference = run("fn.secrets.get('X', 'd')", { secrets: 'allowed' });
    expect(isSecretReference(reference) && [reference.secret, reference.default]).toEqual([
      'X',
      'd',
    ]);
    expect(JSON.stringify(run("fn.secrets.get('X')", { secrets: 'allowed' }))).toBe(
      '{"secret":"X"}',
    );
    for (const expression of [
      "fn.secrets.get('X')",
      "fn.secrets.get('X') ~ ''",
      "fn.secrets.get('X') | default('y')",
    ]) {
      const secrets = expression === "fn.secrets.get('X')" ? 'refused' : 'allowed';
      expect(() => run(expression, { secrets })).toThrow(
        expect.objectContaining({ code: 'template/secret-position' }),
      );
    }
  });
});
