/** Lines that are cut, silent or refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy } from '../../../servers/fault-proxy.js';
import type { Dice } from '../dice.js';
import { type Arena, type Calm, drawMoment, type Fault, textOf } from '../fault.js';
import type { Movement } from '../movement.js';
import type { LineTraffic, Side } from '../traffic.js';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Sides whose line carries anything in an undisturbed run. */
const sidesOf = ({ traffic }: Calm): readonly Side[] =>
  (['source', 'target'] as const).filter((side) => traffic.lines[side].toClient > 0);

const proxyOf = ({ stage, movement }: Arena, side: Side): FaultProxy => {
  const proxy = stage.proxy(side === 'source' ? movement.from : movement.to, side);
  if (proxy === undefined) throw new Error(`the ${side} of ${movement.name} has no line`);
  return proxy;
};

const hasLine = ({ from, to }: Movement): boolean => from !== 'local' || to !== 'local';

interface Cut {
  readonly side: Side;
  readonly direction: keyof LineTraffic;
  readonly bytes: number;
}

const drawCut = (dice: Dice, calm: Calm): Cut => {
  const side = dice.pick(sidesOf(calm));
  const direction = dice.pick(['toTarget', 'toClient'] as const);
  return { side, direction, bytes: Math.ceil(calm.traffic.lines[side][direction] * dice.share()) };
};

/** Resolves when the line is cut; false when the run was over before. */
const cutAfter = async (arena: Arena, { side, direction, bytes }: Cut): Promise<boolean> => {
  const proxy = proxyOf(arena, side);
  const count = (): number => {
    const { bytesToTarget, bytesToClient } = proxy.facts();
    return direction === 'toTarget' ? bytesToTarget : bytesToClient;
  };
  const before = count();
  proxy.cutAfter(Math.max(1, bytes), direction === 'toTarget' ? 'to-target' : 'to-client');
  while (count() - before < bytes) {
    if (arena.isOver()) {
      // Far away: what is not reached must not cut the next run.
      proxy.cutAfter(Number.MAX_SAFE_INTEGER, 'to-target');
      return false;
    }
    await sleep(2);
  }
  return true;
};

export const cutLine: Fault = {
  name: 'cut',
  title: 'a connection to the source or the target is cut after n bytes, once to three times',
  fits: hasLine,
  draw: (dice, _, calm) => {
    const cuts = Array.from({ length: dice.between(1, 3) }, () => drawCut(dice, calm));
    const texts = cuts.map(
      ({ side, direction, bytes }) =>
        `${String(bytes)} bytes ${direction === 'toTarget' ? 'to' : 'from'} the ${side}`,
    );
    return {
      text: `the connection is cut after ${texts.join(', then ')}`,
      play: async (arena) => {
        for (const cut of cuts) {
          if (!(await cutAfter(arena, cut))) return;
          arena.struck();
        }
      },
    };
  },
};

export const blackHole: Fault = {
  name: 'black-hole',
  title: 'connections to one side stay open and carry nothing, for up to 15 s',
  fits: hasLine,
  draw: (dice, movement, calm) => {
    const moment = drawMoment(dice, movement);
    const side = dice.pick(sidesOf(calm));
    const ms = dice.between(500, 15_000);
    return {
      text: `nothing passes to or from the ${side} ${textOf(moment)} for ${seconds(ms)}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        const proxy = proxyOf(arena, side);
        proxy.blackHole(true);
        arena.struck();
        await sleep(ms);
        proxy.blackHole(false);
      },
    };
  },
};

export const cutTemporal: Fault = {
  name: 'cut-temporal',
  title: 'all connections to Temporal are reset, and new ones refused for up to 8 s',
  fits: () => true,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    const ms = dice.between(0, 8000);
    return {
      text: `connections to Temporal are reset ${textOf(moment)} and refused for ${seconds(ms)}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        const proxy = arena.stage.temporalProxy;
        proxy.refuse(true);
        proxy.cutNow();
        arena.struck();
        await sleep(ms);
        proxy.refuse(false);
      },
    };
  },
};

export const refuse: Fault = {
  name: 'refuse',
  title: 'all connections of one side are reset, and new ones refused for up to 6 s',
  fits: hasLine,
  draw: (dice, movement, calm) => {
    const moment = drawMoment(dice, movement);
    const side = dice.pick(sidesOf(calm));
    const ms = dice.between(0, 6000);
    return {
      text: `connections to the ${side} are reset ${textOf(moment)} and refused for ${seconds(ms)}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        const proxy = proxyOf(arena, side);
        proxy.refuse(true);
        proxy.cutNow();
        arena.struck();
        await sleep(ms);
        proxy.refuse(false);
      },
    };
  },
};
