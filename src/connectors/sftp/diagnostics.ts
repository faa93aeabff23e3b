/** What lint can find in the options of an SFTP connection. */
import { defineDiagnostic, type DiagnosticKind } from '../../core/errors/diagnostic.js';

export const hostKeyMissing = defineDiagnostic({
  code: 'sftp/host-key-missing',
  severity: 'error',
  summary: 'A connection demands a pinned host key and pins none.',
  fix: 'Set `public_key` to a line of `ssh-keyscan`, or `known_hosts` to several.',
});

export const hostKeyUnpinned = defineDiagnostic({
  code: 'sftp/host-key-unpinned',
  severity: 'warning',
  summary: 'No host key is pinned, so that whoever answers at the address is trusted.',
  fix: 'Set `public_key` to a line of `ssh-keyscan`, or `known_hosts` to several.',
});

export const sftpFindings: readonly DiagnosticKind[] = [hostKeyMissing, hostKeyUnpinned];
