/**
 * Pages of a walk. A walk that was interrupted by the end of a page is kept for a while, so that the next page need
 * not read the folder again; a call that finds none kept (another worker, a repetition) walks anew after `after`.
 *
 * Keeps true: a page depends only on the folder and `after`, never on whether a walk was kept.
 */
import type { ListedFile, ListPage } from './connector.js';

export interface PageRequest {
  /** The options of the listing; walks of different options are never mixed. */
  readonly options: unknown;
  readonly after: string | null;
  readonly pageFiles: number;
  readonly signal: AbortSignal;
}

/** What a walk may use of the call that drives it now: each page brings its own signal. */
export interface PageScope {
  signal: AbortSignal;
}

type Files = AsyncGenerator<ListedFile, void, undefined>;

interface KeptWalk {
  readonly key: string;
  readonly files: Files;
  /** The file that begins the next page. */
  readonly head: ListedFile;
  readonly scope: PageScope;
  readonly keptAtMs: number;
}

const KEPT_MAX = 4;
/** Older walks know a folder that may be another one by now. */
const KEPT_MS = 60_000;

export class FolderPages {
  #kept: readonly KeptWalk[] = [];

  async page(request: PageRequest, start: (scope: PageScope) => Files): Promise<ListPage> {
    const kept = this.#resume(request);
    const { scope, files } = kept ?? this.#start(request, start);
    const page: ListedFile[] = kept === undefined ? [] : [kept.head];
    for (;;) {
      const { value, done } = await files.next();
      request.signal.throwIfAborted();
      if (done === true || value === undefined) return { files: page, next: null };
      if (page.length >= request.pageFiles)
        return this.#cut(request, page, { scope, files, head: value });
      page.push(value);
    }
  }

  /** Ends a full page; the file after it is known already and begins the next one. */
  #cut(
    request: PageRequest,
    page: readonly ListedFile[],
    rest: Pick<KeptWalk, 'scope' | 'files' | 'head'>,
  ): ListPage {
    const next = page.at(-1)?.identity.path ?? null;
    const walk = { ...rest, key: walkKey(request.options, next), keptAtMs: Date.now() };
    this.#kept = [walk, ...this.#kept].slice(0, KEPT_MAX);
    return { files: page, next };
  }

  #start(request: PageRequest, start: (scope: PageScope) => Files) {
    const scope: PageScope = { signal: request.signal };
    return { scope, files: start(scope) };
  }

  #resume(request: PageRequest): KeptWalk | undefined {
    if (request.after === null) return undefined;
    const key = walkKey(request.options, request.after);
    const found = this.#kept.find((walk) => walk.key === key);
    if (found === undefined) return undefined;
    this.#kept = this.#kept.filter((walk) => walk !== found);
    if (Date.now() - found.keptAtMs > KEPT_MS) return undefined;
    found.scope.signal = request.signal;
    return found;
  }
}

const walkKey = (options: unknown, after: string | null): string =>
  JSON.stringify([options, after]);
