import { addressKey, addressOf } from '../convert/address.js';
import { companyDomain, parseEmails } from '../convert/email.js';
import { companyKey } from '../convert/name.js';
import { parsePhones } from '../convert/phone.js';
import { oneLine } from '../convert/text.js';
import type { SourceRow } from './define-object.js';

/** What is kept of a customer with a business name while companies are compared: some hundred bytes. */
export interface CompanySignals {
  customerId: string;
  nameKey: string;
  /** E-mail domains (of companies, not of free providers), phone numbers and the address. */
  signals: string[];
}

/** Undefined for a customer without a business name. */
export function companySignals(row: SourceRow, country: string): CompanySignals | undefined {
  const name = oneLine(row.fields.business_name ?? '');
  if (name === '') return undefined;
  const { fields } = row;
  const emails = [fields.email, fields.email2, fields.email3].flatMap((cell) => parseEmails(cell).valid);
  const phones = [fields.mobile, fields.mobile2, fields.mobile3, fields.phone, fields.phone2, fields.phone3]
    .flatMap((cell) => parsePhones(cell, country))
    .filter((phone) => phone.readable);
  const address = addressOf(fields);
  return {
    customerId: row.sourceId,
    nameKey: companyKey(name),
    signals: [
      ...emails.flatMap((email) => companyDomain(email) ?? []).map((domain) => `@${domain}`),
      ...phones.map((phone) => phone.value),
      ...(address ? [`#${addressKey(address)}`] : []),
    ],
  };
}

/** One company of customers that are merged: named as the one that stays names it, found by the signals of all. */
export function mergeCompanies(customerId: string, parts: ReadonlyArray<CompanySignals>): CompanySignals {
  const inOrder = [...parts].sort((a, b) => {
    if (a.customerId === customerId || b.customerId === customerId)
      return a.customerId === customerId ? -1 : 1;
    return compareIds(a.customerId, b.customerId);
  });
  const [first] = inOrder;
  // A signal of another company is none of this one: it would draw in strangers of the same name.
  const ofFirst = inOrder.filter(({ nameKey }) => nameKey === first?.nameKey);
  return {
    customerId,
    nameKey: first?.nameKey ?? '',
    signals: [...new Set(ofFirst.flatMap(({ signals }) => signals))],
  };
}

/**
 * Which customers are one organization: the same normalised name plus at least one shared signal, also through a third
 * (A shares a phone with B, B an address with C). The name alone proves nothing. Customer id → the lowest id of its group.
 */
export function groupCompanies(companies: ReadonlyArray<CompanySignals>): Map<string, string> {
  const parent = new Map(companies.map(({ customerId }) => [customerId, customerId]));
  const find = (id: string): string => {
    const above = parent.get(id) ?? id;
    if (above === id) return id;
    const root = find(above);
    parent.set(id, root);
    return root;
  };
  const firstWith = new Map<string, string>();
  for (const { customerId, nameKey, signals } of companies) {
    for (const signal of signals) {
      const key = `${nameKey}\n${signal}`;
      const other = firstWith.get(key);
      if (other === undefined) firstWith.set(key, customerId);
      else join(find(customerId), find(other), parent);
    }
  }
  return new Map(companies.map(({ customerId }) => [customerId, find(customerId)]));
}

/** The lowest id is the root, so that the group's key does not depend on the order of the rows. */
function join(a: string, b: string, parent: Map<string, string>): void {
  if (a === b) return;
  if (compareIds(a, b) < 0) parent.set(b, a);
  else parent.set(a, b);
}

/** Numbers by size, everything else by code point; numbers first. */
export function compareIds(a: string, b: string): number {
  const numeric = /^\d+$/;
  if (numeric.test(a) && numeric.test(b)) {
    const [x, y] = [a.replace(/^0+(?=\d)/, ''), b.replace(/^0+(?=\d)/, '')];
    if (x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
  } else if (numeric.test(a) !== numeric.test(b)) return numeric.test(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
