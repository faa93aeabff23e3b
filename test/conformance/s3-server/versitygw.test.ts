/**
 * The oracle: the same suite against versitygw, an S3 server that is not ours. A check that it fails is
 * either wrong or a listed difference with its reason.
 */
import { describe, it } from 'vitest';
import { mustRun } from '../../servers/must-run.js';
import { findVersitygw, howToGetVersitygw, startVersitygw } from '../../servers/versitygw.js';
import { type ExpectedDifferences, registerSuite } from './suite.js';

// Measured with versitygw v1.8.0 (posix backend).
const differences: ExpectedDifferences = {
  "keys that are each other's folder, dots, doubled slashes and 1,024 bytes are keys of their own":
    'keys are paths of its file system: "a" and "a/b" exclude each other (ObjectParentIsFile)',
  'a put whose client goes away in the middle changes nothing':
    'with an unsigned payload it stores what had arrived of the body as the object',
  'a part whose client goes away in the middle is not listed':
    'with an unsigned payload it stores what had arrived of the body as the part',
  'a copy that may only create replaces nothing': 'it ignores If-None-Match on CopyObject',
  'a body of more than 5 GiB is refused before it is sent':
    'it answers "100 Continue" before it looks at the length',
  'ListMultipartUploads pages in the middle of the uploads of one key, and knows prefixes':
    'it refuses the NextUploadIdMarker that it answered itself (InvalidArgument)',
  'encoding-type url lists percent-encoded keys':
    'it echoes EncodingType and lists keys as they are',
  'an unknown access key id is InvalidAccessKeyId':
    'it answers XAdminUserNotFound with 404, which is no code of S3',
};

const binary = findVersitygw();
if (mustRun('versitygw', binary !== undefined, howToGetVersitygw) && binary !== undefined) {
  registerSuite('versitygw', () => startVersitygw(binary), differences);
} else {
  describe('S3 conformance of versitygw', () => {
    it.skip(
      `SKIPPED: versitygw IS NOT HERE, OUR S3 SERVER WAS NOT COMPARED WITH ANY OTHER. ${howToGetVersitygw}`,
    );
  });
}
