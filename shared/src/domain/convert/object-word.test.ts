import { expect, test } from 'vitest';
import { objectOfWord as asRead, canonicalObjects } from '../../octopuspro/canonical-fields.js';
import { objectOfWord } from './object-word.js';

// A test may look up from domain: mapping must find a row's parent where reading found it.
const synonyms = [
  'Estimates',
  'job',
  'Work Order',
  'visits',
  'Client',
  'issue',
  'enquiry',
  'Enquiries',
  'technicians',
  'property',
];
test.each([
  ...synonyms,
  ...canonicalObjects
    .flatMap(({ object, file }) => [object, file, object.toUpperCase()])
    .filter((word) => objectOfWord(word) !== undefined),
])('%s is the same object to reading and to mapping', (word) => {
  expect(objectOfWord(word)).toBe(asRead(word));
});

test.each(['constructor', '__proto__', '', undefined])('%s is none', (word) => {
  expect(objectOfWord(word)).toBeUndefined();
});

test('every object that others hang on is known', () => {
  const hung = [
    'customers',
    'bookings',
    'quotes',
    'inquiries',
    'invoices',
    'complaints',
    'notes',
    'communications',
  ];
  const more = [
    'appointments',
    'payments',
    'refunds',
    'services',
    'customer_properties',
    'customer_addresses',
  ];
  for (const file of [...hung, ...more]) expect(objectOfWord(file), file).toBe(asRead(file));
});
