/** The worker's log: one line per event on stderr, with what on-call needs to find the run. */
import { DefaultLogger, type LogEntry } from '@temporalio/worker';

/** The SDK's hint about a queue without workflows is what we mean: transfers have a queue of their own. */
const expected = /^No workflows registered/;

const shownKeys = ['workflowType', 'workflowId', 'activityType', 'attempt', 'taskQueue'] as const;

const factsOf = (meta: Readonly<Record<string, unknown>> | undefined): string =>
  shownKeys
    .filter((key) => meta?.[key] !== undefined)
    .map((key) => ` ${key}=${String(meta?.[key])}`)
    .join('');

const errorOf = (meta: Readonly<Record<string, unknown>> | undefined): string => {
  const error = meta?.['error'];
  if (!(error instanceof Error)) return '';
  // Failures wrap what went wrong; the innermost says it.
  const cause = error.cause instanceof Error ? error.cause : error;
  return `: ${cause.message}`;
};

export const logLine = ({ level, message, meta, timestampNanos }: LogEntry): string | null => {
  if (expected.test(message)) return null;
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  return `${time} ${level.toLowerCase()} ${message}${errorOf(meta)}${factsOf(meta)}`;
};

export const workerLogger = (): DefaultLogger =>
  new DefaultLogger('WARN', (entry) => {
    const line = logLine(entry);
    if (line !== null) process.stderr.write(`${line}\n`);
  });
