/**
 * Requests without the AWS SDK: signed by the few lines below, sent by node:http, so that they may be wrong
 * on purpose (clock, key, hash, cut bodies). Independent of the code that verifies signatures.
 */
import { createHash, createHmac } from 'node:crypto';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { ServerUnderTest } from './check.js';

export interface RawRequest {
  readonly method: string;
  /** Encoded path with its query, sorted by name. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Value of x-amz-content-sha256; default UNSIGNED-PAYLOAD. */
  readonly contentSha256?: string;
  readonly now?: Date;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The code of the XML error, or an empty text. */
  readonly code: string;
}

/** Opens a signed request; the caller writes and ends its body. */
export function openRaw(server: ServerUnderTest, wanted: RawRequest): ClientRequest {
  return request(new URL(wanted.target, server.endpoint), {
    method: wanted.method,
    headers: signedHeaders(server, wanted),
  });
}

/** Sends a signed request and reads its answer. */
export async function sendRaw(server: ServerUnderTest, wanted: RawRequest): Promise<RawAnswer> {
  const outgoing = openRaw(server, wanted);
  const answer = new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.once('response', resolve).once('error', reject),
  );
  outgoing.end(wanted.body);
  const response = await answer;
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    code: /<Code>(.*?)<\/Code>/.exec(body)?.[1] ?? '',
  };
}

function signedHeaders(server: ServerUnderTest, wanted: RawRequest): Record<string, string> {
  const { host } = new URL(server.endpoint);
  const time = (wanted.now ?? new Date()).toISOString().replace(/[-:]|\.\d+/g, '');
  const contentSha256 = wanted.contentSha256 ?? 'UNSIGNED-PAYLOAD';
  const headers: Record<string, string> = {
    ...wanted.headers,
    host,
    connection: 'close',
    'x-amz-date': time,
    'x-amz-content-sha256': contentSha256,
    ...(wanted.body === undefined ? {} : { 'content-length': String(wanted.body.length) }),
  };
  const names = Object.keys(headers)
    .filter((name) => name === 'host' || name.startsWith('x-amz-'))
    .sort();
  const [path = '', query = ''] = wanted.target.split('?');
  const canonicalQuery = query
    .split('&')
    .map((pair) => (pair === '' || pair.includes('=') ? pair : `${pair}=`))
    .join('&');
  const canonical = [
    wanted.method,
    path,
    canonicalQuery,
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    contentSha256,
  ];
  const scope = [time.slice(0, 8), server.region, 's3', 'aws4_request'];
  const toSign = [
    'AWS4-HMAC-SHA256',
    time,
    scope.join('/'),
    createHash('sha256').update(canonical.join('\n')).digest('hex'),
  ];
  const mac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const key = scope.reduce<string | Buffer>(mac, `AWS4${server.secretAccessKey}`);
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${server.accessKeyId}/${scope.join('/')}, SignedHeaders=${names.join(';')}, Signature=${mac(key, toSign.join('\n')).toString('hex')}`;
  return headers;
}
