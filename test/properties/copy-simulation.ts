/**
 * Plays the activities of a copy in any order, with files that change under way, and records what the reducer asked
 * for. It knows what a copy has to do, and throws a sentence as soon as the reducer asks for something else.
 */
import { strict as assert } from 'node:assert';
import { assetPlan, item } from '../../src/core/run/asset-plan.fixture.js';
import type { AssetPlan, CopySizes, PlannedItem } from '../../src/core/plan/plan.js';
import { applyEvent, nextActions, partBytesFor } from '../../src/core/run/copy-run.js';
import {
  type CopyAction,
  type CopyEvent,
  type CopyState,
  isCopyFinished,
  startCopy,
} from '../../src/core/run/copy-state.js';
import type { BatchOutcome, OpenedUnit } from '../../src/core/run/outcome.js';

export interface SimulatedFile {
  readonly size: number;
  /** The target holds it already. */
  readonly skip: boolean;
  /** Of every answer of this file, in order: is it "changed"? Beyond the list nothing changes. */
  readonly changes: readonly boolean[];
  /** Size after each change. */
  readonly sizeAfter: number;
}

export interface Scenario {
  readonly files: readonly SimulatedFile[];
  readonly sizes: CopySizes;
  /** Which of the activities under way ends next; taken modulo their number, over and over. */
  readonly order: readonly number[];
  /** Between two steps the state travels as JSON, as continue-as-new carries it. */
  readonly viaJson?: true;
}

export const pathOf = (index: number): string => `f${String(index).padStart(3, '0')}`;

/** CRC32 of a made-up file: a function of path and size, so that order cannot matter. */
const crcOf = (path: string, size: number): string =>
  (((Number(path.slice(1)) + 1) * 2654435761 + size * 40503) % 2 ** 32)
    .toString(16)
    .padStart(8, '0');

const itemOf = (path: string, size: number, skip: boolean): PlannedItem =>
  item(path, size, skip ? { replaces: 'tag', skip: true } : {});

export class CopySimulation {
  readonly plan: AssetPlan;
  readonly moved: string[] = [];
  readonly held: string[] = [];
  readonly #scenario: Scenario;
  readonly #changesLeft = new Map<string, boolean[]>();
  /** Parts that were started since the file was opened last. */
  readonly #parts = new Map<string, Set<number>>();
  readonly #underWay: CopyAction[] = [];
  state: CopyState = startCopy();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.plan = assetPlan({ sizes: scenario.sizes });
    scenario.files.forEach((file, index) => {
      this.#changesLeft.set(pathOf(index), [...file.changes]);
    });
  }

  /** Runs to the end; throws when the reducer stops asking before it, or never stops. */
  run(): CopyState {
    for (let step = 0; !isCopyFinished(this.state); step++) {
      assert(step < 20_000, 'the copy ends');
      this.#startMore();
      assert(this.#underWay.length > 0, 'a copy that is not finished has something under way');
      const { order } = this.#scenario;
      const pick = (order[step % Math.max(1, order.length)] ?? 0) % this.#underWay.length;
      const [action] = this.#underWay.splice(pick, 1);
      assert(action !== undefined);
      const state = applyEvent(this.plan, this.state, this.#answer(action));
      this.state =
        this.#scenario.viaJson === true ? (JSON.parse(JSON.stringify(state)) as CopyState) : state;
    }
    return this.state;
  }

  #startMore(): void {
    const before = this.state;
    const { actions, state } = nextActions(this.plan, before);
    this.state = state;
    for (const action of actions) {
      if (action.do === 'list') {
        assert(before.queue.length <= this.plan.sizes.pageItems, 'lists at most one page ahead');
      }
      if (action.do === 'chunk') this.#notePart(action.path, action.first, action.count);
      this.#underWay.push(action);
    }
    const listings = this.#underWay.filter((action) => action.do === 'list').length;
    assert(listings <= 1, 'one listing at a time');
    assert(
      this.#underWay.length - listings <= this.plan.sizes.workers,
      'no more than `workers` activities move bytes',
    );
    assert.equal(state.running, this.#underWay.length, 'the state counts what is under way');
  }

  #notePart(path: string, first: number, count: number): void {
    const parts = this.#parts.get(path);
    assert(parts !== undefined, `${path} is open before its parts are started`);
    assert(
      count >= 1 && count <= this.plan.sizes.chunkParts,
      'a chunk has at most `chunkParts` parts',
    );
    for (let part = first; part < first + count; part++) {
      assert(!parts.has(part), `part ${String(part)} of ${path} is started once`);
      parts.add(part);
    }
  }

  #isChanged(path: string): boolean {
    return this.#changesLeft.get(path)?.shift() ?? false;
  }

  #fileOf(path: string): SimulatedFile {
    const file = this.#scenario.files[Number(path.slice(1))];
    assert(file !== undefined);
    return file;
  }

  #answer(action: CopyAction): CopyEvent {
    switch (action.do) {
      case 'list':
        return this.#page(action.after);
      case 'batch':
        return { kind: 'batch-done', outcome: this.#batch(action.items), container: 'lake' };
      case 'open': {
        const { path } = action.item.source;
        if (this.#isChanged(path)) return { kind: 'stale', path, bytesRead: 0 };
        this.#parts.set(path, new Set());
        return { kind: 'opened', path, opened: this.#opened(action.item) };
      }
      case 'chunk': {
        const { path, opened, first, count } = action;
        if (this.#isChanged(path)) return { kind: 'stale', path, bytesRead: 1 };
        const { partBytes } = opened.upload;
        const bytes = Math.min(count * partBytes, opened.source.size - (first - 1) * partBytes);
        const outcome = {
          first,
          count,
          bytes,
          crc32: '00000000',
          digest: '',
          bytesRead: bytes,
          retries: 0,
        };
        return { kind: 'chunk-done', path, outcome };
      }
      case 'complete':
        return this.#complete(action);
      case 'replan':
        return this.#replanned(action.item);
    }
  }

  #page(after: string | null): CopyEvent {
    const { files, sizes } = this.#scenario;
    const from = after === null ? 0 : Number(after.slice(1)) + 1;
    const to = Math.min(files.length, from + sizes.pageItems);
    const items = files
      .slice(from, to)
      .map((file, index) => itemOf(pathOf(from + index), file.size, file.skip));
    for (const { source, skip } of items) if (skip === true) this.held.push(source.path);
    const next = to < files.length ? pathOf(to - 1) : null;
    return { kind: 'listed', page: { items, next, scanned: items.length, filtered: 0 } };
  }

  #batch(items: readonly PlannedItem[]): BatchOutcome {
    const { batchItems, batchBytes, singleBytesMax } = this.plan.sizes;
    const bytes = items.reduce((sum, { source }) => sum + source.size, 0);
    assert(items.length <= batchItems, 'a batch has at most `batchItems` files');
    assert(items.length === 1 || bytes <= batchBytes, 'a batch has at most `batchBytes` bytes');
    assert(
      items.every(({ source }) => source.size <= singleBytesMax),
      'only small files go in batches',
    );
    this.moved.push(...items.map(({ source }) => source.path));
    const crc = items.reduce(
      (sum, { source }) => sum + Number.parseInt(crcOf(source.path, source.size), 16),
      0,
    );
    const crc32 = (crc % 2 ** 32).toString(16).padStart(8, '0');
    const keys = items.map(({ target }) => target.key);
    const files = items.length;
    return {
      files,
      bytes,
      targetBytes: bytes,
      crc32,
      targetCrc32: crc32,
      bytesRead: bytes,
      retries: 0,
      keys,
    };
  }

  #opened({ source, target }: PlannedItem): OpenedUnit {
    const order = {
      address: target,
      unit: source.path,
      copiedFrom: source.path,
      size: source.size,
      modified: source.modified,
      expected: { absent: true },
    } as const;
    const partBytes = partBytesFor(source.size, this.plan.sizes);
    return { source, upload: { id: source.path, order, partBytes } };
  }

  #complete(action: Extract<CopyAction, { do: 'complete' }>): CopyEvent {
    const { path, opened, chunks } = action;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    assert.equal(bytes, opened.source.size, `${path} is completed from all of its bytes`);
    let next = 1;
    for (const { first, count } of chunks) {
      assert.equal(first, next, `the chunks of ${path} follow one another`);
      next += count;
    }
    if (this.#isChanged(path)) return { kind: 'stale', path, bytesRead: 0 };
    this.moved.push(path);
    const crc32 = crcOf(path, bytes);
    const keys = [opened.upload.order.address.key];
    return {
      kind: 'completed',
      path,
      outcome: { files: 1, bytes, targetBytes: bytes, crc32, targetCrc32: crc32, keys },
    };
  }

  #replanned({ source }: PlannedItem): CopyEvent {
    const { path } = source;
    const busy = this.#underWay.some((action) => 'path' in action && action.path === path);
    assert(!busy, `${path} is planned again only when nothing of it is under way`);
    const { sizeAfter } = this.#fileOf(path);
    this.#parts.delete(path);
    return { kind: 'replanned', path, item: itemOf(path, sizeAfter, false) };
  }
}
