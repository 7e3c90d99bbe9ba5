import { addressFields, addressOf } from '../convert/address.js';
import { instantFrom, localText, parseDay, parseWhen } from '../convert/date.js';
import { parseMoney } from '../convert/money.js';
import { firstLine, oneLine } from '../convert/text.js';
import type { StatusTarget } from '../mapping/content.js';
import {
  type Converted,
  computed,
  computedCustom,
  custom,
  cut,
  monetary,
  readFields,
  textLimits,
  titleLimit,
} from '../mapping/convert-field.js';
import { customValues, longFormOf } from '../mapping/custom-values.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  merged,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { labelsOf } from '../mapping/labels.js';
import { type BlockLine, block } from '../mapping/note-text.js';
import {
  markerField,
  markerFieldName,
  type Payload,
  type TargetKey,
  targetKeyOf,
} from '../mapping/record.js';
import { fallbackTarget, normaliseStatus } from './booking-status.js';
import { linesOfDeal } from './deal-lines.js';
import { bookingsOfQuote, dealsFromQuote } from './deal-of.js';
import { fieldFileProducts, fieldFiles, pathsOfFields, readsOfFieldFiles } from './field-files.js';
import { becameFields, inquiriesOf, inquiryValues, readsOfFormerInquiries } from './inquiry.js';
import { ownerOf } from './owner.js';
import { type Place, readsOfQuotes } from './place.js';
import { linesText, serviceName } from './service-lines.js';
import { sortKeyOf } from './sort-key.js';

const quoteFields = [
  computed(
    'title',
    ['title', 'description', 'quote_item.service_name', 'quote_number'],
    'what it is for, and the number',
  ),
  computed('add_time', ['created', 'quote_date'], 'RFC 3339 UTC'),
  computed(
    'value',
    ['total'],
    'amount',
    'A quote that became a booking or an invoice has no value of its own: the amount counts once, on that deal. Its total stays in the field Quote total.',
  ),
  computed('currency', [], 'account currency'),
  computed('status', ['status'], 'accepted is won, declined and expired are lost'),
  computed('stage_id', ['status'], 'Quoting'),
  computed('won_time', ['accepted_at', 'signed_at', 'modified'], 'RFC 3339 UTC'),
  computed('lost_time', ['declined_at', 'expiry_date', 'modified'], 'RFC 3339 UTC'),
  computed('lost_reason', ['decline_reason', 'status'], 'text, one line'),
  computed('expected_close_date', ['expiry_date'], 'day in the tenant zone'),
  computed('person_id', ['customer_id'], 'reference'),
  computed('org_id', ['customer_id'], 'reference'),
  computed('owner_id', ['owner_id'], 'user by id'),
  computed(
    'label_ids',
    ['labels', 'status', 'inquiry.labels'],
    'labels by name; accepted, declined and expired are labels, too',
  ),
  computedCustom(markerFieldName, 'varchar', 'must', ['quote_id'], { converter: 'target key' }),
  computedCustom('Quote number', 'varchar', 'should', ['quote_number'], { converter: 'text, one line' }),
  computedCustom('Booking number', 'varchar', 'should', ['booking_id'], {
    converter: 'number of the booking it became',
  }),
  computedCustom('Services', 'text', 'should', ['quote_item.service_name'], {
    converter: 'one line for each service',
    lossy: 'Lines are text, unless the setting dealLines: products makes them products on the deal.',
  }),
  computedCustom('Job address', 'address', 'should', [...addressFields, 'address']),
  computedCustom('Quote status', 'varchar', 'may', ['status'], { converter: 'text, one line' }),
  computedCustom('Quote total', 'monetary', 'may', ['total'], {
    converter: 'kept when the deal has no value of its own',
  }),
  custom('Quote date', 'date', 'may', 'quote_date'),
  custom('Quote valid until', 'date', 'may', 'expiry_date'),
  custom('Follow up date', 'date', 'may', 'follow_up_date'),
  computedCustom('Quote sent', 'varchar', 'may', ['sent_at'], { converter: 'local time' }),
  computedCustom('Quote accepted', 'varchar', 'may', ['accepted_at'], { converter: 'local time' }),
  computedCustom('Quote declined', 'varchar', 'may', ['declined_at'], { converter: 'local time' }),
  computedCustom('Decline reason', 'varchar', 'may', ['decline_reason'], {
    converter: 'kept where the deal is not lost',
  }),
  computedCustom('Quote signed', 'varchar', 'may', ['signed_by', 'signed_at'], {
    converter: 'name and local time',
    lossy: 'The signature of a quote becomes a name and a time; its legal value does not move with it.',
  }),
  ...becameFields,
  custom('Description', 'text', 'may', 'description'),
  custom('Subtotal', 'monetary', 'may', 'subtotal'),
  custom('Discount', 'monetary', 'may', 'discount'),
  custom('Tax', 'monetary', 'may', 'tax'),
];

/** Fields that a booking's deal gets, too, from a quote that is merged into it. The other fields it has of its own. */
const mergedFields = new Set([
  'Quote status',
  'Quote total',
  'Quote date',
  'Quote valid until',
  'Follow up date',
  'Quote sent',
  'Quote accepted',
  'Quote declined',
  'Decline reason',
  'Quote signed',
]);

/** A quote is a deal in the stage Quoting; the booking it became is another, and only that one counts as revenue. */
export const quote = defineObject({
  name: 'quote',
  needs: ['customer', 'user', 'service', 'booking', 'invoice'],
  reads: [
    ...readsOfQuotes,
    { child: 'quote_item', of: 'quote' },
    { child: 'custom_field_value', of: 'quote' },
    ...readsOfFieldFiles('quote'),
    ...readsOfFormerInquiries('quote'),
  ],
  produces: [
    {
      entity: 'deal',
      key: 'quote:<id>',
      undo: 'delete',
      fields: quoteFields,
      lossy: [
        'A quote and the booking it became are two deals that name each other by number, so the number of won deals counts both. The setting quoteDeals: merged makes them one.',
      ],
    },
    ...fieldFileProducts('quote'),
  ],
  structure: {
    quote_id: 'the key of the deal',
    customer_id: 'links the deal to person and organization',
    status: 'decides the status of the deal',
    total: 'the value of the deal',
    booking_id: 'names the booking it became',
    modified: 'the time of closing when no other is known',
  },
  notMigrated: {
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted quotes are excluded or migrated like the others.',
  },
  asks: (row, refs) => dealsFromQuote(row, refs),
  files: (row, refs) => pathsOfFields(row, longFormOf(row, refs), refs),
  map: mapQuote,
});

function mapQuote(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const customer = refs.customer(row.fields.customer_id);
  if (!customer) return rejected('orphan_reference');
  const bookings = bookingsOfQuote(row, refs)
    .map((id) => targetKeyOf('booking', id))
    .filter((key) => refs.isMapped(key));
  if (ctx.settings.quoteDeals === 'merged' && bookings.length > 0) {
    // The values travel with the booking; what cannot be read in them is said here, once.
    mergedQuoteValues(row, refs, ctx);
    const [deal = null] = bookings;
    const files = fieldFiles(row, longFormOf(row, refs), placeOn(deal, row, customer), refs, ctx);
    const links = bookings.map((booking) => linkOf(row, booking, 'merged'));
    if (files.drafts.length === 0) return merged(links);
    return { outcome: 'mapped', reason: '', drafts: files.drafts, links: [...links, ...files.links] };
  }
  const became = dealsFromQuote(row, refs).filter((deal) => refs.isMapped(deal));
  const key = targetKeyOf('quote', row.sourceId);
  const items = refs.children('quote_item', 'quote', row.sourceId);
  const draft = dealDraft(key, row, became.length > 0, customer, refs, ctx);
  const files = fieldFiles(row, longFormOf(row, refs), placeOn(key, row, customer), refs, ctx);
  // Products would give a value to a deal that has none, because what it became has it.
  const lines = linesOfDeal(draft, row, became.length > 0 ? [] : items, refs, ctx);
  const text = lines.drafts.length > 0 ? '' : linesText(items, refs, ctx);
  const services = cut(text, textLimits.text, ctx, 'services');
  if (services) draft.custom.set('Services', services);
  return {
    outcome: 'mapped',
    reason: '',
    drafts: [draft, ...lines.drafts, ...files.drafts],
    links: [linkOf(row, key, 'primary'), ...lines.links, ...files.links],
  };
}

function placeOn(
  deal: TargetKey | null,
  row: SourceRow,
  customer: { person: TargetKey | null; organization: TargetKey | null },
): Place {
  return { deal, lead: null, activity: null, product: null, ...customer, label: numberOf(row) };
}

function dealDraft(
  key: TargetKey,
  row: SourceRow,
  becameDeal: boolean,
  customer: { person: TargetKey | null; organization: TargetKey | null },
  refs: Refs,
  ctx: RowContext,
): Draft {
  const { fields } = row;
  const total = parseMoney(fields.total, ctx.settings.currency);
  if (fields.total !== undefined && total === undefined) ctx.find('unparseable_number', 'total');
  const outcome = outcomeOf(row, becameDeal, refs, ctx);
  // The amount stands on the deal of the booking or invoice: it must not count twice, won or lost.
  const value = becameDeal ? undefined : total;
  const created = parseWhen(fields.created, ctx.settings) ?? parseWhen(fields.quote_date, ctx.settings);
  const owner = ownerOf([fields.owner_id], [], refs.catalogue);
  const draft: Draft = {
    targetKey: key,
    entity: 'deal',
    native: {
      title: titleOf(row, refs, ctx),
      ...(value === undefined ? {} : { value }),
      // Also without a value: the account's default currency may be another one.
      currency: ctx.settings.currency,
      ...(created ? { add_time: instantFrom(created, ctx.settings) } : {}),
      ...closing(row, outcome, refs, ctx),
      ...(customer.person ? { person_id: { $ref: customer.person } } : {}),
      ...(customer.organization ? { org_id: { $ref: customer.organization } } : {}),
      ...(owner ? { owner_id: owner } : {}),
    },
    custom: new Map(),
    sortKey: `quote${sortKeyOf(row)}`,
  };
  const set = (name: string, text: string | undefined, more?: Converted) => {
    if (more) draft.custom.set(name, more);
    else if (text !== undefined && text !== '') draft.custom.set(name, { value: text, text });
  };
  draft.custom.set(...markerField(key));
  set('Quote number', numberOf(row));
  set('Booking number', bookingNumbers(row, refs));
  const address = addressOf(fields);
  if (address) set('Job address', undefined, { value: { ...address }, text: address.value });
  const inquiries = inquiriesOf(row, refs);
  draft.labels = [
    ...labelsOfQuote(row, ctx),
    ...inquiries.flatMap((inquiry) => labelsOf(inquiry, 'deal', ctx)),
  ];
  for (const [name, value] of inquiryValues(inquiries, refs, { ...ctx, find: () => {} }))
    draft.custom.set(name, value);
  for (const [name, value] of readFields(quoteFields, row, ctx).custom) draft.custom.set(name, value);
  for (const [name, converted] of facts(row, ctx)) {
    if (name === 'Quote total' && value !== undefined) continue;
    if (name === 'Decline reason' && outcome === 'lost') continue;
    draft.custom.set(name, converted);
  }
  for (const [name, own] of customValues(row, longFormOf(row, refs), refs, ctx)) draft.custom.set(name, own);
  return draft;
}

/** What was answered, as labels of the deal: `won` alone would not tell a quote from a booking. */
export const quoteLabels = ['Quote accepted', 'Quote declined', 'Quote expired'] as const;

/** Of its own deal, or of the deal it was merged into. */
export function labelsOfQuote(row: SourceRow, ctx: RowContext): string[] {
  const isExpired = (row.fields.status ?? '').trim().toLowerCase() === 'expired';
  const [accepted, declined, expired] = quoteLabels;
  const byAnswer: Partial<Record<Outcome, string>> = { won: accepted, lost: isExpired ? expired : declined };
  const said = byAnswer[answerOf(row)];
  return [...labelsOf(row, 'deal', ctx), ...(said ? [said] : [])];
}

type Outcome = 'open' | 'won' | 'lost' | 'unknown';

const outcomes: Readonly<Record<string, Outcome>> = {
  draft: 'open',
  sent: 'open',
  viewed: 'open',
  pending: 'open',
  new: 'open',
  accepted: 'won',
  approved: 'won',
  converted: 'won',
  signed: 'won',
  won: 'won',
  declined: 'lost',
  rejected: 'lost',
  lost: 'lost',
  expired: 'lost',
  cancelled: 'lost',
  canceled: 'lost',
};

/** By the quote's own status. */
function answerOf(row: SourceRow): Outcome {
  const word = (row.fields.status ?? '').trim().toLowerCase();
  return (Object.hasOwn(outcomes, word) && outcomes[word]) || 'unknown';
}

/**
 * What was answered stays as it is. A quote that nobody answered, but that became a booking, goes with it: won when the
 * booking is on its way, lost when it was, still open when the booking itself waits for an answer.
 */
function outcomeOf(row: SourceRow, becameDeal: boolean, refs: Refs, ctx: RowContext): Outcome {
  const word = (row.fields.status ?? '').trim().toLowerCase();
  const outcome = answerOf(row);
  if (outcome === 'unknown') ctx.find('unknown_status', 'status');
  if (!becameDeal || outcome === 'won' || (outcome === 'lost' && word !== 'expired')) return outcome;
  const fates = bookingRows(row, refs).map(
    (booking) => ctx.content.bookingStatuses[normaliseStatus(booking.fields.status ?? '')] ?? fallbackTarget,
  );
  const isOn = (fate: StatusTarget) =>
    fate.status === 'won' || (fate.status === 'open' && !undecided.has(fate.stage));
  // Without a booking it was invoiced: nobody is billed for what they did not take.
  if (fates.length === 0 || fates.some(isOn)) return 'won';
  return fates.every((fate) => fate.status === 'lost') ? 'lost' : outcome;
}

/** Stages of a booking that nobody has agreed to yet. */
const undecided = new Set(['Requested', 'Quoting', 'Needs review']);

function closing(row: SourceRow, outcome: Outcome, refs: Refs, ctx: RowContext): Payload {
  const { fields } = row;
  const first = (...cells: Array<string | undefined>) => {
    const when = cells
      .map((cell) => parseWhen(cell, ctx.settings))
      .find((candidate) => candidate !== undefined);
    return when && instantFrom(when, ctx.settings);
  };
  const stage = (name: string) => ({ $stage: { pipeline: ctx.settings.pipeline, stage: name } });
  switch (outcome) {
    case 'won': {
      const bookingCreated = bookingRows(row, refs)[0]?.fields.created;
      const at = first(
        fields.accepted_at,
        fields.signed_at,
        bookingCreated,
        fields.modified,
        fields.quote_date,
      );
      return { status: 'won', stage_id: stage('Quoting'), ...(at ? { won_time: at } : {}) };
    }
    case 'lost': {
      const isExpired = /^expired$/i.test(fields.status ?? '');
      const at = isExpired
        ? first(fields.expiry_date, fields.modified, fields.quote_date)
        : first(fields.declined_at, fields.modified, fields.expiry_date, fields.quote_date);
      const isAnswered = answerOf(row) === 'lost';
      const ofBooking = bookingRows(row, refs)[0]?.fields.status;
      const reason = oneLine(
        fields.decline_reason ?? (isAnswered ? fields.status : ofBooking && `Booking: ${ofBooking}`) ?? '',
      );
      return {
        status: 'lost',
        stage_id: stage('Quoting'),
        ...(at ? { lost_time: at } : {}),
        ...(reason ? { lost_reason: cut(reason, titleLimit, ctx, 'decline_reason')?.text ?? reason } : {}),
      };
    }
    default: {
      const until = parseDay(fields.expiry_date, ctx.settings);
      return {
        status: 'open',
        stage_id: stage(outcome === 'unknown' ? fallbackTarget.stage : 'Quoting'),
        ...(until ? { expected_close_date: until } : {}),
      };
    }
  }
}

function titleOf(row: SourceRow, refs: Refs, ctx: RowContext): string {
  const lines = refs.children('quote_item', 'quote', row.sourceId);
  const services = [...new Set(lines.flatMap((line) => serviceName(line, refs) ?? []))].join(', ');
  const what =
    oneLine(row.fields.title ?? '') || firstLine(row.fields.description ?? '') || services || 'Quote';
  const number = numberOf(row);
  const room = titleLimit - number.length - 3;
  return `${cut(oneLine(what), room, ctx, 'title')?.text ?? 'Quote'} · ${number}`;
}

/** Numbers of the quotes a booking came from: on its deal, so that either deal leads to the other. */
export function quoteNumbers(quotes: ReadonlyArray<SourceRow>): string {
  return [...new Set(quotes.map(numberOf))].join(', ');
}

/** What the deal of a booking says of a quote that has no deal of its own; lines and description beside its own ones. */
export function mergedQuoteValues(row: SourceRow, refs: Refs, ctx: RowContext): Array<[string, Converted]> {
  const own = [...readFields(quoteFields, row, ctx).custom, ...facts(row, ctx)];
  const lines = linesText(refs.children('quote_item', 'quote', row.sourceId), refs, ctx);
  const description = own.find(([name]) => name === 'Description')?.[1].text ?? '';
  const texts = [
    ['Quote lines', lines],
    ['Quote description', description],
    // As text: the booking may have a value of its own in the field of the same name.
    ['Quote fields', block([...customValues(row, longFormOf(row, refs), refs, ctx)].map(textOf))],
  ] as const;
  return [
    ...own.filter(([name]) => mergedFields.has(name)),
    ...texts.flatMap(
      ([name, text]): Array<[string, Converted]> => (text === '' ? [] : [[name, { value: text, text }]]),
    ),
  ];
}

function textOf([name, { text }]: [string, Converted]): BlockLine {
  return [name, text];
}

/** Facts that are not a plain copy of one column. */
function facts(row: SourceRow, ctx: RowContext): Array<[string, Converted]> {
  const { fields } = row;
  const time = (field: string) => {
    const when = parseWhen(fields[field], ctx.settings);
    if (!when && fields[field] !== undefined) ctx.find('unparseable_date', field);
    return when && localText(when, ctx.settings);
  };
  const total = parseMoney(fields.total, ctx.settings.currency);
  const values: Array<[string, string | undefined]> = [
    ['Quote status', oneLine(fields.status ?? '')],
    ['Quote sent', time('sent_at')],
    ['Quote accepted', time('accepted_at')],
    ['Quote declined', time('declined_at')],
    ['Decline reason', oneLine(fields.decline_reason ?? '')],
    ['Quote signed', [oneLine(fields.signed_by ?? ''), time('signed_at')].filter(Boolean).join(', ')],
  ];
  return [
    ...(total === undefined ? [] : [['Quote total', monetary(total, ctx)] as [string, Converted]]),
    ...values.flatMap(([name, text]): Array<[string, Converted]> => {
      const short = text === undefined ? undefined : cut(text, textLimits.varchar, ctx, name);
      return short ? [[name, short]] : [];
    }),
  ];
}

function bookingNumbers(row: SourceRow, refs: Refs): string {
  return bookingRows(row, refs)
    .map((booking) => oneLine(booking.fields.booking_number ?? booking.sourceId))
    .join(', ');
}

function bookingRows(row: SourceRow, refs: Refs): SourceRow[] {
  return bookingsOfQuote(row, refs)
    .filter((id) => refs.isMapped(targetKeyOf('booking', id)))
    .flatMap((id) => refs.row('booking', id) ?? []);
}

function numberOf(row: SourceRow): string {
  return oneLine(row.fields.quote_number ?? row.sourceId);
}
