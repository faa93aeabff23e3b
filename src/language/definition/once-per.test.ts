import { expect, test } from 'vitest';
import { oncePerText } from './once-per.js';

test('equal values are worked out once, others by themselves', () => {
  const asked: string[] = [];
  const answer = oncePerText(
    ({ name }: { readonly name: string }) => name,
    ({ name }) => {
      asked.push(name);
      return name === 'none' ? undefined : name.toUpperCase();
    },
  );
  const names = ['a', 'none', 'a', 'b', 'none'];
  expect(names.map((name) => answer({ name }))).toEqual(['A', undefined, 'A', 'B', undefined]);
  expect(asked).toEqual(['a', 'none', 'b']);
});

test('what is kept stays while nothing new is asked, however much it is', () => {
  let made = 0;
  const answer = oncePerText(String, () => ++made);
  for (let round = 0; round < 2; round++) for (let at = 0; at < 1000; at++) answer(at);
  expect(made).toBe(1000);
});

test('what is kept does not grow without end', () => {
  let made = 0;
  const answer = oncePerText(String, () => ++made);
  for (let at = 0; at < 1500; at++) answer(at);
  expect(answer(1499)).toBe(1500);
  expect(answer(0)).toBe(1501);
});
