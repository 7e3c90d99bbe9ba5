import { Decimal } from 'decimal.js';
import { moneyText } from '../convert/money.js';

/** Sums of products of amounts, exactly: twice the digits of an amount. */
const Exact = Decimal.clone({ precision: 60, toExpNeg: -60, toExpPos: 60 });
const zero = new Exact(0);

/** What a source line says of its money, as plain decimals; a cell that is empty or unreadable is absent. */
export interface StatedLine {
  quantity?: string | undefined;
  unitPrice?: string | undefined;
  discount?: { kind: 'amount' | 'percentage'; value: string } | undefined;
  tax?: string | undefined;
  total?: string | undefined;
  /** Percent, of the service: the first rate that is tried. */
  taxRate?: string | undefined;
}

/** What is stated beside the lines. A sum of lines that misses the value by one or more of these is explained. */
export interface Charges {
  extra?: string | undefined;
  discount?: string | undefined;
  tax?: string | undefined;
  /** Absent: both are tried. */
  taxInclusive?: boolean | undefined;
}

/** A line in the words of Pipedrive. */
export interface LineMoney {
  item_price: string;
  quantity: string;
  discount: string;
  discount_type: 'amount' | 'percentage';
  tax: string;
  is_enabled: boolean;
}

export type TaxMethod = 'inclusive' | 'exclusive' | 'none';

export interface LineLayout {
  taxMethod: TaxMethod;
  lines: LineMoney[];
  /** What the lines do not say: one more line of this amount, without tax. Null when they come to the value. */
  rest: { amount: string; says: string } | null;
}

/**
 * Lays lines out so that they come to `value`, to the cent, whichever way the account rounds: each line or the
 * sum, half a cent up or down (the documentation does not say). Undefined when they do not, and nothing that is stated explains the difference.
 *
 * A line is `price × quantity − discount` (an amount once for the line), plus tax only when it is exclusive. Where that
 * is not what its own total says, the total counts: 1 × total. A line with nothing of it taken is disabled, which
 * Pipedrive leaves out of the value.
 */
export function layOutLines(
  value: string,
  stated: ReadonlyArray<StatedLine>,
  charges: Charges,
  currency: string,
): LineLayout | undefined {
  const money = moneyOf(currency);
  const layouts = taxMethodsToTry(charges.taxInclusive).flatMap((method) => {
    const lines = layOut(stated, method, money);
    return lines ? [{ method, lines, missing: new Exact(value).minus(sumOf(lines, money)) }] : [];
  });
  const exact = layouts.find(({ missing }) => missing.isZero());
  if (exact) return inWords(exact.lines, exact.method, null);
  for (const { method, lines, missing } of layouts) {
    const says = explain(missing, notInLines(charges, method, lines), lines.length, money);
    if (says !== undefined) return inWords(lines, method, { amount: plain(missing), says });
  }
  return undefined;
}

/** Included and not taxed come to the same sum; `none` is for tax that no rate says, which is then a line of its own. */
function taxMethodsToTry(taxInclusive: boolean | undefined): TaxMethod[] {
  if (taxInclusive === undefined) return ['inclusive', 'exclusive', 'none'];
  return taxInclusive ? ['inclusive'] : ['exclusive', 'none'];
}

interface Line {
  price: Decimal;
  quantity: Decimal;
  discount: { kind: 'amount' | 'percentage'; value: Decimal };
  /** After discount, before tax; exact. */
  net: Decimal;
  taxStated: Decimal | undefined;
  rate: Decimal;
  taken: boolean;
  /** What it adds to the deal; exact. */
  sum: Decimal;
}

function layOut(stated: ReadonlyArray<StatedLine>, method: TaxMethod, money: Money): Line[] | undefined {
  const lines = stated.map((line) => read(line, money));
  const rates = method === 'none' ? lines.map(() => zero) : ratesOf(lines, stated, method, money);
  if (!rates) return undefined;
  const taxed = lines.map((line, index) => withTax(line, rates[index] ?? zero, method));
  if (roundsOneWay(taxed, money)) return taxed;
  // Whole amounts for the lines with a fraction of a cent: then there is nothing to round.
  const whole = taxed.map((line, index) =>
    money.isWhole(line.net)
      ? line
      : withTax(wholeLine(money.round(line.net), line), rates[index] ?? zero, method),
  );
  return roundsOneWay(whole, money) ? whole : undefined;
}

function read(stated: StatedLine, money: Money): Line {
  const total = stated.total === undefined ? undefined : new Exact(stated.total);
  const taxStated = stated.tax === undefined ? undefined : new Exact(stated.tax);
  const quantity = new Exact(stated.quantity ?? 1);
  const price = stated.unitPrice === undefined ? undefined : new Exact(stated.unitPrice);
  if (price !== undefined) {
    const notTaken = quantity.isZero() && (total?.isZero() ?? true);
    const line = notTaken
      ? { ...lineOf(price, new Exact(1), undefined), taken: false, net: zero }
      : lineOf(price, quantity, stated.discount);
    const says = [money.round(line.net), money.round(line.net.plus(taxStated ?? 0))];
    if (total === undefined || says.some((amount) => amount.equals(total))) return { ...line, taxStated };
  }
  return { ...wholeLine(total ?? zero, { taken: true }), taxStated };
}

function lineOf(price: Decimal, quantity: Decimal, discount: StatedLine['discount']): Line {
  // A line taken back is a negative price: a quantity is positive everywhere in Pipedrive.
  const sign = quantity.isNegative() ? -1 : 1;
  const gross = price.times(quantity);
  const off = discountOf(discount, gross, quantity);
  const net = off.kind === 'amount' ? gross.minus(off.value) : gross.minus(gross.times(off.value).div(100));
  return {
    price: price.times(sign),
    quantity: quantity.abs(),
    discount: off,
    net,
    taxStated: undefined,
    rate: zero,
    taken: true,
    sum: net,
  };
}

/**
 * Whether an amount counts once or for each unit is not documented: for more than one unit it goes as the percentage
 * that it is, where that can be written down.
 */
function discountOf(stated: StatedLine['discount'], gross: Decimal, quantity: Decimal): Line['discount'] {
  if (stated === undefined) return { kind: 'percentage', value: zero };
  const value = new Exact(stated.value).abs();
  if (stated.kind === 'percentage') return { kind: 'percentage', value };
  if (value.isZero()) return { kind: 'percentage', value: zero };
  const percent = gross.isZero() ? undefined : value.times(100).div(gross);
  if (!quantity.equals(1) && percent?.isPositive() && percent.decimalPlaces() <= 2)
    return { kind: 'percentage', value: percent };
  return { kind: 'amount', value };
}

function wholeLine(total: Decimal, { taken }: { taken: boolean }): Line {
  return { ...lineOf(total, new Exact(1), undefined), taken };
}

function withTax(line: Line, rate: Decimal, method: TaxMethod): Line {
  const sum = method === 'exclusive' ? line.net.plus(line.net.times(rate).div(100)) : line.net;
  return { ...line, rate, sum: line.taken ? sum : zero };
}

/**
 * A rate for each line that says its tax to the cent: the service's, else that of the deal as a whole, else its own.
 * Tax that is not part of the price has to be said by a rate; of tax that is, the comment of the line keeps the amount.
 */
function ratesOf(
  lines: ReadonlyArray<Line>,
  stated: ReadonlyArray<StatedLine>,
  method: TaxMethod,
  money: Money,
): Decimal[] | undefined {
  const net = lines.reduce((sum, line) => sum.plus(line.net), zero);
  const tax = lines.reduce((sum, line) => sum.plus(line.taxStated ?? 0), zero);
  const ofDeal = rateOf(net, tax, method);
  const rates = lines.map((line, index) => {
    if (!line.taxStated || line.taxStated.isZero()) return zero;
    const service = stated[index]?.taxRate;
    const tries = [
      ...(service === undefined ? [] : [new Exact(service)]),
      ...[ofDeal, rateOf(line.net, line.taxStated, method)].flatMap((rate) =>
        rate === undefined ? [] : [rate.toDecimalPlaces(0), rate.toDecimalPlaces(2)],
      ),
    ];
    return (
      tries.find((rate) => saysTax(line, rate, method, money)) ?? (method === 'inclusive' ? zero : undefined)
    );
  });
  return rates.every((rate) => rate !== undefined) ? rates : undefined;
}

function rateOf(net: Decimal, tax: Decimal, method: TaxMethod): Decimal | undefined {
  const base = method === 'exclusive' ? net : net.minus(tax);
  return base.isZero() ? undefined : tax.times(100).div(base);
}

function saysTax(line: Line, rate: Decimal, method: TaxMethod, money: Money): boolean {
  const base = method === 'exclusive' ? new Exact(100) : rate.plus(100);
  const tax = line.net.times(rate).div(base);
  return money.round(tax).equals(line.taxStated ?? 0);
}

/** Each line, their sum, and half a cent up or down: it must all come to the same. */
function roundsOneWay(lines: ReadonlyArray<Line>, money: Money): boolean {
  const whole = lines.reduce((sum, line) => sum.plus(line.sum), zero);
  return (
    lines.every((line) => !money.isHalf(line.sum)) &&
    !money.isHalf(whole) &&
    money.round(whole).equals(sumOf(lines, money))
  );
}

function sumOf(lines: ReadonlyArray<Line>, money: Money): Decimal {
  return lines.reduce((sum, line) => sum.plus(money.round(line.sum)), zero);
}

interface Charge {
  name: string;
  amount: Decimal;
}

/** What the parent states and the lines do not hold yet. */
function notInLines(charges: Charges, method: TaxMethod, lines: ReadonlyArray<Line>): Charge[] {
  const inLines = lines.reduce(
    (sum, line) => sum.plus(line.price.times(line.quantity)).minus(line.net),
    zero,
  );
  const taxed =
    method === 'exclusive' ? lines.reduce((sum, line) => sum.plus(line.taxStated ?? 0), zero) : zero;
  const found: Charge[] = [
    { name: 'extra charges', amount: new Exact(charges.extra ?? 0) },
    { name: 'discount', amount: inLines.minus(new Exact(charges.discount ?? 0).abs()) },
    // Tax that is part of the prices is part of their sum.
    { name: 'tax', amount: method === 'inclusive' ? zero : new Exact(charges.tax ?? 0).minus(taxed) },
  ];
  return found.filter(
    ({ name, amount }) => !amount.isZero() && !(name === 'discount' && charges.discount === undefined),
  );
}

/** The fewest charges that are the difference, first to the cent, then but for a cent of rounding a line. */
function explain(missing: Decimal, charges: Charge[], lines: number, money: Money): string | undefined {
  for (const slack of [zero, money.cent.times(lines)]) {
    for (const some of subsetsOf(charges)) {
      const rounding = missing.minus(some.reduce((sum, { amount }) => sum.plus(amount), zero));
      if (rounding.abs().greaterThan(slack)) continue;
      const all = rounding.isZero() ? some : [...some, { name: 'rounding', amount: rounding }];
      return all.map(({ name, amount }) => `${name} ${money.text(amount)}`).join(', ');
    }
  }
  return undefined;
}

/** Smaller ones first. */
function subsetsOf<T>(items: ReadonlyArray<T>): T[][] {
  const all: T[][] = [[]];
  for (const item of items) all.push(...all.map((set) => [...set, item]));
  return all.sort((a, b) => a.length - b.length);
}

function inWords(lines: ReadonlyArray<Line>, method: TaxMethod, rest: LineLayout['rest']): LineLayout {
  const isTaxed = lines.some((line) => !line.rate.isZero());
  return {
    taxMethod: isTaxed ? method : 'none',
    lines: lines.map((line) => ({
      item_price: plain(line.price),
      quantity: plain(line.quantity),
      discount: plain(line.discount.value),
      discount_type: line.discount.kind,
      tax: plain(line.rate),
      is_enabled: line.taken,
    })),
    rest,
  };
}

interface Money {
  cent: Decimal;
  round(amount: Decimal): Decimal;
  isWhole(amount: Decimal): boolean;
  isHalf(amount: Decimal): boolean;
  text(amount: Decimal): string;
}

/** The smallest amount of the currency; half of it is rounded away from zero. */
function moneyOf(currency: string): Money {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const round = (amount: Decimal) => amount.toDecimalPlaces(digits, Decimal.ROUND_HALF_UP);
  return {
    cent: new Exact(10).pow(-digits),
    round,
    isWhole: (amount) => round(amount).equals(amount),
    isHalf: (amount) => !round(amount).equals(amount.toDecimalPlaces(digits, Decimal.ROUND_HALF_DOWN)),
    text: (amount) => moneyText(plain(amount), currency),
  };
}

function plain(amount: Decimal): string {
  return amount.isZero() ? '0' : amount.toFixed();
}
