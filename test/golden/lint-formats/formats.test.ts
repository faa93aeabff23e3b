/**
 * What `tidemark lint --format sarif` and `--format github` write, checked by what their readers demand: SARIF by its
 * 2.1.0 schema as Microsoft's SDK ships it, and by what the schema leaves to prose (places that exist, rules that are
 * the right ones, the texts that GitHub asks for); GitHub's workflow commands by a reader of its own escaping, which
 * gives the messages back as they were.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AnySchema } from 'ajv';
import AjvDraft04 from 'ajv-draft-04';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { toGithub, toSarif } from '../../../src/cli/lint-formats.js';
import { lintKinds } from '../../../src/cli/lint-kinds.js';
import { connectors } from '../../../src/connectors/all.js';
import type { Diagnostic } from '../../../src/core/errors/diagnostic.js';
import { loadProject } from '../../../src/language/lint/load-project.js';
import { projectFilesOf } from '../../../src/runtime/project/project-files.js';
import { root } from '../../architecture/tree.js';

const schema = createRequire(import.meta.url)(
  '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
) as AnySchema;
const schemaCheck = new AjvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false })
  .addFormat('uri', (text: string) => URL.canParse(text))
  .addFormat('uri-reference', (text: string) => URL.canParse(text, 'file:///'))
  .addFormat('date-time', true)
  .compile(schema);
/** Nothing: the schema accepts it. */
const refusals = (written: unknown) => (schemaCheck(written) ? [] : schemaCheck.errors);

const tool = { version: '1.2.3', kinds: lintKinds(connectors) };
/** As readers get it. */
const sarifOf = (found: readonly Diagnostic[]): unknown =>
  JSON.parse(JSON.stringify(toSarif(found, tool)));

const message = z.strictObject({ text: z.string().min(1) });
const uriReference = z
  .string()
  .refine(
    (text) =>
      /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*$/.test(text) && !/^[^/]*:/.test(text),
  );
const location = z.strictObject({
  id: z.int().min(-1).optional(),
  message: message.optional(),
  physicalLocation: z.strictObject({
    artifactLocation: z.strictObject({ uri: uriReference, uriBaseId: z.string() }),
    region: z
      .strictObject({
        startLine: z.int().min(1),
        startColumn: z.int().min(1),
        endLine: z.int().min(1),
        endColumn: z.int().min(1),
      })
      .refine(
        ({ startLine, startColumn, endLine, endColumn }) =>
          endLine > startLine || (endLine === startLine && endColumn >= startColumn),
      ),
  }),
});
const unique = (items: readonly unknown[]) =>
  new Set(items.map((item) => JSON.stringify(item))).size === items.length;
const log = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z
    .array(
      z
        .strictObject({
          tool: z.strictObject({
            driver: z.strictObject({
              name: z.string().min(1),
              version: z.string().min(1),
              rules: z
                .array(
                  z.strictObject({
                    id: z.string(),
                    shortDescription: message,
                    fullDescription: message,
                    help: message,
                    defaultConfiguration: z.strictObject({ level: z.enum(['error', 'warning']) }),
                    properties: z.record(z.string(), z.string()),
                  }),
                )
                .refine(unique),
            }),
          }),
          columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
          results: z.array(
            z.strictObject({
              ruleId: z.string(),
              ruleIndex: z.int().min(0),
              level: z.enum(['none', 'note', 'warning', 'error']),
              message,
              locations: z.array(location).min(1),
              relatedLocations: z.array(location).refine(unique).optional(),
            }),
          ),
        })
        .refine(({ tool, results }) =>
          results.every(({ ruleId, ruleIndex }) => tool.driver.rules[ruleIndex]?.id === ruleId),
        ),
    )
    .min(1),
});

/** The reader of GitHub's runner: properties up to the first `::`, then data, each unescaped, `%25` last. */
const unescapeData = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
const unescapeProperty = (text: string): string =>
  unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
const readCommand = (line: string) => {
  const [, level = '', list = '', data = ''] = /^::(\w+) (.*?)::(.*)$/s.exec(line) ?? [];
  const properties = list.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), unescapeProperty(pair.slice(at + 1))] as const;
  });
  return { level, data: unescapeData(data), properties: Object.fromEntries(properties) };
};

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '%',
        '%25',
        '%0A',
        '\n',
        '\r\n',
        ',',
        ':',
        '::',
        '=',
        ' ',
        '#',
        'ä',
        '😀',
        '"',
      ),
      fc.string({ minLength: 1, maxLength: 8 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''));
/** Files are named from the root of the project. */
const span = fc
  .record({
    file: text.filter((name) => !name.startsWith('/')),
    line: fc.integer({ min: 1, max: 5000 }),
    column: fc.integer({ min: 1, max: 500 }),
    lines: fc.integer({ min: 0, max: 3 }),
    width: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ file, line, column, lines, width }) => ({
    file,
    line,
    column,
    endLine: line + lines,
    endColumn: column + width,
  }));
const diagnostic: fc.Arbitrary<Diagnostic> = fc.record(
  {
    code: fc.constantFrom('lint/bad-cron', 'definition/unknown-key', 'template/syntax'),
    severity: fc.constantFrom('error' as const, 'warning' as const),
    message: text,
    span,
    fix: text,
    hint: text,
    related: fc.array(fc.record({ message: text, span }), { maxLength: 3 }),
  },
  { requiredKeys: ['code', 'severity', 'message', 'span'] },
);
const diagnostics = fc.array(diagnostic, { maxLength: 6 });

test('SARIF has the shape of the 2.1.0 schema, whatever stands in the findings', () => {
  fc.assert(
    fc.property(diagnostics, (found) => {
      const written = sarifOf(found);
      expect(refusals(written)).toEqual([]);
      const [run] = log.parse(written).runs;
      expect(run?.results.map(({ ruleId }) => ruleId)).toEqual(found.map(({ code }) => code));
      const files = run?.results.map(({ locations: [place] }) =>
        decodeURIComponent(place?.physicalLocation.artifactLocation.uri ?? ''),
      );
      expect(files).toEqual(found.map(({ span: { file } }) => file));
    }),
  );
});

test.each(['test/golden/lint/templates', 'test/golden/lint/name-clashes', 'example-pipelines'])(
  'SARIF of the findings of %s is accepted by the schema',
  (name) => {
    const folder = join(root, name);
    const files = projectFilesOf(folder);
    const { diagnostics } = loadProject({ root: folder, files, env: {}, connectors });
    const written = sarifOf(diagnostics);
    expect(refusals(written)).toEqual([]);
    expect(log.parse(written).runs[0]?.results).toHaveLength(diagnostics.length);
  },
);

test('the schema refuses what SARIF is not', () => {
  expect(refusals({ version: '2.1.0' })).toMatchObject([{ keyword: 'required' }]);
  const [run] = toSarif([], tool).runs;
  expect(refusals({ version: '2.1.0', runs: [{ ...run, columnKind: 'bytes' }] })).not.toEqual([]);
});

test("GitHub's reader gets every message, file and place back, one finding a line", () => {
  fc.assert(
    fc.property(diagnostics, (found) => {
      const written = toGithub(found);
      const lines = written === '' ? [] : written.split('\n');
      expect(lines).toHaveLength(found.length);
      found.forEach(({ severity, code, message, span: place, fix, hint }, index) => {
        const { line, column, endLine, endColumn, file } = place;
        const advice = fix ?? hint;
        expect(readCommand(lines[index] ?? '')).toEqual({
          level: severity,
          data: advice === undefined ? message : `${message}\n${advice}`,
          properties: {
            file,
            line: String(line),
            endLine: String(endLine),
            col: String(column),
            endColumn: String(endColumn),
            title: code,
          },
        });
      });
    }),
  );
});
