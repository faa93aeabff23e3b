import { jsonTextOf } from '../text.js';
import { defineFunction } from './function.js';

export const jsonToStr = defineFunction({
  name: 'json.to_str',
  summary: 'The value as JSON text.',
  args: [{ name: 'value', summary: 'Any value but a secret.' }],
  examples: [{ expression: "fn.json.to_str({'a': [1]})", gives: '{"a": [1]}' }],
  at: 'anywhere',
  run: (call) => jsonTextOf(call.budget, call.values[0] ?? null),
});
