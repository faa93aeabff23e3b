/** The reading commands on real folders: what `--sample` sees, and what `lint` writes for programs. */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/all.js';
import { runProgram } from '../../../src/cli/program.js';
import { connectors } from '../../../src/connectors/all.js';

let root = '';

const write = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};

const tidemark = async (...line: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    color: false,
    cwd: root,
    env: {},
    connectors,
    signal: new AbortController().signal,
  };
  const code = await runProgram(line, { commands, version: '1.2.3' }, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
};

const pipeline = `assets:
  - name: copies
    source: { type: LOCAL, connection: disk, configs: { path: in } }
    target: { type: LOCAL, connection: disk, configs: { path: out } }
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
  write(
    'connections/dev.yaml',
    `resources:\n  disk: { type: LocalResource, config: { root: "${root}/disk" } }\n`,
  );
  write('pipelines/a.yaml', pipeline);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('explain on real files', () => {
  beforeEach(() => {
    write('disk/in/new.csv', '1234');
    write('disk/in/old.csv', 'abc');
    write('disk/in/changed.csv', 'abcdef');
    mkdirSync(join(root, 'disk/out'));
    for (const name of ['old.csv', 'changed.csv'])
      cpSync(join(root, 'disk/in', name), join(root, 'disk/out', name));
    const second = 1_769_000_000;
    for (const folder of ['in', 'out'])
      utimesSync(join(root, 'disk', folder, 'old.csv'), second, second);
    write('disk/in/changed.csv', 'abcdefgh');
  });

  it('--sample shows each file with its target and what a run would do now', async () => {
    const { code, out, err } = await tidemark('explain', 'copies', '--sample', '--format', 'json');
    expect([code, err]).toEqual([0, '']);
    const [asset] = (
      JSON.parse(out) as { assets: { sample: { items: { source: string; decision: string }[] } }[] }
    ).assets;
    const decisions = (asset?.sample.items ?? [])
      .slice(0, 2)
      .map(({ source, decision }) => [source.split('/').at(-1), decision]);
    expect(decisions).toEqual([
      ['changed.csv', 'replace'],
      ['new.csv', 'copy'],
    ]);
  });

  it('--sample shows a file as already copied when the target holds its size and time', async () => {
    const { out } = await tidemark('explain', 'copies', '--sample');
    expect(out).toMatch(/old\.csv.*skip: already copied/);
  });

  it('--sample 1 shows one file, --live counts all of them', async () => {
    const { out } = await tidemark('explain', 'copies', '--sample', '1', '--live');
    expect(out).toContain('sample  the first 1');
    expect(out).toContain('live    3 files, 15 B');
  });

  it('without them nothing is opened: a folder that does not exist is no error', async () => {
    rmSync(join(root, 'disk'), { recursive: true });
    expect((await tidemark('explain', 'copies')).code).toBe(0);
    expect((await tidemark('explain', 'copies', '--sample')).code).toBe(1);
  });

  it.each(['0.5', 'many', '5000'])('--sample %s is wrong usage', async (value) => {
    expect((await tidemark('explain', 'copies', '--sample', value)).code).toBe(2);
  });
});

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly docs: string;
}

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly name: string;
        readonly rules: readonly { readonly id: string }[];
      };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly region: { readonly startLine: number };
          readonly artifactLocation: { readonly uri: string };
        };
      }[];
    }[];
  }[];
}

describe('lint', () => {
  it('of a sound project ends with 0 and says so', async () => {
    const { code, out } = await tidemark('lint');
    expect([code, out.split('\n').at(-1)]).toEqual([0, '0 errors, 0 warnings in 2 files']);
  });

  it('shows findings with caret and advice, and ends with 1', async () => {
    write('pipelines/a.yaml', pipeline.replace('connection: disk', 'connection: disc'));
    const { code, out } = await tidemark('lint');
    expect(code).toBe(1);
    expect(out).toContain('error[lint/undefined-connection]');
    expect(out).toContain('pipelines/a.yaml:3:');
    expect(out).toContain('^^^^');
  });

  it('--strict makes warnings end with 1', async () => {
    write('pipelines/b.yaml', 'nothing: here\n');
    const [usual, strict] = [await tidemark('lint'), await tidemark('lint', '--strict')];
    expect([usual.code, strict.code]).toEqual([0, 1]);
    expect(usual.out).toContain('warning[');
  });

  it('with a file name shows the findings of that file only', async () => {
    write(
      'pipelines/b.yaml',
      pipeline.replace('copies', 'others').replace('connection: disk', 'connection: disc'),
    );
    expect((await tidemark('lint', 'pipelines/a.yaml')).code).toBe(0);
    expect((await tidemark('lint', 'pipelines')).code).toBe(1);
  });

  it('--format json has the shape that programs rely on', async () => {
    write('pipelines/a.yaml', pipeline.replace('connection: disk', 'connection: disc'));
    const { out } = await tidemark('lint', '--format', 'json');
    const { diagnostics, summary } = JSON.parse(out) as { diagnostics: Finding[]; summary: object };
    expect(diagnostics[0]).toMatchObject({
      code: 'lint/undefined-connection',
      severity: 'error',
      file: 'pipelines/a.yaml',
      line: 3,
      endLine: 3,
      docs: 'docs/reference/errors.md#lint-undefined-connection',
    });
    expect(summary).toEqual({ errors: 1, warnings: 0, files: 2 });
  });

  it('--format sarif names a rule for each result and places it from line and column 1', async () => {
    write(
      'pipelines/with space.yaml',
      pipeline.replace('copies', 'others').replace('connection: disk', 'connection: disc'),
    );
    const { runs, version } = JSON.parse(
      (await tidemark('lint', '--format', 'sarif')).out,
    ) as Sarif;
    const [run] = runs;
    const [result] = run?.results ?? [];
    expect([version, run?.tool.driver.name, result?.level]).toEqual(['2.1.0', 'tidemark', 'error']);
    expect(run?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe(result?.ruleId);
    expect(result?.locations[0]?.physicalLocation).toMatchObject({
      region: { startLine: 3 },
      artifactLocation: { uri: 'pipelines/with%20space.yaml' },
    });
  });

  it('--format github is one command for each finding, its line ends escaped', async () => {
    write('pipelines/a.yaml', pipeline.replace('connection: disk', 'connection: disc'));
    const { out } = await tidemark('lint', '--format', 'github');
    expect(out).toMatch(
      /^::error file=pipelines\/a\.yaml,line=3,endLine=3,col=\d+,endColumn=\d+,title=lint\/undefined-connection::/,
    );
    expect(out.split('\n')).toHaveLength(1);
  });
});

describe('inspect', () => {
  it('masks what stands in a secret field, and shows references', async () => {
    const password = randomBytes(12).toString('hex');
    const config = `host: h, username: u, password: "${password}", private_key: "{{ env.KEY }}"`;
    write(
      'connections/dev.yaml',
      `resources:\n  disk: { type: SFTPResource, config: { ${config} } }\n`,
    );
    write('pipelines/a.yaml', pipeline.replaceAll('LOCAL', 'SFTP'));
    const { code, out } = await tidemark('inspect', 'copies', '--format', 'json');
    expect(code).toBe(0);
    expect(out).not.toContain(password);
    expect(out).toContain('"password": "******"');
    expect(out).toContain('"private_key": "{{ env.KEY }}"');
  });
});

describe('the program', () => {
  it('prints its version', async () => {
    expect(await tidemark('--version')).toEqual({ code: 0, out: '1.2.3', err: '' });
  });

  it('a project with errors stops every other reading command with the findings', async () => {
    write('pipelines/a.yaml', pipeline.replace('connection: disk', 'connection: disc'));
    const { code, out, err } = await tidemark('list');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error[lint/undefined-connection]');
  });
});
