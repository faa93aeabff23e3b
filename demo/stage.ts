/** What every act of the demo has in its hands, and what it leaves behind. */
import type { PreparedFiles } from './prepare-data.js';
import type { DevFacts } from './dev-facts.js';
import type { Lake } from './lake.js';
import type { Places } from './places.js';
import type { Receipt } from './receipt-facts.js';
import type { Screen } from './screen.js';
import type { TemporalCli } from './temporal-cli.js';
import type { TidemarkCli } from './tidemark-cli.js';
import type { Warehouse } from './warehouse.js';

/** `name` of the example project's tidemark.yaml: it stands in every id and is its task queue. */
export const project = 'flights';

export interface Stage {
  readonly places: Places;
  readonly dev: DevFacts;
  readonly files: PreparedFiles;
  readonly lake: Lake;
  readonly warehouse: Warehouse;
  readonly screen: Screen;
  readonly temporal: TemporalCli;
  readonly tidemark: TidemarkCli;
  readonly signal: AbortSignal;
  /** Tells ids of this demo from those of another one on the same server: `20260131T120000`. */
  readonly stamp: string;
}

/** One sentence that can be false; the demo ends with 0 only if all are true. */
export interface Finding {
  readonly what: string;
  readonly isTrue: boolean;
}

export interface Played {
  readonly receipts: readonly Receipt[];
  readonly findings: readonly Finding[];
}

/** A run's own account, as findings. */
export const findingsOf = (receipt: Receipt): readonly Finding[] => [
  {
    what: `${receipt.name}: the receipt reconciles`,
    isTrue: receipt.reconciled && receipt.assets.every(({ reconciled }) => reconciled),
  },
  {
    what: `${receipt.name}: every check passed`,
    isTrue: receipt.assets.every(({ checks }) => checks.every(({ passed }) => passed)),
  },
];
