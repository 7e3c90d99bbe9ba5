import { expect, test } from 'vitest';
import { amountInNote } from './money-totals.js';

test('reads the amount of a payment from its note, as written and as read back', () => {
  expect(
    [
      'Kind: Payment<br>Amount: AUD 1100.00<br>Method: Card',
      'Kind: Refund Amount: AUD -50.5 Method: Bank 12 OctopusPro refund:3',
      'Kind: Payment Amount: AUD 7.00 2 visits. Amount: AUD 9.00',
      '<p>Amount:&nbsp;AUD 12.00</p>',
      'Amount: USD 5.00',
      'The customer asked about the Amount: later',
      '',
    ].map((note) => amountInNote(note, 'AUD')),
  ).toEqual(['1100', '50.5', '7', '12', undefined, undefined, undefined]);
});
