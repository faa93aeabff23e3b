/** The reference: rclone with its defaults, from the same SFTP server to the same bucket; each run is a whole process. */
import { type ChildRun, runChild } from './child-run.js';
import type { Line, Stage } from './stage.js';

const rclone = (): string => process.env['RCLONE_PATH'] ?? 'rclone';

const sources = ({ sftp }: Stage, line: Line): string =>
  `:sftp,host=${sftp.host},port=${String(sftp.ports[line])},user=${sftp.username},key_file=${sftp.keyFile},disable_hashcheck=true:`;

const targets = ({ s3, bucket }: Stage): string =>
  `:s3,provider=Other,endpoint="${s3.endpoint}",access_key_id=${s3.keys[0]},secret_access_key=${s3.keys[1]},force_path_style=true:${bucket.name}`;

/** `copyto` takes a file, `copy` a folder; both paths as the servers know them. */
export const runRclone = (
  stage: Stage,
  how: 'copy' | 'copyto',
  line: Line,
  [from, to]: readonly [string, string],
): Promise<ChildRun> =>
  runChild(rclone(), [
    '--config',
    '/dev/null',
    how,
    `${sources(stage, line)}${from}`,
    `${targets(stage)}/${to}`,
    '--s3-no-check-bucket',
  ]);

export const rcloneVersion = async (): Promise<string> =>
  (await runChild(rclone(), ['version'])).output.split('\n')[0] ?? 'rclone';
