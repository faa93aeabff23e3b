/**
 * The schemas as an editor uses them: the language server that VS Code's YAML extension runs, on the committed files of
 * `schema/`, found by the first line of each file. `|` in a text is where the cursor stands.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { CompletionItemKind, getLanguageService } from 'yaml-language-server';
import { commands } from '../../src/cli/all.js';
import { runProgram } from '../../src/cli/program.js';
import { connectors } from '../../src/connectors/all.js';
import { root } from '../architecture/tree.js';

const service = getLanguageService({
  schemaRequestService: (uri) => Promise.resolve(readFileSync(new URL(uri), 'utf8')),
  workspaceContext: { resolveRelativePath: (path, from) => new URL(path, from).href },
});
service.configure({ validate: true, hover: true, completion: true });

/** A new one each time: the server remembers what stood in a file. */
let opened = 0;
const open = (text: string, path = '/editor/file.yaml') =>
  TextDocument.create(pathToFileURL(path).href, 'yaml', (opened += 1), text);

const headFor = (kind: string) =>
  `# yaml-language-server: $schema=${pathToFileURL(join(root, 'schema', `${kind}.json`)).href}\n`;
const problems = async (text: string, path?: string) => {
  const found = await service.doValidation(open(text, path), false);
  return found.map(({ range: { start }, message }) => `${String(start.line)}: ${message}`);
};

const withCursor = (marked: string) => {
  const text = headFor('pipelines') + marked;
  const at = text.indexOf('|');
  const document = open(text.slice(0, at) + text.slice(at + 1), `/editor/${String(opened)}.yaml`);
  return { document, position: document.positionAt(at) };
};

/** What is offered at the cursor, with its description; snippets of whole mappings left out. */
const offered = async (marked: string): Promise<Readonly<Record<string, string>>> => {
  const { document, position } = withCursor(marked);
  const { items } = await service.doComplete(document, position, false);
  const shown = items.filter(({ kind }) => kind !== CompletionItemKind.Module);
  return Object.fromEntries(
    shown.map(({ label, documentation = '' }) => [
      label,
      typeof documentation === 'string' ? documentation : documentation.value,
    ]),
  );
};

const hovered = async (marked: string): Promise<string> => {
  const { document, position } = withCursor(marked);
  return JSON.stringify((await service.doHover(document, position))?.contents ?? '');
};

const yamlFiles = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name) && !name.includes('node_modules'))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();

describe('a project that is right has no problem', () => {
  const examples = join(root, 'example-pipelines');
  const kindOf = (name: string): string =>
    /(?:^|\/)(connections|pipelines|vars)\//.exec(name)?.[1] ?? 'tidemark';

  test.each(yamlFiles(examples))('example-pipelines/%s', async (name) => {
    const text = readFileSync(join(examples, name), 'utf8');
    expect(await problems(headFor(kindOf(name)) + text, join(examples, name))).toEqual([]);
  });

  describe('as tidemark init writes it', () => {
    let folder = '';
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'tidemark-editor-'));
      mkdirSync(join(folder, 'node_modules', 'tidemark'), { recursive: true });
      symlinkSync(join(root, 'schema'), join(folder, 'node_modules', 'tidemark', 'schema'));
      const silent = { out: () => undefined, err: () => undefined, color: false, env: {} };
      const { signal } = new AbortController();
      const terminal = { ...silent, cwd: folder, connectors, signal };
      expect(await runProgram(['init', 'shop'], { commands, version: '0.0.0' }, terminal)).toBe(0);
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    test('every file names its schema, and a misspelt key in it is a problem', async () => {
      const names = yamlFiles(join(folder, 'shop'));
      expect(names).not.toEqual([]);
      for (const name of names) {
        const path = join(folder, 'shop', name);
        const text = readFileSync(path, 'utf8');
        expect([name, await problems(text, path)]).toEqual([name, []]);
        const misspelt = await problems(`${text}\nsurprise: 1\n`, path);
        expect([name, misspelt]).toEqual([
          name,
          [expect.stringContaining('Property surprise is not allowed')],
        ]);
      }
    });
  });
});

const source = (lines: string): string =>
  `assets:\n  - name: orders\n    source:\n${lines.replace(/^/gm, '      ')}\n`;

describe('while one writes', () => {
  test('a misspelt option is a problem where it stands, and a wrong word lists the right ones', async () => {
    const sftp = 'type: SFTP\nconnection: inbox\nconfigs:\n  path: /out\n';
    const text = headFor('pipelines') + source(`${sftp}  patern: x`);
    expect(await problems(text)).toEqual(['8: Property patern is not allowed.']);
    const [problem] = await problems(
      headFor('pipelines') + source('type: SFPT\nconnection: inbox'),
    );
    expect(problem).toMatch(/^4: .*"LOCAL".*"SFTP"/);
  });

  test('a key that is not supported says what to write instead', async () => {
    const told = async (value: string) =>
      (await problems(headFor('pipelines') + source(`type: SFTP\nconnection: a\nconfig: ${value}`)))
        .filter((problem) => !problem.includes('Missing property'))
        .join('; ');
    const values = ['x', '5', 'true', 'null', '[x]', '{ path: x }'];
    for (const value of values)
      expect(await told(value)).toMatch(/^6: Not supported: [^;]*configs$/);
  });

  test('types are offered, and behind one the keys of that connector with what they mean', async () => {
    const types = Object.keys(await offered(source('type: |')));
    expect(types.sort()).toEqual(connectors.map(({ type }) => type).sort());
    const keys = await offered(source('type: SFTP\n|'));
    expect(Object.keys(keys)).toEqual(expect.arrayContaining(['configs', 'connection', 'pattern']));
    const options = await offered(source('type: SFTP\nconnection: inbox\nconfigs:\n  |'));
    expect(options).toMatchObject({ path: 'Folder whose files are read, or one file' });
    expect(options).not.toHaveProperty('bucket_name');
    expect(Object.entries({ ...keys, ...options }).filter(([, text]) => text === '')).toEqual([]);
  });

  test('words of an enumeration and keys of a connection are offered', async () => {
    const table = 'type: POSTGRES\nconnection: shop\nconfigs:\n  table_name: orders\n';
    const modes = Object.keys(await offered(source(`${table}  sync_mode: |`)));
    expect(modes).toEqual(expect.arrayContaining(['append', 'full-refresh', 'incremental']));
    const lake = 'resources:\n  lake:\n    type: S3Resource\n    config:\n      |\n';
    expect(await offered(lake)).toMatchObject({ region_name: 'Region of the buckets' });
  });

  test('what the mouse points at says what it means', async () => {
    const text = 'type: SFTP\nconnection: inbox\nconfigs:\n  pa|th: /out';
    expect(await hovered(source(text))).toContain('Folder whose files are read, or one file');
    expect(await hovered('jo|bs:\n  - name: all\n')).toContain('Which assets run together');
  });
});
