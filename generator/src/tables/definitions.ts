import { customStatuses } from '../world/booking.js';
import { dayMinutes, exportedAt, instantText, timeZone } from '../world/calendar.js';
import { at, dice } from '../world/chance.js';
import * as words from '../world/words.js';
import type { World } from '../world/world.js';
import { list, money, type Row, yes } from './cells.js';
import { phoneNumber, userId } from './people.js';

export const serviceId = (service: number) => 301 + service;
export const productId = (product: number) => 9_001 + product;
export const fieldworkerId = (worker: number) => 41 + worker;
export const formId = (form: number) => 81 + form;
export const formFieldId = (form: number, field: number) => formId(form) * 100 + field;

export function serviceName(service: number): string {
  const round = Math.floor(service / words.serviceNames.length);
  return at(words.serviceNames, service % words.serviceNames.length) + (round === 0 ? '' : ` ${round + 1}`);
}

const many = (count: number, row: (index: number) => Row) =>
  Array.from({ length: count }, (_, index) => row(index));

export const workerRows = (world: World) =>
  many(world.size.fieldworkers, (index) => {
    const active = index < world.size.fieldworkers - world.size.inactiveFieldworkers;
    return {
      'Fieldworker ID': String(fieldworkerId(index)),
      ...personOf(world, 'worker', index, 70_000),
      Role: 'fieldworker',
      'Employment type': index % 4 === 3 ? 'subcontractor' : 'employee',
      Status: active ? 'active' : at(['inactive', 'deleted', 'blocked'], index % 3),
      'Pay structure': 'hourly',
      Hourly: money(3_200 + (index % 9) * 150),
      'Location tracking': 'true',
    };
  });

export const userRows = (world: World) =>
  many(world.size.users, (index) => ({
    'User ID': String(userId(index)),
    ...personOf(world, 'user', index, 75_000),
    Role: index === 0 ? 'account admin' : 'office',
    Status: 'active',
  }));

function personOf(world: World, kind: string, index: number, phones: number): Row {
  const throws = dice(world.seed, kind, index);
  const [first, last] = [throws.pick(words.firstNames), throws.pick(words.lastNames)];
  return {
    'Display name': `${first} ${last}`,
    first_name: first,
    last_name: last,
    Email: `${kind}.${index + 1}@octopus-works.example`,
    Mobile: phoneNumber(phones + index),
    'Time zone': timeZone,
  };
}

export function workerName(world: World, index: number): string {
  return personOf(world, 'worker', index, 0)['Display name'] ?? '';
}

export const serviceRows = (world: World) =>
  many(world.size.services, (index) => ({
    'Service ID': String(serviceId(index)),
    'Service name': serviceName(index),
    Category: at(['Cleaning', 'Garden', 'Repairs'], index % 3),
    Description: `${serviceName(index)}, done by our own people.`,
    'Pricing model': at(['job', 'time', 'unit'], index % 3),
    Price: money(8_000 + index * 350),
    'Tax rate': '10',
    'Tax inclusive': yes(world.taxInclusive),
    Duration: String(60 + (index % 5) * 30),
    Active: 'true',
    'Show on portal': 'true',
    'Is deleted': 'false',
  }));

export const productRows = (world: World) =>
  many(world.size.products, (index) => ({
    'Product ID': String(productId(index)),
    'Product name': `${at(['Descaler', 'Mulch bag', 'Filter', 'Sealant', 'Hose fitting'], index % 5)} ${index + 1}`,
    'Item code': `P-${index + 1}`,
    Cost: money(500 + index * 7),
    Price: money(900 + index * 11),
    'Tax rate': '10',
    Active: 'true',
    'Is deleted': 'false',
  }));

/** Statuses a booking may have in the package, all listed. */
export function statusNames(world: World): string[] {
  const shipped = [
    'To Do',
    'To Visit',
    'Quoted',
    'Pending',
    'Confirmed',
    'In Progress',
    'Awaiting Update',
    'Completed',
    'Failed',
    'Cancelled',
    'On Hold',
    'Tentative',
  ];
  return [...shipped, ...customStatuses].slice(0, world.size.statuses);
}

export const statusRows = (world: World) =>
  statusNames(world).map((name, index) => ({
    'Status ID': String(901 + index),
    Name: name,
    Colour: '#4477AA',
    System: yes(index < 12),
    'Allows invoicing': yes(name === 'Completed'),
    'Is current': yes(!['Completed', 'Failed', 'Cancelled'].includes(name)),
    Active: 'true',
    Order: String(index + 1),
  }));

export const labelRows = (world: World) =>
  many(world.size.labels, (index) => ({
    'Label ID': String(951 + index),
    Name:
      at(words.labelWords, index % words.labelWords.length) +
      (index < words.labelWords.length ? '' : ` ${Math.floor(index / words.labelWords.length) + 1}`),
    Colour: '#AA7744',
    'Applies to': list(['customer', 'booking']),
  }));

interface CustomField {
  id: number;
  label: string;
  object: string;
  type: string;
  options: string[];
}

const shapes: ReadonlyArray<readonly [string, string, string, string?]> = [
  ['Access notes', 'booking', 'Text box'],
  ['Bedrooms', 'booking', 'Number'],
  ['Property size', 'booking', 'Dropdown', 'Small|Medium|Large'],
  ['Pets on site', 'booking', 'Toggle'],
  ['Preferred contact', 'customer', 'Dropdown', 'SMS|Email|Call'],
  ['Loyalty member', 'customer', 'Toggle'],
  ['Budget', 'quote', 'Number'],
  ['Urgency', 'inquiry', 'Dropdown', 'Low|High'],
];

export function customFields(world: World): CustomField[] {
  return Array.from({ length: world.size.customFields }, (_, index) => {
    const [label, object, type, options] = at(shapes, index % shapes.length);
    const round = Math.floor(index / shapes.length);
    return {
      id: 701 + index,
      label: round === 0 ? label : `${label} ${round + 1}`,
      object,
      type,
      options: options?.split('|') ?? [],
    };
  });
}

/** The first four of booking and two of customer are columns; those of quotes come in the long form. */
export function columnOf(field: CustomField): string {
  return `cf:${field.id}:${field.label}`;
}

export function columnFields(world: World, object: string): CustomField[] {
  return customFields(world)
    .filter((field) => field.object === object)
    .slice(0, object === 'booking' ? 4 : 2);
}

export function customCells(world: World, object: string, index: number): Row {
  const throws = dice(world.seed, `cf ${object}`, index);
  const cells: Row = {};
  for (const field of columnFields(world, object)) {
    const filled = throws.chance(0.7);
    const value =
      field.options.length > 0
        ? throws.pick(field.options)
        : field.type === 'Toggle'
          ? yes(throws.chance(0.5))
          : field.type === 'Number'
            ? String(throws.int(1, 6))
            : throws.pick(words.sentences);
    cells[columnOf(field)] = filled ? value : '';
  }
  return cells;
}

export const customFieldRows = (world: World) =>
  customFields(world).map((field, index) => ({
    'Field ID': String(field.id),
    Label: field.label,
    'Applies to': field.object,
    Type: field.type,
    Group: 'General',
    Mandatory: 'false',
    Order: String(index + 1),
    Active: 'true',
  }));

export const optionRows = (world: World) =>
  customFields(world).flatMap((field) =>
    field.options.map((label, n) => ({
      'Field ID': String(field.id),
      'Option ID': String(field.id * 10 + n),
      Label: label,
      Order: String(n + 1),
      Active: 'true',
    })),
  );

export const formFieldCount = 8;

export const formRows = (world: World) =>
  many(world.size.forms, (index) => ({
    'Form ID': String(formId(index)),
    Name: `${at(['Pre-start checklist', 'Completion checklist', 'Safety walk', 'Satisfaction'], index % 4)}${index < 4 ? '' : ` ${index}`}`,
    'Display to': list(['fieldworker']),
    'Display at': at(['Check-In', 'Check-Out'], index % 2),
    Mandatory: 'true',
    Active: 'true',
  }));

const fieldTypes = ['Toggle', 'Text box', 'Number', 'Dropdown', 'Date picker', 'Toggle', 'Textarea', 'Image'];
const fieldLabels = [
  'Alarm off?',
  'Hazards',
  'Rooms done',
  'Finish',
  'Next visit',
  'Keys back?',
  'Remarks',
  'Photo',
];

export const formFieldRows = (world: World) =>
  many(world.size.forms * formFieldCount, (index) => {
    const [form, field] = [Math.floor(index / formFieldCount), index % formFieldCount];
    return {
      'Form ID': String(formId(form)),
      'Form Field ID': String(formFieldId(form, field)),
      Label: at(fieldLabels, field),
      Type: at(fieldTypes, field),
      Mandatory: yes(field === 0),
      Options: field === 3 ? list(['Good', 'Fair', 'Poor']) : '',
      Order: String(field + 1),
    };
  });

export const automationRows = (world: World) =>
  many(world.size.automations, (index) => ({
    'Automation ID': String(971 + index),
    Name: `${at(['Booking reminder', 'Overdue Invoice Reminder', 'Quote follow-up', 'Feedback request'], index % 4)} ${index + 1}`,
    Category: 'customer',
    Enabled: yes(index % 5 !== 4),
    'Trigger type': at(
      ['before appointment', 'invoice overdue', 'quote sent', 'booking completed'],
      index % 4,
    ),
    Channels: list(['email']),
    Audience: 'customer',
    Frequency: 'daily',
    'Last run': instantText(exportedAt - dayMinutes),
    'Runs 30d': String(index * 3),
  }));

export const faqRows = (world: World) =>
  many(world.size.faqs, (index) => ({
    'FAQ ID': String(991 + index),
    Question: `How long does a ${serviceName(index % world.size.services).toLowerCase()} take?`,
    Answer: '<p>Most take two to three hours.</p>',
    Services: list([serviceId(index % world.size.services)]),
    'Show on portal': 'true',
    Order: String(index + 1),
    Active: 'true',
  }));

export const templateRows = () =>
  many(6, (index) => ({
    'Template ID': String(1201 + index),
    Name: `Template ${index + 1}`,
    Channel: index % 2 ? 'sms' : 'email',
    Receiver: 'customer',
    Automatic: 'true',
    Subject: 'Your booking {booking_num}',
    Body: 'Hello {customer_first_name}, see you soon. {company_name}',
    Active: 'true',
  }));

export const portalRows = () => [
  { Section: 'Identity', Key: 'enabled', Value: 'true' },
  { Section: 'Identity', Key: 'portal_url', Value: 'https://book.octopus-works.example' },
  { Section: 'Booking', Key: 'instant_booking', Value: 'false' },
];

export const payRows = (world: World) =>
  many(world.size.fieldworkers, (index) => ({
    'Fieldworker ID': String(fieldworkerId(index)),
    'Service ID': String(serviceId(index % world.size.services)),
    Structure: 'hourly',
    Rate: money(3_200),
  }));

export function serviceAreas(world: World): string {
  const features = Array.from({ length: Math.min(5, world.size.fieldworkers) }, (_, index) => ({
    type: 'Feature',
    properties: {
      owner_type: 'fieldworker',
      owner_id: fieldworkerId(index),
      name: at(words.suburbs, index)[0],
      price_zone: 'A',
    },
    geometry: {
      type: 'Polygon',
      coordinates: [
        [
          [151.2, -33.7],
          [151.3, -33.7],
          [151.3, -33.8],
          [151.2, -33.7],
        ],
      ],
    },
  }));
  return `${JSON.stringify({ type: 'FeatureCollection', features }, null, 1)}\n`;
}
