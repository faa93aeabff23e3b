/** JSON as an array of objects, and JSON Lines: one object on each line. */
import { invariant } from '../../core/errors/invariant.js';
import type { JsonFormat, RecordFormat } from '../../core/plan/recoding.js';
import type { JsonlFormat } from '../../core/plan/rows.js';
import type { Codec } from '../codec.js';
import { JsonReader } from './reader.js';
import { JsonWriter } from './writer.js';

const asJson = (format: RecordFormat): JsonFormat | JsonlFormat => {
  invariant(format.kind === 'json' || format.kind === 'jsonl', 'JSON is asked about JSON only');
  return format;
};

const codec = (kind: 'json' | 'jsonl', title: string): Codec => ({
  kind,
  title,
  reader: (format, columns) => new JsonReader(asJson(format), columns),
  takesRecords: true,
  namesColumns: false,
  writer: (format) => new JsonWriter(asJson(format)),
});

export const json = codec('json', 'JSON');
export const jsonLines = codec('jsonl', 'JSON Lines');
