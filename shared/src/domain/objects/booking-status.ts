import { parseBool } from '../convert/bool.js';
import type { StatusTarget } from '../mapping/content.js';
import { defineObject, merged, type SourceRow } from '../mapping/define-object.js';

/** The tenant's list of statuses: becomes stages and the options of `Booking status`. */
export const bookingStatus = defineObject({
  name: 'booking_status',
  structure: {
    status_id: 'the key',
    name: 'a stage or a closed state',
    is_current: 'a hint for statuses of the tenant',
    allows_invoicing: 'a hint',
  },
  notMigrated: {
    colour: 'Stages have no colour.',
    system: 'Says only who made the status.',
    active: 'Bookings keep the status they have.',
    order: 'Stages follow the course of a job.',
  },
  map: () => merged([]),
});

/** The stages of our pipeline, in the order of a job's life; `Inquiry` and `Invoiced` only where those are deals. */
export const stages = [
  'Inquiry',
  'Requested',
  'Quoting',
  'Scheduled',
  'In progress',
  'Invoiced',
  'Needs review',
  'Done',
] as const;

/** Where a status goes that nobody has mapped: open and visible, never silently won or lost. */
export const fallbackTarget: StatusTarget = { status: 'open', stage: 'Needs review' };

/** The documented statuses and their usual variants (data sheet 1.3.1). `Declined` is a worker's answer: the job is open. */
export const knownStatuses: Readonly<Record<string, StatusTarget>> = {
  pending: { status: 'open', stage: 'Requested' },
  new: { status: 'open', stage: 'Requested' },
  requested: { status: 'open', stage: 'Requested' },
  tentative: { status: 'open', stage: 'Requested' },
  'awaiting approval': { status: 'open', stage: 'Requested' },
  'pending approval': { status: 'open', stage: 'Requested' },
  quoted: { status: 'open', stage: 'Quoting' },
  'to visit': { status: 'open', stage: 'Quoting' },
  'to do': { status: 'open', stage: 'Scheduled' },
  confirmed: { status: 'open', stage: 'Scheduled' },
  scheduled: { status: 'open', stage: 'Scheduled' },
  rescheduled: { status: 'open', stage: 'Scheduled' },
  upcoming: { status: 'open', stage: 'Scheduled' },
  'in progress': { status: 'open', stage: 'In progress' },
  started: { status: 'open', stage: 'In progress' },
  'on hold': { status: 'open', stage: 'Needs review' },
  'awaiting update': { status: 'open', stage: 'Needs review' },
  declined: { status: 'open', stage: 'Needs review' },
  unassigned: { status: 'open', stage: 'Needs review' },
  completed: { status: 'won', stage: 'Done' },
  failed: { status: 'lost', stage: 'Done' },
  'no show': { status: 'lost', stage: 'Done' },
  cancelled: { status: 'lost', stage: 'Done' },
};

/** Tolerates `To-Do`, `IN PROGRESS`, `Canceled`, `Complete` and blanks. */
export function normaliseStatus(status: string): string {
  const plain = status
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();
  return synonyms[plain] ?? plain;
}

const synonyms: Record<string, string> = {
  canceled: 'cancelled',
  complete: 'completed',
  done: 'completed',
  finished: 'completed',
  todo: 'to do',
  'in process': 'in progress',
};

/**
 * A status of the tenant's own by its options: one that is current is on its way; one that is neither current nor
 * invoiced is left to a person. Never won or lost by guessing.
 */
export function classify(status: SourceRow): StatusTarget {
  const known = knownStatuses[normaliseStatus(status.fields.name ?? '')];
  if (known) return known;
  const isCurrent = parseBool(status.fields.is_current) === true;
  const mayInvoice = parseBool(status.fields.allows_invoicing) === true;
  return isCurrent && mayInvoice ? { status: 'open', stage: 'Scheduled' } : fallbackTarget;
}
