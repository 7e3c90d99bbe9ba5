import type { Entity } from '@octopipe/shared/domain/run/states';

/** How many records of an entity one row of a source object becomes, and where the number is from. */
export interface Yield {
  entity: Entity;
  perRow: number;
  from: string;
}

const rule = (entity: Entity, perRow = 1): Yield => ({ entity, perRow, from: 'mapping rule' });
const share = (entity: Entity, perRow: number, from: string): Yield => ({ entity, perRow, from });

/**
 * Used as long as only row counts are known. A mapped export is counted instead: then nothing here is asked. Numbers that
 * are not a rule of the mapping are shares measured on the sample and on generated packages; each estimate lists them.
 */
export const yields: Readonly<Record<string, ReadonlyArray<Yield>>> = {
  customer: [
    rule('person'),
    share('organization', 0.15, 'business customers, several of one company counted once'),
    share('note', 0.25, 'customers with a note of their own'),
  ],
  customer_address: [share('note', 0.05, 'further addresses')],
  customer_property: [rule('note')],
  service: [rule('product')],
  product: [rule('product')],
  booking: [rule('deal'), share('activity', 0.05, 'bookings without an appointment')],
  // Lines only when the tenant opts in to them as products of the deal. What a record states beside its lines is one more.
  booking_service: [share('line', 1.3, 'and a line more for the charges or discounts of a booking')],
  appointment: [rule('activity')],
  invoice: [rule('activity'), share('deal', 0.05, 'invoices without a booking')],
  invoice_item: [share('line', 0.02, 'lines of invoices without a booking')],
  payment: [rule('activity')],
  refund: [rule('activity')],
  quote: [rule('deal')],
  quote_item: [share('line', 0.65, 'quotes whose lines come to their total')],
  inquiry: [share('lead', 0.4, 'inquiries that became neither a quote nor a booking')],
  note: [share('note', 0.95, 'notes with a parent that migrates')],
  communication: [share('activity', 0.4, 'messages that a person wrote; automated ones are left out')],
  complaint: [rule('activity')],
  form_response: [share('activity', 0.3, 'one note for all answers of a response')],
  attachment: [share('file', 0.97, 'files that are in the package')],
};

/**
 * What few rows become besides: less than one in fifty on the sample and on generated packages, and nothing in most. It
 * is not reckoned, and each estimate says so.
 */
export const seldom: Readonly<Record<string, ReadonlyArray<Entity>>> = {
  customer: ['file', 'activity'],
  service: ['file', 'activity'],
  inquiry: ['person', 'file', 'activity'],
  quote: ['file', 'activity'],
  booking: ['note', 'file'],
  invoice: ['file'],
  communication: ['file'],
};

/** Objects that become no record of their own: they live on in others, or in how those are laid out. */
export const partOfOthers: ReadonlySet<string> = new Set([
  'fieldworker',
  'user',
  'payment_allocation',
  'custom_field',
  'custom_field_option',
  'custom_field_value',
  'booking_status',
  'label',
  'form_field',
  'status_history',
  'faq',
]);

/** Objects that become a written inventory, to rebuild from. */
export const inventoryOnly: ReadonlySet<string> = new Set([
  'automation',
  'form',
  'message_template',
  'portal_setting',
  'service_area',
  'pay_rate',
]);
