/**
 * Reads a cron expression as Temporal's schedules do: five fields or a macro such as `@daily`. The meaning (next
 * times, zones) is not decided here; this says whether the text is one and what is wrong with it.
 */

interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const weekdays = 'SUN MON TUE WED THU FRI SAT'.split(' ');

const cronFields: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of week', min: 0, max: 7, names: weekdays },
];

const macros = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

const numberOf = (text: string, field: CronField): number | undefined => {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + (field.names === months ? 1 : 0);
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : undefined;
};

const termProblem = (term: string, field: CronField): string | undefined => {
  const range = `${field.name} takes ${field.min} to ${field.max}`;
  const [span = '', step, ...more] = term.split('/');
  if (more.length > 0) return `${JSON.stringify(term)} has two steps`;
  if (step !== undefined && !/^[1-9]\d{0,2}$/.test(step)) {
    return `the step of ${JSON.stringify(term)} is not a number from 1 on`;
  }
  if (span === '*') return undefined;
  const ends = span.split('-');
  const numbers = ends.map((end) => numberOf(end, field));
  if (ends.length > 2 || numbers.includes(undefined)) return `${JSON.stringify(term)}: ${range}`;
  const [low = 0, high = low] = numbers;
  return low <= (high ?? 0) ? undefined : `${JSON.stringify(term)} runs backwards`;
};

/** What is wrong with a cron expression, in words; undefined when nothing is. */
export const cronProblem = (cron: string): string | undefined => {
  const text = cron.trim();
  if (text.startsWith('@')) {
    return macros.includes(text) ? undefined : `${text} is not one of ${macros.join(', ')}`;
  }
  const parts = text.split(/\s+/);
  if (parts.length !== cronFields.length) {
    return `it has ${text === '' ? 0 : parts.length} fields and needs 5: minute hour day-of-month month day-of-week`;
  }
  for (const [index, field] of cronFields.entries()) {
    for (const term of (parts[index] ?? '').split(',')) {
      const problem = termProblem(term, field);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
};

/** Does it restrict both the day of the month and the day of the week? Temporal then asks for both at once. */
export const restrictsBothDays = (cron: string): boolean => {
  const parts = cron.trim().split(/\s+/);
  const [, , dayOfMonth = '*', , dayOfWeek = '*'] = parts;
  return parts.length === 5 && !dayOfMonth.startsWith('*') && !dayOfWeek.startsWith('*');
};
