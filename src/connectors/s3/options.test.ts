import { describe, expect, it } from 'vitest';
import { fieldFacts, objectFields } from '../fields.js';
import { halfAKey, smallParts, unverifiedServer } from './diagnostics.js';
import { s3 } from './index.js';
import { connectionOptions, partBytesOf, sourceOptions, targetOptions } from './options.js';

const findings = (raw: object) => s3.connection.check?.(connectionOptions.parse(raw)) ?? [];

describe('the connection', () => {
  it('takes the names of AWS as aliases', () => {
    const parsed = connectionOptions.parse({
      aws_access_key_id: 'id',
      aws_secret_access_key: 'key',
    });
    expect(parsed).toMatchObject({ access_key: 'id', secret_key: 'key', region_name: 'us-east-1' });
  });

  it('says when half a key is given, and when certificates are not checked', () => {
    expect(findings({ access_key: 'id' })).toMatchObject([{ kind: halfAKey }]);
    expect(findings({ verify: false })).toMatchObject([{ kind: unverifiedServer }]);
    expect(findings({ access_key: 'id', secret_key: 'key' })).toEqual([]);
  });

  it('has its secrets marked and its roles refused with advice', () => {
    const fields = objectFields(connectionOptions);
    const named = (name: string) => fieldFacts(fields[name] ?? connectionOptions);
    for (const name of ['secret_key', 'aws_secret_access_key', 'session_token']) {
      expect(named(name).secret, name).toBe(true);
    }
    expect(named('assume_role_arn').refused).toMatch(/profile/);
  });

  it('shows who and where it is without any key', () => {
    const parsed = connectionOptions.parse({ access_key: 'shown-id', secret_key: 'hidden' });
    expect(s3.connection.identity(parsed)).toEqual({ endpoint: 'aws', region: 'us-east-1' });
  });
});

describe('source and target', () => {
  it('refuse unknown keys', () => {
    expect(sourceOptions.safeParse({ object_names: 'x' }).success).toBe(false);
    expect(targetOptions.safeParse({ keys: 'x' }).success).toBe(false);
  });

  it('give the size of parts in bytes, from either spelling', () => {
    expect(partBytesOf(targetOptions.parse({ min_size: 8 }))).toBe(8 * 1024 * 1024);
    expect(partBytesOf(targetOptions.parse({ min_size: 8, part_size: '16 MiB' }))).toBe(
      16 * 1024 * 1024,
    );
    expect(partBytesOf(targetOptions.parse({}))).toBeUndefined();
    expect(targetOptions.safeParse({ min_size: 4 }).success).toBe(false);
  });

  it('find parts that S3 would refuse', () => {
    const check = (raw: object) => s3.target?.check?.(targetOptions.parse(raw)) ?? [];
    expect(check({ part_size: '1 MiB' })).toMatchObject([
      { kind: smallParts, path: ['part_size'] },
    ]);
    expect(check({ mode: 'copy', part_size: '5 MiB' })).toEqual([]);
  });
});
