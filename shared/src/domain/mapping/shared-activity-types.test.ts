import { expect, test } from 'vitest';
import { lossesOfSharedTypes } from './shared-activity-types.js';

const activityTypes = ['Appointment', 'Deposit', 'Refund'].map((name) => ({ name, iconKey: 'task' }));

test('a sentence for each type that is shared, about the kinds of the mapping only, in its order', () => {
  const shared = [
    { kind: 'Refund', type: 'Payment' },
    { kind: 'Deposit', type: 'Payment' },
    { kind: 'Appointment', type: 'Task' },
    { kind: 'Form', type: 'Task' },
  ];
  expect(lossesOfSharedTypes({ activityTypes }, shared).map(({ says }) => says)).toEqual([
    'The account has as many activity types as Pipedrive allows a company. Appointment has none of its own: such activities have the type Task, and their subject begins with what they are.',
    'The account has as many activity types as Pipedrive allows a company. Deposit and Refund have none of their own: such activities have the type Payment, and their subject begins with what they are.',
  ]);
  expect(lossesOfSharedTypes({ activityTypes }, [])).toEqual([]);
});
