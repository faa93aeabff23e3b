/** Every function of templates, alphabetically by name. A project's own are added by the caller. */
import { appFilename } from './app-filename.js';
import { cronDiff } from './cron-diff.js';
import { cronNext } from './cron-next.js';
import { cronPrev } from './cron-prev.js';
import { cronRange } from './cron-range.js';
import { dateBetweenDate } from './date-between-date.js';
import { dateBetweenDatetime } from './date-between-datetime.js';
import { dateFormat } from './date-format.js';
import { dateToDateNodash } from './date-to-date-nodash.js';
import { fileRead } from './file-read.js';
import type { TemplateFunction } from './function.js';
import { jsonFromStr } from './json-from-str.js';
import { jsonToStr } from './json-to-str.js';
import { secretsGet } from './secrets-get.js';
import { sqlserverToDatetime } from './sqlserver-to-datetime.js';

export const templateFunctions: readonly TemplateFunction[] = [
  appFilename,
  cronDiff,
  cronNext,
  cronPrev,
  cronRange,
  dateBetweenDate,
  dateBetweenDatetime,
  dateFormat,
  dateToDateNodash,
  fileRead,
  jsonFromStr,
  jsonToStr,
  secretsGet,
  sqlserverToDatetime,
];
