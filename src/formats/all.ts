/** Every format of files of rows, and every codec of files that are converted; alphabetical. */
import type { Conversions } from './conversions.js';
import { csv, csvCodec } from './csv/index.js';
import type { FormatDeclaration } from './format.js';
import { json, jsonLines } from './json/index.js';
import { jsonl } from './jsonl/index.js';
import { parquet } from './parquet/index.js';
import { zip } from './zip/index.js';

export const formats: readonly FormatDeclaration[] = [csv, jsonl];

export const conversions: Conversions = { codecs: [csvCodec, json, jsonLines], parquet, zip };
