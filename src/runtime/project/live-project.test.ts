/** A project in a folder, as a worker sees it while people edit. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectors } from '../../connectors/all.js';
import { LiveProject } from './live-project.js';

let root = '';
let edits = 0;

/** Writes a file, with a time that no earlier one has. */
const write = (name: string, text: string): void => {
  const path = join(root, name);
  writeFileSync(path, text);
  edits += 1;
  utimesSync(path, 1_700_000_000, 1_700_000_000 + edits);
};

const connection = (folder: string): string =>
  `resources:\n  disk: { type: LocalResource, config: { root: ${folder} } }\n`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-live-'));
  for (const folder of ['connections', 'pipelines']) mkdirSync(join(root, folder));
  write('connections/common.yaml', connection('/data'));
  write('pipelines/a.yaml', 'assets: []\n');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const rootsOf = (project: LiveProject) =>
  project.definition().connections.map(({ config }) => config['root']);

test('files are read again when one changed, and only then', () => {
  const project = new LiveProject({ root, env: {}, connectors });
  const first = project.load();
  expect(project.load()).toBe(first);
  write('connections/common.yaml', connection('/other'));
  expect(rootsOf(project)).toEqual(['/other']);
});

test.each(['over.yaml', 'absolute'])('so are connections of the command line (%s)', (name) => {
  write('over.yaml', connection('/over'));
  const file = name === 'absolute' ? join(root, 'over.yaml') : name;
  const project = new LiveProject({ root, env: {}, connectors, connectionFiles: [file] });
  expect(rootsOf(project)).toEqual(['/over']);
  write('over.yaml', connection('/beyond'));
  expect(rootsOf(project)).toEqual(['/beyond']);
});

test('a link that leads back to itself is a finding, and is read when it is mended', () => {
  const project = new LiveProject({ root, env: {}, connectors });
  symlinkSync('b.yaml', join(root, 'pipelines/b.yaml'));
  expect(() => project.definition()).toThrow('it is a link that leads back to itself');
  rmSync(join(root, 'pipelines/b.yaml'));
  write('pipelines/b.yaml', 'assets: []\n');
  expect(rootsOf(project)).toEqual(['/data']);
});

test.each([
  ['password: 12345, sslmodd: hunter2', 'password is a number and should be text'],
  ['password: 0123457', 'password is a number that YAML 1.1 reads differently'],
])('G10: what an error says in a history holds no secret of the YAML (%s)', (config, says) => {
  const shop = `{ type: PostgresResource, config: { host: h, user: u, database: d, ${config} } }`;
  write('connections/common.yaml', `resources:\n  shop: ${shop}\n`);
  const project = new LiveProject({ root, env: {}, connectors });
  let said = '';
  try {
    project.definition();
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain(says);
  expect(said).not.toMatch(/12345|hunter2/);
});
