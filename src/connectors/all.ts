/** Every connector, in the order of their kinds. Only the programs that assemble Tidemark read this list. */
import type { Connector } from './connector.js';
import { local } from './local/index.js';
import { memory } from './memory/index.js';
import { memorytable } from './memorytable/index.js';
import { postgres } from './postgres/index.js';
import { s3 } from './s3/index.js';
import { sftp } from './sftp/index.js';

export const connectors: readonly Connector[] = [local, memory, memorytable, postgres, s3, sftp];
