/**
 * What a row writes in its `Object` column, in our name for it: `Bookings`, `property`, `estimate`. The same words as
 * reading takes when it resolves references (octopuspro/canonical-fields.ts); undefined for any other.
 */
export function objectOfWord(word: string | undefined): string | undefined {
  const plain = (word ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return words.get(plain) ?? words.get(plain.replace(/s$/, ''));
}

/** A map, because the words come from a stranger's file and `constructor` is one. */
const words = new Map<string, string>([
  ...[
    ...['customer', 'customer_address', 'customer_property', 'inquiry', 'quote', 'booking', 'appointment'],
    ...['invoice', 'payment', 'refund', 'complaint', 'communication', 'note', 'service', 'product', 'form'],
    ...['form_response', 'fieldworker', 'user', 'attachment'],
  ].map((name): [string, string] => [name, name]),
  ['customer_addresses', 'customer_address'],
  ['customer_properties', 'customer_property'],
  ['property', 'customer_property'],
  ['inquiries', 'inquiry'],
  ['enquiry', 'inquiry'],
  ['enquiries', 'inquiry'],
  ['estimate', 'quote'],
  ['job', 'booking'],
  ['work_order', 'booking'],
  ['visit', 'appointment'],
  ['client', 'customer'],
  ['issue', 'complaint'],
  ['technician', 'fieldworker'],
]);
