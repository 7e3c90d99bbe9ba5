import { expect, test } from 'vitest';
import { automationEquivalents, automationLimit, findEquivalent } from './automation-equivalents.js';

test.each([
  ['Booking status becomes Confirmed', '', 'booking_confirmed', 'good'],
  ['Booking status becomes On the way', '', 'booking_status', 'good'],
  ['Booking status becomes Completed', '', 'booking_completed', 'partial'],
  ['Booking rescheduled', '', 'booking_cancelled', 'good'],
  ['Before appointment', '', 'before_appointment', 'partial'],
  ['Start time passed', '', 'start_passed', 'partial'],
  ['Invoice overdue', '', 'invoice_overdue', 'partial'],
  ['Deposit unpaid', '', 'deposit_unpaid', 'partial'],
  ['Payment approved', '', 'payment_or_refund', 'weak'],
  ['Quote sent, no answer', '', 'quote_not_answered', 'good'],
  ['Quote accepted', '', 'quote_accepted', 'good'],
  ['Quote expired', '', 'quote_declined', 'good'],
  ['Inquiry received', '', 'inquiry_received', 'good'],
  ['Inquiry not followed up', '', 'inquiry_not_followed_up', 'good'],
  ['Next service due', '', 'next_service_due', 'good'],
  ['Document expires', '', 'document_expiry', 'none'],
  ['Complaint opened', '', 'complaint_opened', 'weak'],
  ['Customer birthday', '', 'birthday', 'good'],
  ['Month end', 'Billing Cycle Invoice Locking', 'housekeeping', 'none'],
  ['Recording older than 90 days', 'Twilio Old Call Recording Cleanup', 'housekeeping', 'none'],
  ['Job offer declined', '', 'job_offer', 'none'],
])('%s %s is %s, fit %s', (trigger, name, kind, fit) => {
  const found = findEquivalent({ trigger, name, actions: '' });
  expect([found?.equivalent.kind, found?.equivalent.fit]).toEqual([kind, fit]);
});

test('words that fit no documented kind have no equivalent', () => {
  expect(findEquivalent({ trigger: 'Full moon', name: 'Howl', actions: 'Send message' })).toBeUndefined();
});

test('kinds are unique, and every row says what to do', () => {
  expect(new Set(automationEquivalents.map(({ kind }) => kind)).size).toBe(automationEquivalents.length);
  expect(automationEquivalents.filter(({ fit, remark }) => fit !== 'good' && remark === '')).toEqual([]);
});

test('limits by the name of the plan, however it is written', () => {
  expect([automationLimit('Growth')?.active, automationLimit(' ultimate ')?.active]).toEqual([50, 250]);
  expect(automationLimit('lite')).toBeUndefined();
});
