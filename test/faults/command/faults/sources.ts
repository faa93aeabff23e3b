/** Sources that become another version under a run. */
import { type Arena, drawMoment, type Fault, textOf } from '../fault.js';
import type { Version } from '../movement.js';

const texts: Readonly<Record<Version, string>> = {
  first: 'stays',
  replaced: 'is replaced by another version',
  shorter: 'loses its end',
  longer: 'grows',
};

/** With a distance that is larger than what requests and answers weigh beside the data. */
const isStillRead = ({ calm, traffic }: Arena): boolean =>
  traffic().lines.source.toClient < 0.85 * calm.traffic.lines.source.toClient;

export const changeSource: Fault = {
  name: 'change-source',
  title: 'the source is replaced, truncated or grows',
  fits: ({ versions }) => versions.length > 0,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    const version = dice.pick(movement.versions);
    return {
      text: `the source ${texts[version]} ${textOf(moment)}`,
      version,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        arena.struck();
        await movement.change(arena.stage, version);
        if (movement.isOneFile && isStillRead(arena)) arena.mustHold(version);
      },
    };
  },
};
