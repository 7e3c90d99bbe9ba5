import { objectOfWord } from '../convert/object-word.js';
import {
  excluded,
  type Mapping,
  type PageRows,
  type ReadRule,
  type Refs,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { type Payload, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { dealsAskedFor, dealsFromInquiry, dealsOfQuote, keysOfInquiry } from './deal-of.js';

/** Objects that hang on another by `object` and `object_id`; each may hang on one of those after it. */
const carriers = ['note', 'communication', 'complaint'];
const subjects = [
  ...['customer', 'customer_address', 'customer_property', 'inquiry', 'quote', 'booking', 'appointment'],
  ...['invoice', 'payment', 'refund'],
];

/** What has to be read to know where the rows of an object belong, up to a file on a note on a complaint on an invoice. */
export function readsOfPlace(of: string): ReadRule[] {
  const hops = [of, ...carriers.slice(carriers.indexOf(of) + 1)];
  const named = hops.flatMap((from, index) =>
    [...hops.slice(index + 1), ...subjects].map(
      (parent): ReadRule => ({
        parent,
        of: from,
        by: 'object_id',
        when: (row) => subjectOf(row)?.object === parent,
      }),
    ),
  );
  return [
    ...named,
    { parent: 'payment', of: 'refund', by: 'payment_id' },
    { parent: 'invoice', of: 'refund', by: 'invoice_id' },
    { parent: 'invoice', of: 'payment', by: 'invoice_id' },
    { parent: 'booking', of: 'payment', by: 'booking_id' },
    { parent: 'booking', of: 'appointment', by: 'booking_id' },
    ...readsOfInquiries,
  ];
}

/** What has to be read around a quote to know which deals came of it. */
export const readsOfQuotes: ReadonlyArray<ReadRule> = [
  { parent: 'booking', of: 'quote', by: 'booking_id' },
  { child: 'booking', of: 'quote' },
  { child: 'invoice', of: 'quote' },
  { child: 'booking', of: 'invoice' },
];

/** What has to be read around an inquiry to know which deals it became. */
export const readsOfInquiries: ReadonlyArray<ReadRule> = [
  { parent: 'quote', of: 'inquiry', by: 'quote_id' },
  { child: 'quote', of: 'inquiry' },
  { child: 'booking', of: 'inquiry' },
  ...readsOfQuotes,
];

/** What a row says it belongs to. */
export function subjectOf(row: SourceRow): { object: string; id: string } | undefined {
  const object = objectOfWord(row.fields.object);
  const id = row.fields.object_id;
  return object === undefined || id === undefined ? undefined : { object, id };
}

/** The records of the account that a row belongs to. */
export interface Place {
  deal: TargetKey | null;
  /** Of an inquiry that became no deal. */
  lead: TargetKey | null;
  /** The activity of the very thing: an invoice, a visit, a payment, a complaint. */
  activity: TargetKey | null;
  product: TargetKey | null;
  person: TargetKey | null;
  organization: TargetKey | null;
  /** The number people know the thing by. */
  label: string | undefined;
}

/** Undefined when nothing of it is in the set. */
export function placeOf(row: SourceRow, refs: Refs): Place | undefined {
  const trail = trailOf(row, refs, 0);
  const first = (keys: ReadonlyArray<TargetKey>) => keys.find((key) => refs.isMapped(key)) ?? null;
  const customer = trail.customers.map((id) => refs.customer(id)).find((found) => found !== undefined);
  const deal = first(trail.deals);
  const place = {
    deal,
    lead: deal ? null : first(trail.leads),
    activity: first(trail.activities),
    product: first(trail.products),
    person: customer?.person ?? null,
    organization: customer?.organization ?? null,
    label: trail.label,
  };
  const isSomewhere = [
    place.deal,
    place.lead,
    place.activity,
    place.product,
    place.person,
    place.organization,
  ].some((key) => key !== null);
  return isSomewhere ? place : undefined;
}

/** Keys that `placeOf` looks for. */
export function asksOfPlace(row: SourceRow, refs: PageRows): TargetKey[] {
  const { deals, leads, activities, products } = trailOf(row, refs, 0);
  return [...deals, ...leads, ...activities, ...products];
}

/**
 * A row without a place. One that names a record we carry over, which is not there, is an orphan; one on something that
 * has no record in Pipedrive is left out by rule.
 */
export function withoutPlace(row: SourceRow): Mapping {
  const object = subjectOf(row)?.object;
  // Of all that hangs on something, only files can stand on a product.
  const products = row.object === 'attachment' ? ['service', 'product'] : [];
  const isCarried =
    object === undefined
      ? row.fields.customer_id !== undefined
      : [...subjects, ...carriers, ...products].includes(object);
  return isCarried ? rejected('orphan_reference') : excluded('no_target_record');
}

/** Where an activity of this place stands. */
export function activityLinks(place: Pick<Place, 'deal' | 'lead' | 'person' | 'organization'>): Payload {
  return {
    ...(place.deal ? { deal_id: { $ref: place.deal } } : {}),
    ...(place.lead ? { lead_id: { $ref: place.lead } } : {}),
    ...(place.person ? { participants: [{ person_id: { $ref: place.person }, primary: true }] } : {}),
    ...(place.organization ? { org_id: { $ref: place.organization } } : {}),
  };
}

interface Trail {
  deals: TargetKey[];
  leads: TargetKey[];
  activities: TargetKey[];
  products: TargetKey[];
  customers: string[];
  label: string | undefined;
}

const nowhere: Trail = {
  deals: [],
  leads: [],
  activities: [],
  products: [],
  customers: [],
  label: undefined,
};
/** A file on a note on a message on a complaint on a visit of a booking; a row that names itself ends here, too. */
const longestTrail = 6;

function trailOf(row: SourceRow, refs: PageRows, depth: number): Trail {
  const subject = subjectOf(row);
  const trail = subject && depth < longestTrail ? trailTo(subject, refs, depth + 1) : nowhere;
  return { ...trail, customers: [...customerOf(row), ...trail.customers] };
}

function trailTo({ object, id }: { object: string; id: string }, refs: PageRows, depth: number): Trail {
  if (object === 'customer') return { ...nowhere, customers: [id] };
  if (object === 'service' || object === 'product')
    return { ...nowhere, products: [targetKeyOf(object, id)] };
  const row = refs.row(object, id);
  if (!row) return nowhere;
  const trail = { ...nowhere, customers: customerOf(row) };
  switch (object) {
    case 'booking':
      return { ...trail, deals: [targetKeyOf('booking', id)], label: row.fields.booking_number ?? id };
    case 'inquiry': {
      const { deal, lead } = keysOfInquiry(row);
      const deals = [...dealsFromInquiry(row, refs), deal];
      return { ...trail, deals, leads: [lead], label: row.fields.inquiry_number ?? id };
    }
    case 'quote':
      return { ...trail, deals: dealsOfQuote(row, refs), label: row.fields.quote_number ?? id };
    case 'invoice':
      return {
        ...trail,
        deals: dealsAskedFor(row, refs),
        activities: [targetKeyOf('invoice', id, 'activity')],
        label: row.fields.invoice_number ?? id,
      };
    case 'appointment':
    case 'payment':
    case 'refund':
      return below(row, refs, depth);
    case 'complaint':
    case 'communication':
      return withActivity(trailOf(row, refs, depth), row);
    case 'note':
      return trailOf(row, refs, depth);
    default:
      return { ...trail, label: row.fields.name };
  }
}

/** A visit, payment or refund is an activity of its booking or invoice. */
function below(row: SourceRow, refs: PageRows, depth: number): Trail {
  const parents = (['payment', 'invoice', 'booking'] as const).flatMap((object) => {
    const id = row.fields[`${object}_id`];
    return id === undefined || depth >= longestTrail ? [] : [trailTo({ object, id }, refs, depth + 1)];
  });
  return withActivity(
    {
      ...nowhere,
      deals: parents.flatMap((parent) => parent.deals),
      customers: [...customerOf(row), ...parents.flatMap((parent) => parent.customers)],
      label: parents.find((parent) => parent.label !== undefined)?.label,
    },
    row,
  );
}

function withActivity(trail: Trail, row: SourceRow): Trail {
  return { ...trail, activities: [targetKeyOf(row.object, row.sourceId), ...trail.activities] };
}

function customerOf(row: SourceRow): string[] {
  return row.fields.customer_id === undefined ? [] : [row.fields.customer_id];
}
