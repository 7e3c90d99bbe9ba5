import type { Account } from '../account/account.js';
import { currencies } from '../account/currencies.js';
import type { SimRecord } from '../account/entities.js';
import type { Draft, Json, JsonObject } from '../json.js';

/** The deal's value after a change of its lines; without lines it is 0. */
export function settleValue(account: Account, deal: SimRecord): void {
  deal.value = valueOfLines(account.linesOf(deal.id), deal) ?? 0;
}

/** What the enabled lines come to, or nothing when there are no lines to say it. */
export function valueOfLines(lines: readonly SimRecord[], deal: Draft): number | undefined {
  if (lines.length === 0) return undefined;
  const enabled = lines.filter((line) => line.is_enabled === true);
  return rounded(
    enabled.reduce((total, line) => total + lineSum(line, deal.currency), 0),
    deal.currency,
  );
}

/**
 * Our reading, the sheet gives no formula: price times quantity, less the discount (an amount once per line), plus tax
 * only when it is exclusive; rounded to the currency. A recurring line counts once, however many cycles it has.
 */
export function lineSum(line: JsonObject, currency: Json | undefined): number {
  const gross = Number(line.item_price) * Number(line.quantity);
  const discount = Number(line.discount);
  const net = line.discount_type === 'amount' ? gross - discount : gross * (1 - discount / 100);
  return rounded(line.tax_method === 'exclusive' ? net * (1 + Number(line.tax) / 100) : net, currency);
}

function rounded(amount: number, currency: Json | undefined): number {
  const decimals = Number(currencies.find(({ code }) => code === currency)?.decimal_points ?? 2);
  const scale = 10 ** decimals;
  // 1.005 is a little less in binary; fifteen digits put it back before it is rounded.
  return Math.round(Number((amount * scale).toPrecision(15))) / scale;
}
