import { expect, test } from 'vitest';
import { typeToShare } from './apply-activity-types.js';

const type = (name: string, key_string = name.toLowerCase()) => ({ id: 1, name, key_string });
const ofEveryAccount = ['Call', 'Meeting', 'Task', 'Deadline'].map((name) => type(name));

test.each([
  ['money goes with payments', 'Deposit', [...ofEveryAccount, type('Payment')], 'Payment'],
  ['money without payments is a task', 'Refund', ofEveryAccount, 'Task'],
  ['payments themselves are a task', 'Payment', ofEveryAccount, 'Task'],
  ['anything else is a task, whatever it is called', 'Form', [type('Visit'), type('To-do', 'task')], 'To-do'],
  ['without tasks a meeting', 'Invoice', [type('Visit'), type('Meeting')], 'Meeting'],
  ['else the first', 'SMS', [type('Visit'), type('Survey')], 'Visit'],
  ['of none, none', 'SMS', [], undefined],
])('%s', (_what, kind, standing, expected) => {
  expect(typeToShare(kind, standing)?.name).toBe(expected);
});
