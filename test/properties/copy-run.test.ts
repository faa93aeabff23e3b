/** What the copy reducer keeps true for any files, any sizes, any order of answers and any file that changes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summariseAsset } from '../../src/core/run/receipt.js';
import { CopySimulation, pathOf, type Scenario, type SimulatedFile } from './copy-simulation.js';

const sizes = fc.record({
  partBytes: fc.integer({ min: 1, max: 40 }),
  partsMax: fc.integer({ min: 1, max: 30 }),
  singleBytesMax: fc.integer({ min: 0, max: 60 }),
  chunkParts: fc.integer({ min: 1, max: 5 }),
  batchItems: fc.integer({ min: 1, max: 6 }),
  batchBytes: fc.integer({ min: 1, max: 200 }),
  pageItems: fc.integer({ min: 1, max: 7 }),
  workers: fc.integer({ min: 1, max: 5 }),
});

const steady: fc.Arbitrary<SimulatedFile> = fc.record({
  size: fc.integer({ min: 0, max: 300 }),
  skip: fc.boolean(),
  changes: fc.constant([]),
  sizeAfter: fc.constant(0),
});

const changing: fc.Arbitrary<SimulatedFile> = fc.record({
  size: fc.integer({ min: 0, max: 300 }),
  skip: fc.boolean(),
  changes: fc.array(fc.boolean(), { maxLength: 8 }),
  sizeAfter: fc.integer({ min: 0, max: 300 }),
});

const order = fc.array(fc.nat({ max: 50 }), { maxLength: 60 });

const scenarios = (file: fc.Arbitrary<SimulatedFile>): fc.Arbitrary<Scenario> =>
  fc.record({ files: fc.array(file, { maxLength: 25 }), sizes, order });

const paths = (scenario: Scenario): readonly string[] =>
  scenario.files.map((_, index) => pathOf(index));

describe('a copy, whatever its files do', () => {
  it('ends, asks for nothing twice and takes every file exactly once (G5)', () => {
    fc.assert(
      fc.property(scenarios(changing), (scenario) => {
        const simulation = new CopySimulation(scenario);
        simulation.run();
        expect([...simulation.moved, ...simulation.held].sort()).toEqual(paths(scenario));
      }),
      { numRuns: 400 },
    );
  });

  it('reconciles when every count agrees (G14)', () => {
    fc.assert(
      fc.property(scenarios(changing), (scenario) => {
        const simulation = new CopySimulation(scenario);
        const receipt = summariseAsset(simulation.plan, simulation.run().totals);
        expect(receipt.differences).toEqual([]);
        expect(receipt.files.copied).toBe(simulation.moved.length);
      }),
    );
  });

  it('has the same totals in whatever order its activities end (G14)', () => {
    fc.assert(
      fc.property(scenarios(steady), order, (scenario, otherOrder) => {
        const one = new CopySimulation(scenario).run();
        const other = new CopySimulation({ ...scenario, order: otherOrder }).run();
        expect(other.totals).toEqual(one.totals);
      }),
    );
  });

  it('goes on from its own JSON as if nothing had happened (G9)', () => {
    fc.assert(
      fc.property(scenarios(changing), (scenario) => {
        const carried = new CopySimulation({ ...scenario, viaJson: true }).run();
        expect(carried).toEqual(new CopySimulation(scenario).run());
      }),
    );
  });
});
