import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Charges, layOutLines, type StatedLine } from './line-money.js';

const line = (unitPrice: string, more: StatedLine = {}): StatedLine => ({
  quantity: '1',
  unitPrice,
  ...more,
});
const lay = (value: string, lines: StatedLine[], charges: Charges = {}, currency = 'AUD') => {
  const layout = layOutLines(value, lines, charges, currency);
  return (
    layout && [
      layout.taxMethod,
      ...layout.lines.map((one) =>
        [
          `${one.quantity} × ${one.item_price}`,
          one.discount === '0' ? '' : ` − ${one.discount}${one.discount_type === 'percentage' ? ' %' : ''}`,
          one.tax === '0' ? '' : ` (${one.tax} %)`,
          one.is_enabled ? '' : ' off',
        ].join(''),
      ),
      ...(layout.rest ? [`${layout.rest.amount}: ${layout.rest.says}`] : []),
    ]
  );
};

describe('lines that come to the value of their deal', () => {
  it.each<[string, string, StatedLine[], Charges, string[] | undefined]>([
    ['as they are', '389', [line('389', { total: '389' })], {}, ['none', '1 × 389']],
    [
      'tax is part of the price: its rate is the one that comes to it',
      '567.75',
      [
        line('389', { tax: '35.36', total: '389' }),
        line('71.5', { quantity: '2.5', tax: '16.25', total: '178.75' }),
      ],
      {},
      ['inclusive', '1 × 389 (10 %)', '2.5 × 71.5 (10 %)'],
    ],
    [
      'tax comes on top',
      '440',
      [line('100', { tax: '10', total: '100' }), line('300', { tax: '30', total: '330' })],
      {},
      ['exclusive', '1 × 100 (10 %)', '1 × 300 (10 %)'],
    ],
    [
      'tax on top that may round either way: a line of its own',
      '196.63',
      [line('71.5', { quantity: '2.5', tax: '17.88', total: '178.75' })],
      { tax: '17.88' },
      ['none', '2.5 × 71.5', '17.88: tax AUD 17.88'],
    ],
    [
      'the rate of the service is tried first',
      '0.1',
      [line('0.1', { tax: '0.01', total: '0.1', taxRate: '10' })],
      {},
      ['inclusive', '1 × 0.1 (10 %)'],
    ],
    [
      'extra charges are one line more',
      '477',
      [line('389', { tax: '35.36', total: '389' })],
      { extra: '88', tax: '43.36' },
      ['inclusive', '1 × 389 (10 %)', '88: extra charges AUD 88.00'],
    ],
    [
      'extra charges with their tax',
      '124.3',
      [line('100', { tax: '10', total: '100' })],
      { extra: '13', tax: '11.3' },
      ['exclusive', '1 × 100 (10 %)', '14.3: extra charges AUD 13.00, tax AUD 1.30'],
    ],
    [
      'a discount of the whole that no line has',
      '90',
      [line('100', { total: '100' })],
      { discount: '10' },
      ['none', '1 × 100', '-10: discount AUD -10.00'],
    ],
    [
      'a discount of a line: an amount for one, the percentage that it is for more',
      '550.1',
      [
        line('389', { discount: { kind: 'amount', value: '38.9' }, total: '350.1' }),
        line('125', { quantity: '2', discount: { kind: 'amount', value: '-50' }, total: '200' }),
      ],
      { discount: '88.9' },
      ['none', '1 × 389 − 38.9', '2 × 125 − 20 %'],
    ],
    [
      'a discount in percent',
      '90',
      [line('100', { discount: { kind: 'percentage', value: '10' }, total: '90' })],
      {},
      ['none', '1 × 100 − 10 %'],
    ],
    [
      'a line taken back',
      '50',
      [line('100'), line('50', { quantity: '-1', total: '-50' })],
      {},
      ['none', '1 × 100', '1 × -50'],
    ],
    [
      'a negative line',
      '80',
      [line('100'), line('-20', { total: '-20' })],
      {},
      ['none', '1 × 100', '1 × -20'],
    ],
    [
      'nothing taken: a line that does not count',
      '100',
      [line('100'), line('40', { quantity: '0', total: '0' })],
      {},
      ['none', '1 × 100', '1 × 40 off'],
    ],
    [
      'its total counts where price and quantity do not come to it',
      '120',
      [line('50', { quantity: '2', total: '120' })],
      {},
      ['none', '1 × 120'],
    ],
    ['only a total', '12.5', [{ total: '12.5' }], {}, ['none', '1 × 12.5']],
    [
      'half a cent may be rounded up or down: whole amounts',
      '0.68',
      [line('0.335', { total: '0.34' }), line('0.335', { total: '0.34' })],
      {},
      ['none', '1 × 0.34', '1 × 0.34'],
    ],
    ['a cent of rounding', '10.01', [line('10')], {}, ['none', '1 × 10', '0.01: rounding AUD 0.01']],
    ['nothing explains it', '300', [line('100')], { extra: '20' }, undefined],
    [
      'paid nothing yet, where the value is what was paid',
      '0',
      [line('100', { total: '100' })],
      { tax: '9.09' },
      undefined,
    ],
    [
      'an invoice that says its tax is part of it',
      '110',
      [line('100', { tax: '10', total: '100' })],
      { tax: '10', taxInclusive: true },
      undefined,
    ],
    ['nothing at all', '0', [{}], {}, ['none', '1 × 0']],
  ])('%s', (_what, value, lines, charges, expected) => {
    expect(lay(value, lines, charges)).toEqual(expected);
  });

  it('a currency without cents', () => {
    expect(lay('1100', [line('1000', { tax: '100', total: '1000' })], {}, 'JPY')).toEqual([
      'exclusive',
      '1 × 1000 (10 %)',
    ]);
  });
});

const amount = fc.integer({ min: -2_000_00, max: 2_000_00 }).map((cents) => String(cents / 100));
const stated: fc.Arbitrary<StatedLine> = fc.record(
  {
    quantity: fc.constantFrom('1', '2', '2.5', '0', '-1', '0.333', '14'),
    unitPrice: amount,
    discount: fc.record({
      kind: fc.constantFrom('amount' as const, 'percentage' as const),
      value: fc.constantFrom('0', '5', '12.5'),
    }),
    tax: amount,
    total: amount,
    taxRate: fc.constantFrom('10', '12.5', '0'),
  },
  { requiredKeys: [] },
);

it('what is laid out comes to the value, whichever way the account rounds', () => {
  const charges = fc.record({ extra: amount, discount: amount, tax: amount }, { requiredKeys: [] });
  let laid = 0;
  fc.assert(
    fc.property(
      fc.array(stated, { minLength: 1, maxLength: 6 }),
      charges,
      fc.integer({ min: -3, max: 3 }),
      (lines, given, off) => {
        const bare = lines.reduce(
          (sum, one) => sum.plus(one.total ?? new Decimal(one.unitPrice ?? 0).times(one.quantity ?? 1)),
          new Decimal(0),
        );
        const value = bare
          .toDecimalPlaces(2)
          .plus(off / 100)
          .plus(given.extra ?? 0)
          .toFixed();
        const layout = layOutLines(value, lines, given, 'AUD');
        if (!layout) return;
        laid += 1;
        for (const mode of [Decimal.ROUND_HALF_UP, Decimal.ROUND_HALF_DOWN, Decimal.ROUND_HALF_EVEN]) {
          const sums = layout.lines.map((one) => sumInPipedrive(one, layout.taxMethod));
          const rest = layout.rest?.amount ?? 0;
          const each = sums.reduce((sum, one) => sum.plus(one.toDecimalPlaces(2, mode)), new Decimal(rest));
          const whole = sums.reduce((sum, one) => sum.plus(one), new Decimal(rest)).toDecimalPlaces(2, mode);
          expect([each.toFixed(), whole.toFixed()]).toEqual([
            new Decimal(value).toFixed(),
            new Decimal(value).toFixed(),
          ]);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(laid).toBeGreaterThan(40);
});

/** Written for this test alone: what one line adds to its deal. */
function sumInPipedrive(
  one: {
    item_price: string;
    quantity: string;
    discount: string;
    discount_type: string;
    tax: string;
    is_enabled: boolean;
  },
  taxMethod: string,
): Decimal {
  if (!one.is_enabled) return new Decimal(0);
  const gross = new Decimal(one.item_price).times(one.quantity);
  const net =
    one.discount_type === 'amount'
      ? gross.minus(one.discount)
      : gross.minus(gross.times(one.discount).div(100));
  return taxMethod === 'exclusive' ? net.plus(net.times(one.tax).div(100)) : net;
}
