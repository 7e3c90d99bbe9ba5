import { Decimal } from 'decimal.js';
import { addressOf } from '../convert/address.js';
import { parseBool } from '../convert/bool.js';
import { parseWhen } from '../convert/date.js';
import { parseDuration } from '../convert/duration.js';
import { plainText } from '../convert/html.js';
import { optionKey, parseList, withoutOptionSuffix } from '../convert/list.js';
import { moneyText, parseMoney } from '../convert/money.js';
import { parsePhone } from '../convert/phone.js';
import { cleanText, cutText, oneLine } from '../convert/text.js';
import type { FieldType } from './content.js';
import type { FieldRule, Rank, RowContext, SourceRow } from './define-object.js';
import type { PayloadValue } from './record.js';

/** A value ready for Pipedrive, and the same for a person's eye (notes, packed fields). */
export interface Converted {
  value: PayloadValue;
  text: string;
}

/** pipedrive-api.md 5.3. */
export const textLimits = { varchar: 255, phone: 255, text: 65_000 } as const;
/** Titles, names and subjects; the documentation names no limit, the web form takes 255. */
export const titleLimit = 255;

/** One raw value as a custom field of this type. Undefined when it cannot be; a finding then says so. */
export function convertTo(
  type: FieldType,
  raw: string | undefined,
  ctx: RowContext,
  column: string,
  options: ReadonlyArray<string> = [],
): Converted | undefined {
  if (raw === undefined) return undefined;
  switch (type) {
    case 'varchar':
      return cut(oneLine(plainText(raw)), textLimits.varchar, ctx, column);
    case 'text':
      return cut(plainText(raw), textLimits.text, ctx, column);
    case 'double':
      return numberOf(raw, ctx, column);
    case 'monetary': {
      const amount = parseMoney(raw, ctx.settings.currency);
      if (amount === undefined) ctx.find('unparseable_number', column);
      return amount === undefined ? undefined : monetary(amount, ctx);
    }
    case 'date': {
      const when = parseWhen(raw, ctx.settings);
      if (!when) ctx.find('unparseable_date', column);
      return when && { value: when.day, text: when.day };
    }
    case 'enum':
      return optionOf(raw, ctx, column, options);
    case 'set':
      return optionsOf(raw, ctx, column, options);
    case 'phone': {
      const phone = parsePhone(oneLine(raw), ctx.settings.country);
      if (!phone.readable) ctx.find('invalid_phone', column);
      return cut(phone.value, textLimits.phone, ctx, column);
    }
    case 'address': {
      const address = addressOf({ address: plainText(raw) });
      return address && { value: { ...address }, text: address.value };
    }
    case 'time':
      return timeOf(raw, ctx, column);
  }
}

export function monetary(amount: string, ctx: RowContext): Converted {
  const { currency } = ctx.settings;
  return { value: { value: amount, currency }, text: moneyText(amount, currency) };
}

/** A text of ours or of the source, cut to a limit with a finding. Undefined when it is empty. */
export function cut(text: string, limit: number, ctx: RowContext, column: string): Converted | undefined {
  if (text === '') return undefined;
  const { text: value, cut: lost } = cutText(text, limit);
  if (lost) ctx.find('value_too_long', column, { length: text.length, limit });
  return { value, text: value };
}

function numberOf(raw: string, ctx: RowContext, column: string): Converted | undefined {
  // `21.5 °C`: the unit is in the field's name or lost; money forms (1,200.50) are numbers too.
  const amount = parseMoney(
    raw.replace(/\s*(?:°\s*[CF]?|%|m²|m2|km|cm|mm|kg)\s*$/i, ''),
    ctx.settings.currency,
  );
  if (amount === undefined) {
    ctx.find('unparseable_number', column);
    return undefined;
  }
  // Where the number is packed as text, its unit can stay.
  return { value: new Decimal(amount).toNumber(), text: oneLine(raw) };
}

function optionOf(
  raw: string,
  ctx: RowContext,
  column: string,
  options: ReadonlyArray<string>,
): Converted | undefined {
  const [label] = labelsOf([yesNoLabel(raw, options) ?? raw], ctx, column, options);
  return label === undefined ? undefined : { value: { $option: label }, text: label };
}

function optionsOf(
  raw: string,
  ctx: RowContext,
  column: string,
  options: ReadonlyArray<string>,
): Converted | undefined {
  const labels = labelsOf(parseList(raw, options), ctx, column, options);
  return labels.length === 0 ? undefined : { value: { $options: labels }, text: labels.join(', ') };
}

/** Our Yes/No fields take every dialect of yes and no. */
function yesNoLabel(raw: string, options: ReadonlyArray<string>): string | undefined {
  if (options !== yesNo) return undefined;
  const answer = parseBool(raw);
  return answer === undefined ? undefined : answer ? 'Yes' : 'No';
}

/** Pipedrive has no boolean custom field (5.3). */
export const yesNo: ReadonlyArray<string> = ['Yes', 'No'];

/** The labels as the definition spells them; a value it does not list is kept as it is, with a finding. */
function labelsOf(
  values: ReadonlyArray<string>,
  ctx: RowContext,
  column: string,
  options: ReadonlyArray<string>,
): string[] {
  const defined = new Map(options.map((label) => [optionKey(label), label]));
  const labels = values.map((value) => {
    const label = defined.get(optionKey(value));
    if (label === undefined && options.length > 0) ctx.find('unknown_option', column);
    return label ?? cleanLabel(value);
  });
  return [...new Set(labels.filter((label) => label !== ''))];
}

function timeOf(raw: string, ctx: RowContext, column: string): Converted | undefined {
  const match = /^(\d{1,2})[:.](\d{2})(?::\d{2})?\s*([ap])?\.?m?\.?$/i.exec(raw.trim());
  const half = match?.[3]?.toLowerCase();
  const hour = (Number(match?.[1]) % (half ? 12 : 24)) + (half === 'p' ? 12 : 0);
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) {
    ctx.find('unparseable_date', column);
    return undefined;
  }
  const clock = `${String(hour).padStart(2, '0')}:${match[2]}`;
  return { value: { value: `${clock}:00`, timezone_name: ctx.settings.timeZone }, text: clock };
}

/** A custom field filled straight from a column. */
export function custom(
  target: string,
  type: FieldType,
  rank: Rank,
  from: string,
  more: { options?: ReadonlyArray<string>; lossy?: string } = {},
): FieldRule {
  const options = more.options ?? [];
  return {
    ...computedCustom(target, type, rank, [from], { ...more, converter: converterWords[type] }),
    read: (row, ctx) => convertTo(type, row.fields[from], ctx, from, options),
  };
}

/** A custom field that the object's `map` fills. */
export function computedCustom(
  target: string,
  type: FieldType,
  rank: Rank,
  from: ReadonlyArray<string>,
  more: { options?: ReadonlyArray<string>; lossy?: string; converter?: string } = {},
): FieldRule {
  return {
    target,
    custom: { type, rank, options: more.options ?? [] },
    from,
    converter: more.converter ?? 'computed',
    lossy: more.lossy ?? null,
    read: null,
  };
}

/** A field of Pipedrive's own, filled straight from a column. */
export function native(
  target: string,
  from: string,
  converter: string,
  convert: (raw: string, ctx: RowContext) => PayloadValue | undefined,
  lossy: string | null = null,
): FieldRule {
  return {
    target,
    custom: null,
    from: [from],
    converter,
    lossy,
    read: (row, ctx) => {
      const raw = row.fields[from];
      const value = raw === undefined ? undefined : convert(raw, ctx);
      return value === undefined ? undefined : { value, text: '' };
    },
  };
}

/** A field of Pipedrive's own that the object's `map` fills. */
export function computed(
  target: string,
  from: ReadonlyArray<string>,
  converter: string,
  lossy: string | null = null,
): FieldRule {
  return { target, custom: null, from, converter, lossy, read: null };
}

/** Applies the rules that have a `read`. */
export function readFields(
  rules: ReadonlyArray<FieldRule>,
  row: SourceRow,
  ctx: RowContext,
): { native: Record<string, PayloadValue>; custom: Map<string, Converted> } {
  const result = { native: {} as Record<string, PayloadValue>, custom: new Map<string, Converted>() };
  for (const rule of rules) {
    const converted = rule.read?.(row, ctx);
    if (!converted) continue;
    if (rule.custom) result.custom.set(rule.target, converted);
    else result.native[rule.target] = converted.value;
  }
  return result;
}

export function minutesOf(raw: string | undefined, ctx: RowContext, column: string): Converted | undefined {
  if (raw === undefined) return undefined;
  const minutes = parseDuration(raw);
  if (minutes === undefined) {
    ctx.find('unparseable_number', column);
    return undefined;
  }
  return { value: minutes, text: String(minutes) };
}

export function cleanLabel(text: string): string {
  return cutText(withoutOptionSuffix(cleanText(text)), 255).text;
}

const converterWords: Record<FieldType, string> = {
  varchar: 'text, one line',
  text: 'text, HTML made readable',
  double: 'number',
  monetary: 'amount in the account currency',
  date: 'day in the tenant zone',
  enum: 'option by label',
  set: 'options by label',
  phone: 'E.164',
  address: 'address',
  time: 'clock time with zone',
};
