/**
 * Decides whether a suite that needs something from outside runs. Keeps true: nothing is skipped in silence.
 * On a laptop a missing server skips its suite under a title that says so; where the environment variable
 * TIDEMARK_MUST_RUN (comma-separated names) lists the name, it is an error instead.
 */

/**
 * Whether to run. Throws if `name` must run and is not available.
 * @param howToGet the command that makes it available, for the message
 */
export function mustRun(name: string, available: boolean, howToGet: string): boolean {
  if (available) return true;
  const required = (process.env['TIDEMARK_MUST_RUN'] ?? '').split(',').map((entry) => entry.trim());
  if (required.includes(name)) {
    throw new Error(
      `TIDEMARK_MUST_RUN lists "${name}", which is not available here. To get it: ${howToGet}`,
    );
  }
  return false;
}
