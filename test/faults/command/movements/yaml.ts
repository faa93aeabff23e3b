/** Sides of assets, as the dialect writes them. */
import type { FilePlaceName, PlaceName } from '../places.js';
import type { Side } from '../traffic.js';

const kinds: Readonly<Record<PlaceName, string>> = {
  local: 'LOCAL',
  postgres: 'POSTGRES',
  s3: 'S3',
  sftp: 'SFTP',
};

/** The folder as the place's own option has it. */
const folderOption: Readonly<Record<FilePlaceName, (folder: string) => string>> = {
  local: (folder) => `path: ${folder}`,
  s3: (folder) => `prefix: ${folder}/`,
  sftp: (folder) => `path: /${folder}`,
};

export const sideYaml = (
  place: PlaceName,
  connection: `${Side}_${PlaceName}`,
  configs: readonly string[],
): string =>
  `{ type: ${kinds[place]}, connection: ${connection}, configs: { ${configs.join(', ')} } }`;

export const folderYaml = (
  place: FilePlaceName,
  side: Side,
  folder: string,
  more: readonly string[] = [],
): string => sideYaml(place, `${side}_${place}`, [folderOption[place](folder), ...more]);

export const targetFolder = (round: string): string => `out/${round}`;
