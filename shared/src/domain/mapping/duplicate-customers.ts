import { addressKey, addressOf } from '../convert/address.js';
import { parseEmails } from '../convert/email.js';
import { companyKey, displayName, fullName, nameKey } from '../convert/name.js';
import { parsePhones } from '../convert/phone.js';
import { oneLine } from '../convert/text.js';
import type { DuplicateCustomers, MappingContent, SharedSignal } from './content.js';
import type { SourceRow } from './define-object.js';
import { joinMerges } from './follow-merges.js';
import { compareIds } from './group-companies.js';
import { type TargetKey, targetKeyOf } from './record.js';

/** What is kept of a customer while duplicates are looked for. */
export interface CustomerSignals {
  customerId: string;
  /** The words of the person's name, in order; of the company's where there is no person. */
  name: ReadonlyArray<string>;
  isPerson: boolean;
  /** Empty without a business name. */
  company: string;
  emails: ReadonlyArray<string>;
  phones: ReadonlyArray<string>;
  address: string | undefined;
}

export function customerSignals(row: SourceRow, country: string): CustomerSignals {
  const { fields } = row;
  const person = displayName(fields.full_name) ?? fullName(fields.first_name, fields.last_name);
  const company = companyKey(oneLine(fields.business_name ?? ''));
  const name = person === undefined ? company : nameKey(person);
  const address = addressOf(fields);
  return {
    customerId: row.sourceId,
    name: name.split(' ').filter((word) => word !== ''),
    isPerson: person !== undefined,
    company,
    emails: cells(fields, 'email').flatMap((cell) => parseEmails(cell).valid),
    phones: [...cells(fields, 'mobile'), ...cells(fields, 'phone')]
      .flatMap((cell) => parsePhones(cell, country))
      .flatMap((phone) => (phone.readable ? [phone.value] : [])),
    address: address && addressKey(address),
  };
}

function cells(fields: SourceRow['fields'], column: string): Array<string | undefined> {
  return [fields[column], fields[`${column}2`], fields[`${column}3`]];
}

/** What makes two customers worth comparing. The same address says nothing without the same name: houses have many doors. */
export function keysOf(customer: CustomerSignals): string[] {
  const { name, emails, phones, address } = customer;
  return [
    ...new Set(emails.map((email) => `email\n${email}`)),
    ...new Set(phones.map((phone) => `phone\n${phone}`)),
    ...(address && name.length > 0 ? [`address\n${address}\n${[...name].sort().join(' ')}`] : []),
  ];
}

/** How two names stand to each other. */
type Names = 'equal' | 'alike' | 'one_without' | 'word_in_common' | 'different';

/**
 * What a shared signal is worth under which names; nothing: no proposal. An address or a switchboard serves many people,
 * so a proposal needs a name, too.
 */
const worth: Readonly<Record<Names, Partial<Record<SharedSignal, DuplicateCustomers['grade']>>>> = {
  equal: { email: 'sure', phone: 'sure', address: 'likely' },
  // Words swapped, an initial for a name, a middle name more: the same person as a rule, not by proof.
  alike: { email: 'likely', phone: 'likely', address: 'likely' },
  one_without: { email: 'likely', phone: 'likely' },
  // A typing error, or a couple with one mailbox.
  word_in_common: { email: 'likely' },
  different: {},
};

/** An e-mail or phone with more names than this is an office's: it proves nothing, and proposes only equal names. */
const mostNames = 3;

/** More groups than a person decides one by one; the surest come first, the rest is counted. */
export const mostGroups = 1_000;

/**
 * Which customers may be one and the same, also through a third (A shares an e-mail with B, B a phone with C): a group is
 * sure when sure steps lead from each to each and no two of its companies differ. All are kept apart until a person says otherwise: those that
 * one has merged before stay merged, and what they share with others counts for the one they went into. So do those that
 * OctopusPro has merged (`stated`), of which nobody is asked.
 */
export function findDuplicates(
  customers: ReadonlyArray<CustomerSignals>,
  earlier: ReadonlyArray<DuplicateCustomers> = [],
  stated: ReadonlyMap<string, string> = new Map(),
): DuplicateCustomers[] {
  const ids = new Set(customers.map(({ customerId }) => customerId));
  const kept = earlier.filter(
    ({ mergeInto, customers: group }) => mergeInto !== null && group.every((id) => ids.has(id)),
  );
  const survivors = joinMerges(stated, mergesOf({ duplicates: kept }));
  const survivorOf = (id: string) => survivors.get(id) ?? id;
  const links = linksBetween(customers).filter(
    ({ one, other }) => survivorOf(one.customerId) !== survivorOf(other.customerId),
  );
  const groups = new Groups();
  for (const { one, other } of links) groups.join(survivorOf(one.customerId), survivorOf(other.customerId));
  const linksOf = new Map<string, Link[]>();
  for (const link of links) {
    const root = groups.rootOf(survivorOf(link.one.customerId));
    linksOf.set(root, [...(linksOf.get(root) ?? []), link]);
  }
  const found = groups
    .all()
    .map((members) => groupOf(members, linksOf.get(groups.rootOf(members[0] ?? '')) ?? []));
  return [...kept, ...found].sort(surestFirst);
}

/** The merges that a person decided on: which customer goes into which. */
export function mergesOf({
  duplicates,
}: Pick<MappingContent, 'duplicates'>): Array<{ from: string; into: string }> {
  return (duplicates ?? []).flatMap(({ customers, mergeInto }) =>
    mergeInto === null
      ? []
      : customers.filter((id) => id !== mergeInto).map((from) => ({ from, into: mergeInto })),
  );
}

/**
 * The records that a customer has no more once it is merged: those of the customer it went into stand in for them.
 * Its further people and files stay its own.
 */
export function standsInOf(customerId: string): TargetKey[] {
  return [targetKeyOf('customer', customerId), targetKeyOf('customer', customerId, 'note')];
}

interface Link {
  one: CustomerSignals;
  other: CustomerSignals;
  same: SharedSignal[];
  grade: DuplicateCustomers['grade'];
}

/** The pairs that look alike. */
function linksBetween(customers: ReadonlyArray<CustomerSignals>): Link[] {
  const bySignal = new Map<string, CustomerSignals[]>();
  for (const customer of customers)
    for (const key of keysOf(customer)) {
      const known = bySignal.get(key);
      if (known) known.push(customer);
      else bySignal.set(key, [customer]);
    }
  const isOffices = (key: string) => {
    const names = new Set((bySignal.get(key) ?? []).map(({ name }) => sorted(name)));
    names.delete('');
    return names.size > mostNames;
  };
  const offices = new Set([...bySignal.keys()].filter(isOffices));
  const links = new Map<string, Link>();
  for (const all of bySignal.values())
    for (const [one, other] of all.length <= comparedInFull ? pairsOf(all) : pairsOfOneName(all)) {
      const key = `${one.customerId}\n${other.customerId}`;
      const link = links.has(key) ? undefined : linkOf(one, other, offices);
      if (link) links.set(key, link);
    }
  return [...links.values()];
}

/** Beyond this many customers with one signal only equal names are compared: a signal of thousands costs thousands, not their square. */
const comparedInFull = 20;

type Pair = [CustomerSignals, CustomerSignals];

function pairsOf(all: ReadonlyArray<CustomerSignals>): Pair[] {
  return all.flatMap((one, index) => all.slice(index + 1).map((other) => inOrder(one, other)));
}

/** Each with the first of its name: enough to hold a group together. */
function pairsOfOneName(all: ReadonlyArray<CustomerSignals>): Pair[] {
  const firsts = new Map<string, CustomerSignals>();
  return all.flatMap((customer) => {
    const first = firsts.get(sorted(customer.name));
    if (first) return [inOrder(first, customer)];
    firsts.set(sorted(customer.name), customer);
    return [];
  });
}

function inOrder(one: CustomerSignals, other: CustomerSignals): Pair {
  return compareIds(one.customerId, other.customerId) <= 0 ? [one, other] : [other, one];
}

function linkOf(
  one: CustomerSignals,
  other: CustomerSignals,
  offices: ReadonlySet<string>,
): Link | undefined {
  const names = compareNames(one, other);
  const common = (signal: 'email' | 'phone', mine: ReadonlyArray<string>, theirs: ReadonlyArray<string>) =>
    mine.filter((value) => theirs.includes(value)).map((value) => ({ signal, key: `${signal}\n${value}` }));
  const shared = [
    ...common('email', one.emails, other.emails),
    ...common('phone', one.phones, other.phones),
    ...(one.address && one.address === other.address ? [{ signal: 'address' as const, key: '' }] : []),
  ];
  const grades = shared.flatMap(({ signal, key }) => {
    const grade = worth[names][signal];
    if (grade === undefined || !offices.has(key)) return grade ?? [];
    return names === 'equal' ? ['likely' as const] : [];
  });
  if (grades.length === 0) return undefined;
  const same = new Set<SharedSignal>(shared.map(({ signal }) => signal));
  if (names === 'equal') same.add('name');
  const isSure = grades.includes('sure') && !companiesDiffer([one, other]);
  const inTableOrder = (['name', 'email', 'phone', 'address'] as const).filter((signal) => same.has(signal));
  return { one, other, same: inTableOrder, grade: isSure ? 'sure' : 'likely' };
}

function compareNames(one: CustomerSignals, other: CustomerSignals): Names {
  if (one.name.length === 0 || other.name.length === 0 || one.isPerson !== other.isPerson)
    return 'one_without';
  if (one.name.join(' ') === other.name.join(' ')) return 'equal';
  const [few, many] = one.name.length <= other.name.length ? [one.name, other.name] : [other.name, one.name];
  if (isWithin(few, many)) return 'alike';
  return few.some((word) => word.length > 1 && many.includes(word)) ? 'word_in_common' : 'different';
}

/** Each word of one name is a word of the other, or its initial; one of them has to be whole. */
function isWithin(few: ReadonlyArray<string>, many: ReadonlyArray<string>): boolean {
  const left = [...many];
  let whole = 0;
  // Whole words first: an initial must not take the word that another one needs.
  for (const word of [...few].sort((a, b) => b.length - a.length)) {
    const at = left.findIndex((candidate) =>
      word.length === 1 || candidate.length === 1 ? candidate[0] === word[0] : candidate === word,
    );
    if (at === -1) return false;
    if (word.length > 1 && left[at] === word) whole += 1;
    left.splice(at, 1);
  }
  return whole > 0;
}

function sorted(name: ReadonlyArray<string>): string {
  return [...name].sort().join(' ');
}

function companiesDiffer(customers: ReadonlyArray<CustomerSignals>): boolean {
  return new Set(customers.map(({ company }) => company).filter((company) => company !== '')).size > 1;
}

/** Sets of ids that are joined, each under its lowest. */
class Groups {
  private readonly parent = new Map<string, string>();

  join(one: string, other: string): void {
    const [a, b] = [this.find(one), this.find(other)];
    if (a === b) return;
    const [low, high] = compareIds(a, b) < 0 ? [a, b] : [b, a];
    this.parent.set(low, low);
    this.parent.set(high, low);
  }

  all(): string[][] {
    const members = new Map<string, string[]>();
    for (const id of this.parent.keys()) {
      const known = members.get(this.find(id));
      if (known) known.push(id);
      else members.set(this.find(id), [id]);
    }
    return [...members.values()].map((ids) => ids.sort(compareIds));
  }

  rootOf(id: string): string {
    return this.find(id);
  }

  private find(id: string): string {
    let root = id;
    for (let above = this.parent.get(root); above !== undefined && above !== root; ) {
      root = above;
      above = this.parent.get(root);
    }
    this.parent.set(id, root);
    return root;
  }
}

function groupOf(customers: string[], links: ReadonlyArray<Link>): DuplicateCustomers {
  const people = [...new Set(links.flatMap(({ one, other }) => [one, other]))];
  const surely = new Groups();
  for (const { one, other } of links.filter(({ grade }) => grade === 'sure'))
    surely.join(one.customerId, other.customerId);
  // What is likely besides takes nothing from what is sure.
  const isSure = surely.all()[0]?.length === people.length && !companiesDiffer(people);
  const evidence = links
    .map(({ one, other, same }) => ({
      customers: [one.customerId, other.customerId] as [string, string],
      same,
    }))
    .sort((a, b) => compareIds(a.customers[0], b.customers[0]) || compareIds(a.customers[1], b.customers[1]));
  return {
    customers,
    grade: isSure ? 'sure' : 'likely',
    evidence: evidence.slice(0, mostEvidence),
    mergeInto: null,
  };
}

/** Enough to judge a group by. A content is sent and stored whole, and twenty customers have 190 pairs. */
export const mostEvidence = 20;

/** The same order whatever the rows' was, and whether a person has decided or not: an edited proposal stays in place. */
function surestFirst(a: DuplicateCustomers, b: DuplicateCustomers): number {
  if (a.grade !== b.grade) return a.grade === 'sure' ? -1 : 1;
  for (const [index, id] of a.customers.entries()) {
    const order = compareIds(id, b.customers[index] ?? '');
    if (order !== 0) return order;
  }
  return a.customers.length - b.customers.length;
}
