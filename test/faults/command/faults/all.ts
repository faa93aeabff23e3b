/** Every fault that the suite knows. */
import type { Fault } from '../fault.js';
import { cutAnswer, errorInOk, loseAnswer, loseCommit, sayNo } from './answers.js';
import { fullDisk } from './disk.js';
import { blackHole, cutLine, cutTemporal, refuse } from './network.js';
import { freezeWorker, killPostgres, killTemporal, killWorker, stopWorker } from './processes.js';
import { changeSource } from './sources.js';

export const faults: readonly Fault[] = [
  blackHole,
  changeSource,
  cutLine,
  cutAnswer,
  cutTemporal,
  errorInOk,
  freezeWorker,
  fullDisk,
  killPostgres,
  killTemporal,
  killWorker,
  loseAnswer,
  loseCommit,
  refuse,
  sayNo,
  stopWorker,
];
