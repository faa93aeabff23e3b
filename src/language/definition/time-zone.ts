/** Is a name a time zone? Asked for every schedule and partition of a project, of which few differ. */
import { oncePerText } from './once-per.js';

const isZone = (name: string): boolean => {
  // An offset such as +02:00 is accepted by newer engines only, and has no summer time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

/** Names of the IANA database, as this engine knows them. */
export const isTimeZone = oncePerText((name: string) => name, isZone);
