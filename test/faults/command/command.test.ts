/** The parts of the fault suite that need no server: what a seed repeats, what the command refuses, where its table goes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesOf, diceOf } from './dice.js';
import type { Calm } from './fault.js';
import { faults } from './faults/all.js';
import { movements } from './movements/all.js';
import { readOptions, usage, UsageError } from './options.js';
import { withTable } from './write-table.js';

const line = { toTarget: 1_000_000, toClient: 20_000_000 };
const calm: Calm = {
  seconds: 3,
  traffic: {
    lines: { source: line, target: line },
    bytes: 42_000_000,
    operations: ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'GetObject'],
  },
};

const pairs = movements.flatMap((movement) =>
  faults.filter((fault) => fault.fits(movement)).map((fault) => ({ movement, fault })),
);

/** What every fault of every movement would do. */
const choices = (seed: string): readonly string[] =>
  pairs.map(({ movement, fault }) =>
    [movement.name, fault.name, fault.draw(diceOf(seed), movement, calm).text].join(': '),
  );

describe('a seed', () => {
  it('repeats what is done where and when, and another one does not', () => {
    expect(choices('7')).toEqual(choices('7'));
    const others = choices('8');
    const repeated = choices('7').filter((choice) => others.includes(choice));
    expect(repeated.length).toBeLessThan(pairs.length / 4);
  });

  it('repeats bytes', () => {
    expect(bytesOf('a', 1000).equals(bytesOf('a', 1000))).toBe(true);
    expect(bytesOf('a', 1000).equals(bytesOf('b', 1000))).toBe(false);
  });
});

describe('the lists', () => {
  it('name everything once', () => {
    for (const list of [movements, faults])
      expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
  });

  it('disturb every movement in seven ways at least, and have a movement for every fault', () => {
    for (const { name } of movements)
      expect(pairs.filter(({ movement }) => movement.name === name).length, name).toBeGreaterThan(
        6,
      );
    expect(new Set(pairs.map(({ fault }) => fault.name)).size).toBe(faults.length);
  });
});

describe('the command', () => {
  it('takes names, numbers and a seed', () => {
    const options = readOptions(['--movement', 'sftp-s3', '--kills', '200', '--seed', '7']);
    expect(options).toMatchObject({ seed: '7', isWriting: false });
    expect(options?.movements.map(({ name }) => name)).toEqual(['sftp-s3']);
    expect(options?.rounds).toHaveLength(200);
    expect(readOptions(['--round', '12'])?.rounds).toEqual([12]);
  });

  it.each([
    [['--movement', 'sftp-s4'], /"sftp-s4" is not known; there are: .*sftp-s3/],
    [['--fault', 'flood'], /"flood" is not known; there are: .*kill-worker/],
    [['--kills', 'many'], /--kills "many" is no whole number above 0/],
    [['--deaths', '3'], /--deaths/],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });

  it('lists every movement and fault', () => {
    for (const { name } of [...movements, ...faults]) expect(usage()).toContain(name);
  });
});

describe('the table', () => {
  const page = readFileSync('docs/guarantees.md', 'utf8');

  it('has a place in the guarantees, and leaves all other text alone', () => {
    const once = withTable(page, '| a |');
    expect(once).toContain('| a |');
    expect(withTable(once, 'other')).toBe(withTable(page, 'other'));
  });

  it('is not written where the place is missing', () => {
    expect(() => withTable('# Guarantees', '| a |')).toThrow(/no place/);
  });
});
