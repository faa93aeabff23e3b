import { optionalText, refuseArgument, textArgument } from '../signature.js';
import { secretReference } from '../values.js';
import { defineFunction } from './function.js';

export const secretsGet = defineFunction({
  name: 'secrets.get',
  summary:
    'A reference to a secret; it is resolved by the activity that needs it, and stands only in secret fields and SQL literals.',
  args: [
    { name: 'name', summary: 'The name of the secret: an environment variable of the worker.' },
    {
      name: 'default?',
      summary: 'What counts when it is not set; visible in plans, so never a secret itself.',
    },
  ],
  // A reference has no value to show.
  examples: [],
  at: 'planning',
  gives: 'secret',
  run: (call) => {
    const name = textArgument(call, 0);
    return name === ''
      ? refuseArgument(call.what, 'the name is empty')
      : secretReference(name, optionalText(call, 1));
  },
});
