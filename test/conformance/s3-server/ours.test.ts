/** Our own S3 server: every check of the suite, without any expected difference. */
import { startOurs } from './ours.js';
import { registerSuite } from './suite.js';

registerSuite('our own server', () => startOurs());
