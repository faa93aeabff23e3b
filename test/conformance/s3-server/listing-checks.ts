/** Checks of ListObjectsV2. */
import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { type Check, type CheckContext, errorOf } from './check.js';
import { put } from './object-checks.js';

type ListInput = Partial<ListObjectsV2CommandInput>;

async function list(
  { client, bucket, place }: CheckContext,
  more: ListInput = {},
): Promise<ListObjectsV2CommandOutput> {
  return client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: place, ...more }));
}

const keysOf = ({ Contents }: ListObjectsV2CommandOutput): (string | undefined)[] =>
  (Contents ?? []).map(({ Key }) => Key);
const prefixesOf = ({ CommonPrefixes }: ListObjectsV2CommandOutput): (string | undefined)[] =>
  (CommonPrefixes ?? []).map(({ Prefix }) => Prefix);

async function allPages(
  context: CheckContext,
  more: ListInput,
): Promise<ListObjectsV2CommandOutput[]> {
  const pages: ListObjectsV2CommandOutput[] = [];
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page: ListObjectsV2CommandOutput = await list(context, {
      ...more,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    pages.push(page);
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  }
  return pages;
}

export const listingChecks: readonly Check[] = [
  {
    number: 27,
    title:
      'prefix, delimiter, page size, continuation and StartAfter cut the listing as documented',
    run: async (context) => {
      const { place } = context;
      for (const key of ['a/1', 'a/2', 'b/1', 'c', 'd']) await put(context, place + key, key);
      const first = await list(context, { Delimiter: '/', MaxKeys: 2 });
      expect(prefixesOf(first)).toEqual([`${place}a/`, `${place}b/`]);
      expect([first.IsTruncated, first.KeyCount, keysOf(first)]).toEqual([true, 2, []]);
      const second = await list(context, {
        Delimiter: '/',
        MaxKeys: 2,
        ContinuationToken: first.NextContinuationToken,
      });
      expect([keysOf(second), prefixesOf(second), second.IsTruncated]).toEqual([
        [`${place}c`, `${place}d`],
        [],
        false,
      ]);
      expect(keysOf(await list(context, { MaxKeys: 3 }))).toEqual(
        ['a/1', 'a/2', 'b/1'].map((key) => place + key),
      );
      expect(keysOf(await list(context, { StartAfter: `${place}c` }))).toEqual([`${place}d`]);
      expect(keysOf(await list(context, { Prefix: `${place}a` }))).toEqual([
        `${place}a/1`,
        `${place}a/2`,
      ]);
    },
  },
  {
    number: 28,
    title: 'a key with spaces, umlauts and every reserved character is listed back unchanged',
    run: async (context) => {
      const keys = ["a b/ü+%&=?#'()*!~@$,;:.txt", 'a<b>&"c', 'a%20b']
        .map((key) => context.place + key)
        .sort();
      for (const key of keys) await put(context, key, 'x');
      expect(keysOf(await list(context)).sort()).toEqual(keys);
    },
  },
  {
    title: 'encoding-type url lists percent-encoded keys',
    run: async (context) => {
      const keys = ['a%20b', 'a+b c', 'ü&<'].map((key) => context.place + key).sort();
      for (const key of keys) await put(context, key, 'x');
      const encoded = await list(context, { EncodingType: 'url' });
      expect(
        keysOf(encoded)
          .map((key) => decodeURIComponent((key ?? '').replaceAll('+', ' ')))
          .sort(),
      ).toEqual(keys);
    },
  },
  {
    title: 'keys are listed in the order of their UTF-8 bytes, across pages',
    run: async (context) => {
      const names = ['a-b', 'a/b', 'a0', 'ä', '\u{1F600}', '\uFFFD', 'A', 'b'];
      for (const name of names) await put(context, context.place + name, name);
      const expected = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const pages = await allPages(context, { MaxKeys: 3 });
      expect(pages.flatMap(keysOf)).toEqual(expected.map((name) => context.place + name));
    },
  },
  {
    title:
      'a listing shows size, ETag and time of each object, and nothing of a bucket without such keys',
    run: async (context) => {
      const etag = await put(context, `${context.place}a`, 'abc');
      const { Contents } = await list(context);
      expect(Contents).toMatchObject([{ Key: `${context.place}a`, Size: 3, ETag: etag }]);
      expect(Math.abs(Date.now() - (Contents?.[0]?.LastModified?.getTime() ?? 0))).toBeLessThan(
        10_000,
      );
      expect(await list(context, { Prefix: `${context.place}none/` })).toMatchObject({
        KeyCount: 0,
        IsTruncated: false,
      });
    },
  },
  {
    title:
      'max-keys of 0 lists nothing, a negative one is InvalidArgument, an absent bucket is NoSuchBucket',
    run: async (context) => {
      await put(context, `${context.place}a`, 'x');
      expect(await list(context, { MaxKeys: 0 })).toMatchObject({
        KeyCount: 0,
        IsTruncated: false,
      });
      expect(await errorOf(list(context, { MaxKeys: -1 }))).toBe('InvalidArgument 400');
      expect(await errorOf(list(context, { Bucket: 'no-such-bucket-here' }))).toBe(
        'NoSuchBucket 404',
      );
    },
  },
];
