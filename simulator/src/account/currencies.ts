import type { JsonObject } from '../json.js';

const codes: readonly (readonly [string, string, string, number])[] = [
  ['AUD', 'Australian Dollar', 'A$', 2],
  ['CAD', 'Canadian Dollar', 'C$', 2],
  ['CHF', 'Swiss Franc', 'CHF', 2],
  ['CZK', 'Czech Koruna', 'Kč', 2],
  ['DKK', 'Danish Krone', 'kr', 2],
  ['EUR', 'Euro', '€', 2],
  ['GBP', 'British Pound Sterling', '£', 2],
  ['INR', 'Indian Rupee', '₹', 2],
  ['JPY', 'Japanese Yen', '¥', 0],
  ['NOK', 'Norwegian Krone', 'kr', 2],
  ['NZD', 'New Zealand Dollar', 'NZ$', 2],
  ['PLN', 'Polish Zloty', 'zł', 2],
  ['SEK', 'Swedish Krona', 'kr', 2],
  ['SGD', 'Singapore Dollar', 'S$', 2],
  ['USD', 'US Dollar', '$', 2],
  ['ZAR', 'South African Rand', 'R', 2],
];

export const currencies: readonly JsonObject[] = codes.map(([code, name, symbol, decimals], index) => ({
  id: index + 1,
  code,
  name,
  decimal_points: decimals,
  symbol,
  active_flag: true,
  is_custom_flag: false,
}));

export const currencyCodes: ReadonlySet<string> = new Set(codes.map(([code]) => code));

export const DEFAULT_CURRENCY = 'USD';
