import { Decimal } from 'decimal.js';

/** 30 digits hold any sum of money exactly; decimal.js rounds beyond its precision. */
const Money = Decimal.clone({ precision: 30, toExpNeg: -30, toExpPos: 30 });

/**
 * Reads an amount in any of the forms of D20 (`$1,234.50`, `1.234,50`, `(45.00)`, `AUD 12`, `-5`) as a plain decimal
 * string without trailing zeros. Undefined when it is no amount, or names another currency than the account's.
 */
export function parseMoney(text: string | undefined, currency: string): string | undefined {
  if (text === undefined) return undefined;
  const bare = withoutCurrency(text.normalize('NFKC').trim(), currency);
  if (bare === undefined) return undefined;
  const match = /^(\()?([+-])?\s*([\d.,' ]*\d)\s*(-)?(\))?$/.exec(bare);
  if (!match || (match[1] === undefined) !== (match[5] === undefined)) return undefined;
  const digits = plainDigits(match[3] ?? '');
  if (digits === undefined) return undefined;
  const negative = match[1] !== undefined || match[2] === '-' || match[4] === '-';
  return plain(new Money(digits).times(negative ? -1 : 1));
}

export function addMoney(amounts: ReadonlyArray<string>): string {
  return plain(amounts.reduce((total, amount) => total.plus(amount), new Money(0)));
}

export function subtractMoney(from: string, amount: string): string {
  return plain(new Money(from).minus(amount));
}

/** `8.25` for 5.50 and 50 %: exact, nothing is rounded. */
export function addPercent(amount: string, percent: number): string {
  return plain(new Money(amount).times(new Money(percent).plus(100)).dividedBy(100));
}

export function compareMoney(a: string, b: string): -1 | 0 | 1 {
  return new Money(a).comparedTo(b) as -1 | 0 | 1;
}

export function isNegative(amount: string): boolean {
  return compareMoney(amount, '0') < 0;
}

/** For people: `AUD 1234.50`. */
export function moneyText(amount: string, currency: string): string {
  const value = new Money(amount);
  return `${currency} ${value.toFixed(Math.max(2, value.decimalPlaces()))}`;
}

/**
 * Shares an amount out over parts, filling them in order; what is left over stands on the last. The shares always add
 * up to the amount, so nothing is counted twice and no cent is invented.
 */
export function fillInOrder(amount: string, parts: ReadonlyArray<string>): string[] {
  let left = new Money(amount);
  return parts.map((part, index) => {
    const share = index === parts.length - 1 ? left : Money.max(0, Money.min(left, part));
    left = left.minus(share);
    return plain(share);
  });
}

function plain(value: Decimal): string {
  return value.isZero() ? '0' : value.toFixed();
}

/** Takes off the currency's sign or code; undefined when the text names another currency. */
function withoutCurrency(text: string, currency: string): string | undefined {
  const letters = /[A-Za-z]+/g;
  for (const [word] of text.matchAll(letters)) {
    const code = word.toUpperCase();
    // `A$`, `US$`, `NZ$`: the letters before a dollar sign are the country.
    const known = code === currency || (code.length <= 2 && currency.startsWith(code));
    if (!known) return undefined;
  }
  for (const [sign] of text.matchAll(/\p{Sc}/gu)) {
    const codes = codesOfSign.get(sign);
    if (currency !== '' && codes && !codes.has(currency)) return undefined;
  }
  return text
    .replace(letters, '')
    .replace(/[$€£¥₹₱]|\p{Sc}/gu, '')
    .trim();
}

/** What a sign may stand for. One that is not here says nothing. */
const codesOfSign = new Map(
  Object.entries({
    $: 'AUD USD NZD CAD SGD HKD FJD BBD BMD BND BSD BZD GYD JMD KYD LRD NAD SBD SRD TTD XCD TWD MXN ARS CLP COP CUP DOP UYU BRL NIO TOP WST MOP CVE ZWL',
    '€': 'EUR',
    '£': 'GBP GIP FKP SHP JEP GGP IMP EGP LBP SYP SSP SDG',
    '¥': 'JPY CNY CNH',
    '₹': 'INR BTN',
    '₱': 'PHP CUP',
    '₩': 'KRW KPW',
    '₪': 'ILS',
    '₫': 'VND',
    '฿': 'THB',
    '₺': 'TRY',
    '₽': 'RUB',
    '₴': 'UAH',
    '₦': 'NGN',
    '₵': 'GHS',
  }).map(([sign, codes]) => [sign, new Set(codes.split(' '))] as const),
);

/** Decides which of dot and comma is the decimal mark. */
function plainDigits(text: string): string | undefined {
  const compact = text.replace(/[' ]/g, '');
  const lastDot = compact.lastIndexOf('.');
  const lastComma = compact.lastIndexOf(',');
  const decimal = decimalMark(compact, lastDot, lastComma);
  const thousands = decimal === '.' ? /,/g : /\./g;
  const bare =
    decimal === '' ? compact.replace(/[.,]/g, '') : compact.replace(thousands, '').replace(decimal, '.');
  return /^\d*\.?\d+$/.test(bare) ? bare : undefined;
}

function decimalMark(text: string, lastDot: number, lastComma: number): '' | '.' | ',' {
  if (lastDot >= 0 && lastComma >= 0) return lastDot > lastComma ? '.' : ',';
  // One kind of mark, several times: thousands.
  if (lastComma >= 0) return isThousands(text, ',') ? '' : ',';
  if (lastDot >= 0) return text.indexOf('.') !== lastDot ? '' : '.';
  return '';
}

/**
 * `1,234` is a thousand; `12,5` and `12,50` are not, nor is `0,125`, for no thousands begin with a nought. A single dot is
 * always the decimal mark.
 */
function isThousands(text: string, mark: string): boolean {
  const groups = text.split(mark);
  return groups.length > 2 || (/^[1-9]\d{0,2}$/.test(groups[0] ?? '') && groups[1]?.length === 3);
}
