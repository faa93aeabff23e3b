/** What lint can find in the options of a PostgreSQL connection. */
import { defineDiagnostic, type DiagnosticKind } from '../../core/errors/diagnostic.js';

export const unusedCertificate = defineDiagnostic({
  code: 'postgres/unused-certificate',
  severity: 'warning',
  summary: 'A root certificate is given, and the `sslmode` does not check certificates.',
  fix: 'Write `sslmode: verify-full`, or leave `sslrootcert` out.',
});

export const postgresFindings: readonly DiagnosticKind[] = [unusedCertificate];
