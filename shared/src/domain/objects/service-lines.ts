import { moneyText, parseMoney } from '../convert/money.js';
import { oneLine } from '../convert/text.js';
import type { Refs, RowContext, SourceRow } from '../mapping/define-object.js';

/** Lines of bookings and quotes. `Hedge trimming: 2.5 × AUD 71.50 = AUD 178.75`, a line each. */
export function linesText(lines: ReadonlyArray<SourceRow>, refs: Refs, ctx: RowContext): string {
  return lines.map((line) => lineText(line, refs, ctx)).join('\n');
}

export function serviceName(line: SourceRow, refs: Refs): string | undefined {
  const name =
    line.fields.service_name ??
    refs.catalogue.services.get(line.fields.service_id ?? '') ??
    line.fields.description;
  return name === undefined ? undefined : oneLine(name);
}

export function lineText(line: SourceRow, refs: Refs, ctx: RowContext): string {
  const { currency } = ctx.settings;
  const amount = (field: string) => {
    const value = parseMoney(line.fields[field], currency);
    return value === undefined ? undefined : moneyText(value, currency);
  };
  const name = serviceName(line, refs) ?? 'Service';
  const price = [line.fields.quantity, amount('unit_price')].filter(Boolean).join(' × ');
  const discount = parseMoney(line.fields.discount, currency);
  return [
    `${name}:`,
    price,
    discount !== undefined && discount !== '0' ? `less ${moneyText(discount, currency)}` : '',
    amount('line_total') ? `= ${amount('line_total')}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
    .replace(/:$/, '');
}
