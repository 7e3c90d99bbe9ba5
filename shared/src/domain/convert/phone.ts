import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';

export interface Phone {
  /** E.164 with ` ext. 12` when there is an extension; the original text when it cannot be read. */
  value: string;
  readable: boolean;
}

/** The numbers of one cell; people write two into one. `country` is the account's, for numbers without +. */
export function parsePhones(text: string | undefined, country: string): Phone[] {
  if (text === undefined) return [];
  const whole = parsePhone(text, country);
  if (whole.readable) return [whole];
  const parts = text
    .split(/\s*(?:[;/|\n]|,| or )\s*/)
    .filter((part) => /\d/.test(part))
    .map((part) => parsePhone(part, country));
  // All parts must be numbers; else the cell is one text that we keep whole.
  return parts.length > 1 && parts.every((part) => part.readable) ? parts : [whole];
}

/**
 * Possible, not valid: a number range opened after this library was released must not change what we write,
 * and a number that was once valid is still the customer's.
 */
export function parsePhone(text: string, country: string): Phone {
  const unreadable = { value: text, readable: false };
  // A spreadsheet's 6.14E+10 has lost digits for good.
  if (/\de\+?\d/i.test(text)) return unreadable;
  const region = country.toUpperCase();
  const parsed = parsePhoneNumberFromString(text, {
    ...(isSupportedCountry(region) ? { defaultCountry: region as CountryCode } : {}),
    extract: false,
  });
  if (!parsed?.isPossible()) return unreadable;
  return { value: parsed.ext ? `${parsed.number} ext. ${parsed.ext}` : parsed.number, readable: true };
}
