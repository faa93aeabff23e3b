/**
 * Hostile data sets by name: what real folders hold sooner or later. Contents are functions of the path alone, so
 * that every process has the same bytes.
 */

export interface DataFile {
  readonly path: string;
  readonly text: string;
  /** Epoch seconds. */
  readonly modified: string;
}

const line = (path: string): string => `id,path\n1,"${path.replaceAll('"', '""')}"\n`;

const files = (paths: readonly string[], modifiedAt: (index: number) => number) =>
  paths.map((path, index) => ({
    path,
    text: line(path),
    modified: String(modifiedAt(index)),
  }));

const start = 1_700_000_000;

const hostileNames = [
  'with space.csv',
  ' leading and trailing .csv',
  'o\'brien "quoted".csv',
  '0001-leading-digits.csv',
  'emoji-🌊.csv',
  'private-use-\uE000.csv',
  // The same name for a reader, in the two normal forms of Unicode: two files.
  'caf\u00E9.csv',
  'cafe\u0301.csv',
  'plus+percent%20amp&equals=hash#question?.csv',
  'semi;colon,comma.csv',
  'back\\slash.csv',
  'UPPER.CSV',
  'no-extension',
  '.hidden',
  'two.dots.tar.gz',
  'folder/with/depth/file.csv',
  'folder with space/über/naïve.csv',
  `${'long-'.repeat(40)}name.csv`,
];

export const dataSets = {
  'hostile-names': files(hostileNames, (index) => start + index),
  'same-second': files(['a.csv', 'b.csv', 'c.csv', 'd.csv'], () => start),
  'empty-file': [
    { path: 'empty.csv', text: '', modified: String(start) },
    { path: 'not-empty.csv', text: line('not-empty.csv'), modified: String(start + 1) },
  ],
} as const satisfies Readonly<Record<string, readonly DataFile[]>>;

export const dataSetNames = ['empty-file', 'hostile-names', 'same-second'] as const;
export type DataSetName = (typeof dataSetNames)[number];
