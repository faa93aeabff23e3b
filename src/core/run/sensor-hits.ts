/** What a sensor found, as marks and as text for people and templates. Pure. */
import type { Trigger } from '../plan/plan.js';
import type { SensorPlan } from '../plan/sensor-plan.js';
import { type Hit, moveMark, moveRowMark, type SeenItem, type SensorMark } from './sensor-mark.js';

const seenOf = (hit: Hit): SeenItem => ({
  digest: hit.digest,
  timeS: Number(hit.item.identity.modified),
});

/** Of files a time, of rows the cursor as the database writes it; null before the first. */
export const markValue = ({ timeS, rows }: SensorMark): string | null => {
  if (rows !== undefined) return rows.value;
  return timeS === null ? null : new Date(timeS * 1000).toISOString();
};

/** What templates see as `trigger.cursor` and `trigger.last_cursor`. */
export const rowCursors = (hits: readonly Hit[]): Pick<Trigger, 'cursor' | 'last_cursor'> => {
  const [first] = hits;
  if (first?.rows === undefined) return {};
  const last = first.item.fields['last_cursor'];
  return { cursor: first.rows.value, last_cursor: typeof last === 'string' ? last : '' };
};

/** The mark behind hits that were handed over. */
export const markBehind = (
  plan: SensorPlan,
  mark: SensorMark,
  hits: readonly Hit[],
): SensorMark => {
  const rows = hits.at(-1)?.rows;
  return rows === undefined
    ? moveMark(mark, hits.map(seenOf), plan.lookbackMs)
    : moveRowMark(mark, rows);
};
