import { expect, test } from 'vitest';
import { withKind } from './kind-in-subject.js';

test.each([
  ['Refund', 'Paid back', 'Refund: Paid back'],
  ['Refund', 'Refund AUD 20.00 · INV-1', 'Refund AUD 20.00 · INV-1'],
  ['Refund', 'REFUND', 'REFUND'],
  ['Call', 'Callback asked for', 'Call: Callback asked for'],
  ['Call', 'Call2', 'Call: Call2'],
  ['Call', 'Call – 5 minutes', 'Call – 5 minutes'],
  ['Form', '', 'Form: '],
])('%s, %s', (kind, subject, expected) => {
  expect(withKind(kind, subject)).toBe(expected);
  // Sent again, it is the same.
  expect(withKind(kind, expected)).toBe(expected);
});

test('a subject that gets too long for Pipedrive loses its end, not its kind', () => {
  const subject = withKind('Complaint', 'x'.repeat(255));
  expect(subject).toHaveLength(255);
  expect(subject).toMatch(/^Complaint: x+…$/);
});
