/** Names are kept as written (D13) and become parts of workflow ids, so they hold no separators and no templates. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/bad-name',
  severity: 'error',
  summary: 'A name holds characters that names cannot have, or is too long.',
  fix: 'Use letters, digits, _, - and ., beginning with a letter, a digit or _; at most 200 characters. Names are never rendered.',
});

const isGood = (name: string): boolean =>
  name.length <= 200 && /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]*$/u.test(name);

export const badName = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset.replace('name: orders', 'name: sales/orders')}`),
  good: exampleProject(
    `assets:\n${exampleAsset.replace('name: orders', 'name: sales.orders-raw')}`,
  ),
  check: ({ names }) =>
    names
      .filter(({ name, generatedFrom }) => generatedFrom === null && !isGood(name))
      .map((entry) => {
        const message = `${entry.kind} ${JSON.stringify(entry.name)}: the name holds what names cannot have`;
        return diagnose(kind, entry.span, message, { fix: kind.fix });
      }),
});
