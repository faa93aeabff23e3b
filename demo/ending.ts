/** The end: the account of the large file, what independent clients say, and the commands to try it by hand. */
import { join } from 'node:path';
import { type ActTwo, bigFile, bigKey } from './act-two.js';
import { digestOfFile } from './digest.js';
import { bytesText, secondsText } from './screen.js';
import { type Finding, project, type Stage } from './stage.js';

const showReceipt = ({ screen }: Stage, { receipt, death }: ActTwo): void => {
  screen.heading('The receipt of the large file');
  const [asset] = receipt.assets;
  if (asset === undefined) return;
  const { files, bytes, crc32, retries } = asset;
  screen.facts([
    ['files', String(files.copied)],
    ['bytes', `${String(bytes.source)} at the source, ${String(bytes.target)} in S3`],
    ['CRC32', `${crc32.source} of what was read, ${crc32.target ?? 'none'} as S3 reports it`],
    ['attempts', `1 + ${String(retries)}; each chunk under way at the death needed one more`],
    [
      'read twice',
      `${String(bytes.read_twice)} bytes, as far as the last heartbeats before the death told`,
    ],
    ['reconciled', asset.reconciled ? 'yes' : `no: ${asset.differences.join('; ')}`],
  ]);
  screen.heading('The death of the worker process, seen from outside');
  screen.facts([
    ['killed', `process ${String(death.pid)}, when S3 held ${bytesText(death.stored)} (ListParts)`],
    [
      'taken over',
      `by process ${String(death.newPid)} after ${secondsText(death.takenOverMs)} (temporal workflow describe)`,
    ],
    ['next part', `in S3 after ${secondsText(death.nextMs)} (ListParts)`],
  ]);
};

/** Both sides hashed here, without any code of Tidemark. */
const compareBig = async ({ screen, lake, dev, files }: Stage): Promise<readonly Finding[]> => {
  screen.heading('sha256sum, by independent clients');
  screen.live('   reading both sides …');
  const [source, target] = await Promise.all([
    digestOfFile(join(dev.sftp.root, bigFile)),
    lake.digest(bigKey),
  ]);
  const unfinished = await lake.unfinished('');
  screen.line(`  ${source.sha256}  sftp:/${bigFile}  (the file below the server's root)`);
  screen.line(`  ${target.sha256}  s3://${lake.bucket}/${bigKey}  (GetObject of the vendor's SDK)`);
  screen.line(`  unfinished uploads in the bucket: ${String(unfinished)}`);
  return [
    { what: 'the large object equals its source', isTrue: source.sha256 === target.sha256 },
    { what: 'the source is what was prepared', isTrue: source.sha256 === files[bigFile]?.sha256 },
    { what: 'no upload was left unfinished', isTrue: unfinished === 0 },
  ];
};

const showFindings = ({ screen }: Stage, findings: readonly Finding[]): void => {
  const wrong = findings.filter(({ isTrue }) => !isTrue);
  screen.heading(
    `${String(findings.length - wrong.length)} of ${String(findings.length)} statements are true`,
  );
  for (const { what, isTrue } of findings) screen.line(`  ${isTrue ? 'yes' : 'NO '}  ${what}`);
};

/** Prints it all; true if everything is as it should be. */
export const showEnding = async (
  stage: Stage,
  two: ActTwo,
  before: readonly Finding[],
): Promise<boolean> => {
  showReceipt(stage, two);
  const findings = [...before, ...(await compareBig(stage))];
  showFindings(stage, findings);
  return findings.every(({ isTrue }) => isTrue);
};

/** Commands that work as they are while the demo stays up: with address, ids and process id of this very demo. */
export const showCommands = ({ screen, dev, temporal, stamp }: Stage, { death }: ActTwo): void => {
  const { cli, address, namespace, ui } = dev.temporal;
  const runId = `${project}/big_job/by-hand-${stamp}`;
  const at = `--address ${address} --namespace ${namespace}`;
  screen.heading('By hand');
  screen.line('  # the same transfer once more, to other keys');
  screen.line(
    `  ${cli} workflow start ${at} --type big_job --task-queue ${project} --workflow-id ${runId} --input '{"params":{"zone":"by-hand"}}'`,
  );
  screen.line(
    '  # how far it is, and which process does it (the number at the end of lastWorkerIdentity)',
  );
  screen.line(`  ${cli} workflow describe ${at} --workflow-id ${project}/asset/flights_big`);
  screen.line('  # kill that process, as often as you like');
  screen.line(`  kill -9 ${String(death.newPid)}`);
  screen.line('  # the receipt');
  screen.line(`  ${cli} workflow result ${at} --workflow-id ${runId} --output json`);
  screen.line(`  # the sensor: drop CSV files into ${join(dev.sftp.root, 'inbox')}`);
  screen.line(
    `  ${cli} workflow query ${at} --workflow-id ${project}/sensor/inbox_arrivals --type state`,
  );
  screen.line();
  screen.line(`  Web UI: ${ui}/namespaces/${namespace}/workflows`);
  screen.line(`  the killed run: ${temporal.link(`${project}/asset/flights_big`)}`);
};
