/** Copies of files between the three places, byte for byte. */
import { bytesOf } from '../dice.js';
import type { Movement, Version } from '../movement.js';
import { contentsOf, type Change, type FilePlaceName, sha256 } from '../places.js';
import type { Stage } from '../stage.js';
import { folderYaml, sideYaml, targetFolder } from './yaml.js';

const mebibyte = 1024 * 1024;

interface SourceFiles {
  readonly names: readonly string[];
  /** The one that changes under a run. */
  readonly changing: string;
  readonly bytes: (name: string) => number;
}

/** Moved in parts, which resume. */
const large: SourceFiles = {
  names: ['large.bin'],
  changing: 'large.bin',
  bytes: () => 26 * mebibyte + 4321,
};

/** Moved in batches. The last ones are read late, so that a change meets a run. */
const small: SourceFiles = {
  names: Array.from({ length: 80 }, (_, index) => `small-${String(index).padStart(2, '0')}.bin`),
  changing: 'small-71.bin',
  bytes: (name) => 60_000 + (sha256(Buffer.from(name)).charCodeAt(0) % 16) * 25_000,
};

const changeOf: Readonly<Record<Version, Change>> = {
  first: 'replace',
  replaced: 'replace',
  shorter: 'truncate',
  longer: 'append',
};

const contentOf = (files: SourceFiles, name: string, version: Version): Buffer => {
  const bytes = files.bytes(name);
  const whole = bytesOf(name, bytes * 2);
  if (version === 'replaced') return bytesOf(`${name}, replaced`, bytes + 1);
  if (version === 'shorter') return whole.subarray(0, Math.floor(bytes * 0.6));
  return whole.subarray(0, version === 'longer' ? Math.floor(bytes * 1.3) : bytes);
};

export interface CopyOptions {
  readonly from: FilePlaceName;
  readonly to: FilePlaceName;
  readonly size?: 'large' | 'small';
  /** Added to the name and to the folder of the source. */
  readonly variant?: string;
  readonly title: string;
  /** Both sides are one connection: the server copies by itself. */
  readonly isWithin?: boolean;
  readonly deletesSource?: boolean;
}

const writeSources = async (
  stage: Stage,
  { from, folder, files }: { from: FilePlaceName; folder: string; files: SourceFiles },
): Promise<void> => {
  for (const name of files.names)
    await stage.places[from].write(`${folder}/${name}`, contentOf(files, name, 'first'));
};

/** A source goes only after what stood there is at the target (G5); the version that was not copied stays. */
const afterDeletion =
  (from: FilePlaceName, folder: string, files: SourceFiles): NonNullable<Movement['aside']> =>
  async (stage, { held, last }) => {
    const left = await contentsOf(stage.places[from], folder);
    const kept = `${files.changing} ${sha256(contentOf(files, files.changing, last))}`;
    const expected = held === last ? '' : kept;
    return left === expected ? '' : `at the source are ${JSON.stringify(left)}`;
  };

export const copyFiles = (options: CopyOptions): Movement => {
  const { from, to, size = 'large', variant, title, isWithin = false } = options;
  const name = [from, to, variant].filter((part) => part !== undefined).join('-');
  const folder = `src/${name}`;
  const files = size === 'large' ? large : small;
  const isPaced = !isWithin && (from !== 'local' || to !== 'local');
  const change = (stage: Stage, version: Version): Promise<void> =>
    stage.places[from].write(
      `${folder}/${files.changing}`,
      contentOf(files, files.changing, version),
      changeOf[version],
    );
  const source = isWithin
    ? sideYaml('s3', 'target_s3', [`prefix: ${folder}/`])
    : folderYaml(
        from,
        'source',
        folder,
        options.deletesSource === true ? ['delete_source: true'] : [],
      );
  return {
    ...{ name, title, from, to, change },
    paced: isPaced ? 'bytes' : 'time',
    isOneFile: files.names.length === 1,
    versions: ['replaced', 'shorter', 'longer'],
    prepare: (stage) => writeSources(stage, { from, folder, files }),
    begin: async (stage) => {
      if (options.deletesSource === true) await writeSources(stage, { from, folder, files });
      else await change(stage, 'first');
    },
    asset: (round) =>
      `  - name: ${round}\n    source: ${source}\n    target: ${folderYaml(to, 'target', targetFolder(round))}\n`,
    result: (stage, round) => contentsOf(stage.places[to], targetFolder(round)),
    expected: (_, version) =>
      Promise.resolve(
        files.names
          .map((each) => [each, each === files.changing ? version : 'first'] as const)
          .map(([each, which]) => `${each} ${sha256(contentOf(files, each, which))}`)
          .join('\n'),
      ),
    ...(options.deletesSource === true ? { aside: afterDeletion(from, folder, files) } : {}),
    end: (stage, round) => stage.places[to].remove(targetFolder(round)),
  };
};
