/**
 * The official download, which the Temporal SDKs use too: one request asks temporal.download where the archive for
 * this platform is, a second one fetches it.
 *
 * Behind a firewall that drops packets nothing ever answers, so ten seconds without a byte end it, at any point; a slow
 * line that does deliver may take its time.
 */
import { gunzipSync } from 'node:zlib';
import { keepInCache } from './keep-in-cache.js';
import { fileFromTar } from './tar.js';
import type { Search, Way } from './way.js';

/** What the SDK's own test server asks for; the service picks the release by it. */
const sdk = { name: 'sdk-typescript', version: '1.24.0' } as const;
const silenceLimitMs = 10_000;
const progressEveryBytes = 16 * 1024 * 1024;

export const fromDownload: Way = {
  name: 'download from temporal.download',
  fetches: true,
  advice: 'allow HTTPS to temporal.download (a proxy is not used for this way)',
  candidates: async (search) => {
    const signal = new SilenceLimit(silenceLimitMs);
    try {
      return [await download(search, signal)];
    } catch (error) {
      throw new Error(reasonOf(error, signal), { cause: error });
    } finally {
      signal.stop();
    }
  },
};

/** Aborts when nothing was heard for a while; `heard` starts the wait anew. */
class SilenceLimit {
  readonly limitMs: number;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
    this.#timer = this.#wait();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.stop();
    this.#timer = this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), this.limitMs);
  }
}

const download = async (search: Search, limit: SilenceLimit): Promise<string> => {
  search.onStep('asking temporal.download for the Temporal CLI (limit 10 s)');
  const { archiveUrl, fileToExtract } = await archiveOf(infoUrl(), limit);
  const archive = await bytesOf(archiveUrl, limit, search.onStep);
  return keepInCache(search.cachedCli, fileFromTar(gunzipSync(archive), fileToExtract));
};

const infoUrl = (): URL => {
  const platforms: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };
  const platform = platforms[process.platform];
  const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
  const arch = architectures[process.arch];
  if (platform === undefined || arch === undefined) {
    throw new Error(
      `offers nothing for ${process.platform} on ${process.arch}; Linux and macOS on x64 and arm64 are known`,
    );
  }
  const url = new URL('https://temporal.download/cli/default');
  url.search = new URLSearchParams({
    arch,
    platform,
    format: 'tar.gz',
    'sdk-name': sdk.name,
    'sdk-version': sdk.version,
  }).toString();
  return url;
};

interface Archive {
  readonly archiveUrl: URL;
  readonly fileToExtract: string;
}

const archiveOf = async (url: URL, limit: SilenceLimit): Promise<Archive> => {
  const response = await answered(url, limit);
  const answer = (await response.json()) as { archiveUrl?: unknown; fileToExtract?: unknown };
  if (typeof answer.archiveUrl !== 'string' || typeof answer.fileToExtract !== 'string') {
    throw new Error('answered without archiveUrl and fileToExtract');
  }
  const archiveUrl = new URL(answer.archiveUrl);
  if (archiveUrl.protocol !== 'https:')
    throw new Error(`names an archive that is not on HTTPS: ${archiveUrl.href}`);
  return { archiveUrl, fileToExtract: answer.fileToExtract };
};

const answered = async (url: URL, limit: SilenceLimit): Promise<Response> => {
  const response = await fetch(url, { signal: limit.signal });
  if (!response.ok)
    throw new Error(`${url.host} answered ${response.status} ${response.statusText}`);
  return response;
};

const bytesOf = async (
  url: URL,
  limit: SilenceLimit,
  onStep: Search['onStep'],
): Promise<Buffer> => {
  // The wait for the archive's first byte goes on from the first request: together they have the ten seconds.
  const response = await answered(url, limit);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let nextReport = progressEveryBytes;
  for await (const piece of response.body ?? []) {
    limit.heard();
    pieces.push(piece);
    bytes += piece.byteLength;
    if (bytes < nextReport) continue;
    onStep(`downloaded ${Math.round(bytes / 1e6)} MB`);
    nextReport += progressEveryBytes;
  }
  return Buffer.concat(pieces);
};

const reasonOf = (error: unknown, limit: SilenceLimit): string => {
  if (limit.signal.aborted) return `no answer within ${limit.limitMs / 1000} s`;
  if (!(error instanceof Error)) return String(error);
  // Node's fetch says only "fetch failed"; what happened is in the cause.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};
