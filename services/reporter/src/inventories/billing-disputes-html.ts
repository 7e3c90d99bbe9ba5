import { type Html, html } from '../html/html.js';
import { table } from '../html/parts.js';
import { count, counted, money } from '../html/wording.js';
import type { Dispute, DisputeRule } from '../reporter/find-billing-disputes.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import type { BillingCase } from './billing-disputes.js';
import { inventoryPage } from './inventory-page.js';

/** Cases shown; all of them are in inventories.json. */
const shown = 200;
/** Rows named of one figure: an invoice may have hundreds of lines. */
const sourcesShown = 12;

export const disputeWords: Record<DisputeRule, { defect: string; says: string }> = {
  total_not_lines: { defect: 'D16', says: 'The total is not what the lines add up to.' },
  paid_not_payments: {
    defect: 'D17',
    says: 'The amount paid is not what the approved payments less refunds add up to.',
  },
  balance_not_payments: {
    defect: 'D17',
    says: 'The balance is not the total less approved payments plus refunds.',
  },
  closed_with_balance: {
    defect: 'D17',
    says: 'The invoice is closed, but money is left over or still owed.',
  },
  open_without_balance: { defect: 'D17', says: 'The invoice is open, but nothing is owed.' },
  refund_over_payment: { defect: 'D15', says: 'More was refunded than was paid.' },
  second_refund: {
    defect: 'D15',
    says: 'A payment was refunded more than once; OctopusPro allows one refund.',
  },
  refund_of_unapproved_payment: {
    defect: 'D15',
    says: 'A payment was refunded that was never approved.',
  },
  negative_payment: { defect: 'D18', says: 'A payment is negative: a refund, a credit or a mistake.' },
  zero_payment: { defect: 'D18', says: 'A payment is of nothing.' },
  duplicate_charge: {
    defect: 'D19',
    says: 'The same amount was paid on the same day by the same method twice: perhaps charged twice.',
  },
};

export async function billingDisputesHtml(
  facts: ReportFacts,
  cases: AsyncIterable<BillingCase>,
): Promise<string> {
  const listed: BillingCase[] = [];
  const counts = new Map<DisputeRule, number>();
  let all = 0;
  for await (const one of cases) {
    all += 1;
    if (listed.length < shown) listed.push(one);
    for (const { rule } of one.disputes) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  const { currency } = facts.mapping.content.settings;
  return inventoryPage(facts, {
    title: 'Possible billing disputes',
    tone: all === 0 ? 'good' : 'warn',
    lead: [
      'Invoices and payments of which the figures cannot all be right. Everything was migrated as the export states it; nothing was corrected. Look at each with your bookkeeper before the customer does.',
      all === 0
        ? html`<strong>No candidates:</strong> every invoice agrees with its lines, its payments and its refunds.`
        : `${counted(all, 'case')}. All amounts are in ${currency}, computed exactly.`,
    ],
    body: [
      all > 0 && summary(counts),
      all > listed.length &&
        html`<p class="soft">The first ${count(listed.length)} of ${count(all)} cases; all of them are in inventories.json under “billing_disputes”.</p>`,
      ...listed.map(caseSection),
    ],
  });
}

function summary(counts: ReadonlyMap<DisputeRule, number>): Html {
  const rules = (Object.keys(disputeWords) as DisputeRule[]).filter((rule) => counts.has(rule));
  return html`<section><h2>What was found</h2>
${table(
  'Kinds of doubt, and how often',
  [{ says: 'Doubt' }, { says: 'Times', figures: true }],
  rules.map((rule) => [
    disputeWords[rule].says,
    count(counts.get(rule) ?? 0),
    html`<code>${disputeWords[rule].defect}</code>`,
  ]),
)}</section>`;
}

function caseSection(one: BillingCase): Html {
  const isInvoice = one.key.startsWith('invoice:');
  const { figures } = one;
  const place = one.file === null ? '' : `, ${one.file}, row ${one.fileRow}`;
  const rows: Array<[string, string | null]> = isInvoice
    ? [
        ['Total, as stated', figures.total],
        ['Sum of the lines', figures.lines],
        ['Approved payments', figures.payments],
        ['Approved refunds', figures.refunds],
        ['Paid, as stated', figures.paidStated],
        ['Balance, as stated', figures.balanceStated],
        ['Balance, computed', figures.balance],
      ]
    : [
        ['Approved payments', figures.payments],
        ['Approved refunds', figures.refunds],
      ];
  return html`<section><h2>${isInvoice ? `Invoice ${one.number}` : `Payment ${one.number} without an invoice`}</h2>
<p class="soft">${one.status === '' ? 'No status' : `Status ${one.status}`}${one.customerId !== '' && `, customer ${one.customerId}`}${place}</p>
<ul>${one.disputes.map(disputeItem)}</ul>
${
  one.setAside.length > 0 &&
  html`<p><strong class="warn">Set aside:</strong> ${counted(one.setAside.length, 'payment')} of this invoice could not be read and ${one.setAside.length === 1 ? 'counts' : 'count'} nowhere: ${one.setAside.slice(0, sourcesShown).map((id) => html`<code>payment:${id}</code> `)}</p>`
}
${table(
  `Figures of ${isInvoice ? 'invoice' : 'payment'} ${one.number}`,
  [{ says: 'Figure' }, { says: 'Amount', figures: true }],
  rows.map(([says, amount]) => [says, amount === null ? 'not stated' : money(amount)]),
)}</section>`;
}

function disputeItem(dispute: Dispute): Html {
  const { says } = disputeWords[dispute.rule];
  const figures = [
    dispute.stated !== null && `stated ${money(dispute.stated)}`,
    dispute.computed !== null && `computed ${money(dispute.computed)}`,
    dispute.difference !== null && `difference ${money(dispute.difference)}`,
  ].filter((text) => text);
  const more = dispute.from.length - sourcesShown;
  return html`<li><strong>${says}</strong> ${figures.length > 0 && html`${figures.join(', ')}. `}<span class="soft small">From ${dispute.from.slice(0, sourcesShown).map((key, index) => html`${index > 0 && ', '}<code>${key}</code>`)}${more > 0 && ` and ${count(more)} more`}.</span></li>`;
}
