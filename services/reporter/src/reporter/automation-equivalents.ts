/*
 * What comes nearest in Pipedrive to each kind of OctopusPro rule: section 5.4 of the source data sheet as data.
 * Triggers: support article "workflow automation"; limits: "workflow-automation-frequency-limits", April 2026.
 */

export type Fit = 'good' | 'partial' | 'weak' | 'none';

export interface AutomationEquivalent {
  kind: string;
  /** The rule in OctopusPro, in words. */
  rule: string;
  trigger: string;
  action: string;
  fit: Fit;
  /** Why the fit is not good, or what it takes. */
  remark: string;
  /** Documented words of the trigger or the name. The first row that fits wins, so special rows stand before general ones. */
  words: RegExp;
}

export const automationEquivalents: ReadonlyArray<AutomationEquivalent> = [
  {
    kind: 'housekeeping',
    rule: 'Housekeeping inside OctopusPro (recording clean-up, invoice locking)',
    trigger: 'none',
    action: 'not needed in Pipedrive',
    fit: 'none',
    remark: 'The rule looks after OctopusPro itself; it has nothing to do in Pipedrive.',
    words: /clean-?\s?up|recordings? older|invoice locking|lock(s|ing)? invoices?|billing cycle|purge/,
  },
  {
    kind: 'document_expiry',
    rule: 'Document of a field worker expires',
    trigger: 'none: users are no CRM records',
    action: 'an external reminder, or an activity on a person that stands for the worker',
    fit: 'none',
    remark: 'Pipedrive has no place for documents of users.',
    words:
      /(document|licen[cs]e|certificate|police check|insurance|compliance)s?\b.*expir|expir.*(document|licen[cs]e|certificate)/,
  },
  {
    kind: 'job_offer',
    rule: 'Job offer to a field worker, accepted or declined',
    trigger: 'none',
    action: 'an external scheduling tool',
    fit: 'none',
    remark: 'Pipedrive does not dispatch work.',
    words: /job offer|offer (sent|accepted|declined|expired)|dispatch/,
  },
  {
    kind: 'inquiry_not_followed_up',
    rule: 'Inquiry not followed up for some days',
    trigger: 'Lead added, then a delay, then the condition “still open”',
    action: 'create an activity, send an e-mail or a Slack message',
    fit: 'good',
    remark: 'Delays of one automation may come to 90 days in total.',
    words:
      /(inquiry|enquiry|lead)\b.*(not followed|no (answer|reply|response)|follow.?up|unanswered)|follow.?up.*(inquiry|enquiry|lead)\b/,
  },
  {
    kind: 'inquiry_received',
    rule: 'Inquiry received',
    trigger: 'Lead added',
    action: 'send an e-mail, create an activity, assign the owner',
    fit: 'good',
    remark: '',
    words:
      /(inquiry|enquiry|lead)\b.*(received|created|added|submitted|acknowledge)|new (inquiry|enquiry|lead)\b/,
  },
  {
    kind: 'quote_not_answered',
    rule: 'Quote sent, no answer for some days',
    trigger: 'Deal updated (stage is the quote stage), then a wait or delay',
    action: 'send an e-mail, create an activity',
    fit: 'good',
    remark: 'A text message needs an app or a webhook.',
    words:
      /(quote|estimate)s?\b.*(no (answer|reply|response)|not (answered|accepted)|unanswered|follow.?up|reminder)/,
  },
  {
    kind: 'quote_accepted',
    rule: 'Quote accepted',
    trigger: 'Deal updated (stage or field)',
    action: 'update the deal, create an activity or project',
    fit: 'good',
    remark: '',
    words: /(quote|estimate)s?\b.*(accepted|approved|becomes accepted|converted)/,
  },
  {
    kind: 'quote_declined',
    rule: 'Quote declined or expired',
    trigger: 'Deal updated (lost), or a date trigger on the field with the expiry date',
    action: 'send an e-mail, create an activity',
    fit: 'good',
    remark: '',
    words: /(quote|estimate)s?\b.*(declined|rejected|expire)/,
  },
  {
    kind: 'deposit_unpaid',
    rule: 'Deposit unpaid before the booking',
    trigger: 'date trigger before a date field of the deal, with a condition',
    action: 'send an e-mail',
    fit: 'partial',
    remark: 'Whether the deposit is paid has to stand in a deal field that somebody keeps up to date.',
    words: /deposit\b.*(unpaid|not paid|due|reminder|outstanding|missing)|unpaid deposit/,
  },
  {
    kind: 'invoice_overdue',
    rule: 'Invoice overdue by some days',
    trigger: 'date trigger after the deal field “Invoice due date”, condition: invoice status is not paid',
    action: 'send an e-mail, create an activity',
    fit: 'partial',
    remark: 'The invoice fields of the deal must be kept up to date by your accounting software.',
    words: /invoices?\b.*(overdue|past due|unpaid|reminder)|overdue.*invoice|payment reminder/,
  },
  {
    kind: 'payment_or_refund',
    rule: 'Payment approved or refunded',
    trigger: 'Deal updated (field with the amount paid)',
    action: 'send an e-mail, call a webhook',
    fit: 'weak',
    remark: 'Pipedrive has no payments; only a changed field of the deal can set it off.',
    words: /(payment|receipt)s?\b.*(approved|received|made|recorded)|refund/,
  },
  {
    kind: 'complaint_opened',
    rule: 'Complaint opened',
    trigger: 'Activity added (type complaint), or the label of the deal updated',
    action: 'send a Slack or Teams message, create an activity',
    fit: 'weak',
    remark: 'Pipedrive has no complaints; holding back pay is not possible.',
    words: /complaint|issue (opened|created|reported)/,
  },
  {
    kind: 'birthday',
    rule: "Customer's birthday or a date of a property",
    trigger: 'date trigger on a date field of the person',
    action: 'send an e-mail',
    fit: 'good',
    remark: '',
    words: /birthday|anniversary|property date/,
  },
  {
    kind: 'next_service_due',
    rule: 'Next service due',
    trigger: 'date trigger on a date field such as “Next service date”',
    action: 'create a deal, send an e-mail',
    fit: 'good',
    remark: 'Make the date field first and fill it when a deal is won.',
    words: /next service|service (is )?due|service reminder|re-?book/,
  },
  {
    kind: 'start_passed',
    rule: 'Start time passed without an update',
    trigger: 'date trigger after a date field of the deal',
    action: 'update the deal, create an activity',
    fit: 'partial',
    remark: 'Date triggers know days, not hours.',
    words: /(start|end) time (has )?passed|awaiting update|update prompt|no update/,
  },
  {
    kind: 'before_appointment',
    rule: 'Hours or days before an appointment',
    trigger: 'date trigger before the due date of an activity or a date field of the deal',
    action: 'send an e-mail, call a webhook for a text message',
    fit: 'partial',
    remark: 'Date triggers know days, not hours.',
    words:
      /before (the |an |each )?(appointment|booking|visit|job|start)|(appointment|booking|visit) reminder/,
  },
  {
    kind: 'booking_completed',
    rule: 'Booking completed',
    trigger: 'Deal updated (won)',
    action: 'send an e-mail with a survey link, call a webhook of the accounting software',
    fit: 'partial',
    remark: 'Invoices are not written in Pipedrive; surveys are sent as a link.',
    words: /(booking|job|visit|appointment|status)\b.*(completed|finished|done)|feedback|review request/,
  },
  {
    kind: 'booking_cancelled',
    rule: 'Booking cancelled or rescheduled',
    trigger: 'Deal or activity updated',
    action: 'send a Slack or Teams message or an e-mail, create an activity',
    fit: 'good',
    remark: '',
    words: /(booking|job|visit|appointment|status)\b.*(cancel|reschedul|postpone)/,
  },
  {
    kind: 'booking_confirmed',
    rule: 'Booking created or confirmed',
    trigger: 'Deal added or updated',
    action: 'send an e-mail',
    fit: 'good',
    remark: 'Good for e-mail; a text message needs an app or a webhook.',
    words: /(booking|job|status)\b.*(created|confirmed|accepted|added)|(booking|job) confirmation/,
  },
  {
    kind: 'booking_status',
    rule: 'Booking status changed',
    trigger: 'Deal updated, condition: the stage is the one for that status',
    action: 'update a field, send an e-mail, call a webhook',
    fit: 'good',
    remark: '',
    words: /status (becomes|changes|changed|is set|set to)|change of status/,
  },
];

export interface FoundEquivalent {
  equivalent: AutomationEquivalent;
  /** The words of the rule on which it was recognised. */
  matchedOn: string;
}

/** Looks at the trigger first, then the name, then what the rule does: a trigger says more than a name given by hand. */
export function findEquivalent(rule: {
  name: string;
  trigger: string;
  actions: string;
}): FoundEquivalent | undefined {
  for (const text of [rule.trigger, rule.name, rule.actions]) {
    for (const equivalent of automationEquivalents) {
      const found = equivalent.words.exec(text.toLowerCase());
      if (found) return { equivalent, matchedOn: found[0] };
    }
  }
  return undefined;
}

export interface AutomationLimit {
  active: number;
  /** Waits and delays within one automation. */
  waits: number;
}

/** Of any plan (same source as above). */
export const actionsPerAutomation = 10;

/** Undefined: the plan is not in the published table, the smallest plan among them. */
export function automationLimit(plan: string): AutomationLimit | undefined {
  return limits.get(plan.trim().toLowerCase());
}

const limits = new Map<string, AutomationLimit>([
  ['growth', { active: 50, waits: 3 }],
  ['premium', { active: 150, waits: 10 }],
  ['ultimate', { active: 250, waits: 10 }],
]);
