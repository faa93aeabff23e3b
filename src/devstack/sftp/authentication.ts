/**
 * Password authentication of one connection.
 * Keeps true: name and password are compared in constant time and both are always compared; after six
 * refusals (OpenSSH's MaxAuthTries) the connection ends.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Connection } from 'ssh2';

const MAX_TRIES = 6;

export interface Account {
  readonly username: string;
  readonly password: string;
}

export function authenticateBy(account: Account, client: Connection): void {
  let refusals = 0;
  client.on('authentication', (attempt) => {
    if (attempt.method === 'password') {
      const nameMatches = sameText(attempt.username, account.username);
      const passwordMatches = sameText(attempt.password, account.password);
      if (nameMatches && passwordMatches) {
        attempt.accept();
        return;
      }
      refusals += 1;
    }
    attempt.reject(['password']);
    if (refusals >= MAX_TRIES) client.end();
  });
}

/** Digests under a key of the moment, so that neither length nor content shows in the time. */
function sameText(given: string, expected: string): boolean {
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
