import { expect, it } from 'vitest';
import { usedEnv } from './used-env.js';

it('gives the variables that are mentioned and set, and no bystander', () => {
  const mention = (name: string, optional: boolean) => ({ path: ['env', name], optional });
  const used = [
    mention('A', false),
    mention('UNSET', true),
    { path: ['vars', 'B'], optional: false },
  ];
  expect(usedEnv(used, { A: '1', B: '2' }, 'here')).toEqual({ A: '1' });
  expect(() => usedEnv([mention('UNSET', false)], {}, 'here')).toThrow('here: the variable UNSET');
});
