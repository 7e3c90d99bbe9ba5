import { type Html, html } from '../html/html.js';
import { facts as pairs, table } from '../html/parts.js';
import { count, counted, words } from '../html/wording.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import { inventoryPage, leftOut } from './inventory-page.js';
import type { ManualReview, WorkerWithoutUser } from './manual-review.js';

export function manualReviewHtml(facts: ReportFacts, review: ManualReview): string {
  return inventoryPage(facts, {
    title: 'To review by hand',
    lead: [
      'What a person has to decide or do: it has no place in Pipedrive, or it must not be moved by a machine. Pay and positions are counted here, never printed.',
    ],
    body: [
      workers(review.workers, facts),
      pay(review),
      tracking(review),
      areas(review),
      leftOut({ rows: 0, all: 0, unread: review.unread }),
      dropped(review),
    ],
  });
}

function workers(list: ReadonlyArray<WorkerWithoutUser>, facts: ReportFacts): Html {
  const toInvite = list.filter((worker) => worker.active && worker.email !== null);
  return html`<section><h2>Workers without a user in Pipedrive</h2>
${
  list.length === 0
    ? html`<p>None: every worker of the export was matched to a user, or this run has not come to its owners.</p>`
    : html`<p>Their records stand under the default owner. The account has ${counted(facts.connection.seats, 'seat')}.</p>
${table(
  'Workers without a user, and what was decided',
  [
    { says: 'Worker' },
    { says: 'E-mail' },
    { says: 'In OctopusPro' },
    { says: 'Records', figures: true },
    { says: 'Decision', prose: true },
  ],
  list.map((worker) => [
    html`${worker.name} <span class="soft small">${worker.sourceKey}</span>`,
    worker.email ?? 'none',
    worker.active ? 'active' : 'not active',
    count(worker.records),
    html`${worker.state === 'default' ? 'stays with the default owner' : 'bind a user later'}<br><span class="soft small">${whyWithoutUser(worker)}</span>`,
  ]),
)}
<h3>Users to invite</h3>
${
  toInvite.length === 0
    ? html`<p>Nobody: no active worker among them has an e-mail address.</p>`
    : html`<p>For Pipedrive's admin: invite these ${counted(toInvite.length, 'person', 'people')} under Manage users, with exactly this address. Then the records can be handed over to them.</p>
<ol>${toInvite.map((worker) => html`<li>${worker.name}, ${worker.email}</li>`)}</ol>`
}`
}</section>`;
}

export function whyWithoutUser({ decidedBy, email }: WorkerWithoutUser): string {
  if (decidedBy !== 'email') return `decided by ${words(decidedBy)}`;
  return email === null ? 'the export has no e-mail address of theirs' : 'no user has this e-mail address';
}

function pay({ pay: found }: ManualReview): Html {
  return html`<section><h2>Pay rates</h2>
<p>Pay has no place in a CRM that the whole sales team reads. Carry it over to your payroll by hand, from pay_rates.csv and fieldworkers.csv of the export.</p>
${pairs([
  ['Pay rates', count(found.rates)],
  ['Workers with pay rates', count(found.workersWithRates)],
  ['By structure', found.byStructure.map((row) => `${row.structure}: ${count(row.rates)}`).join(', ')],
  ['Workers with pay in their own row', count(found.workersWithPayColumns)],
])}</section>`;
}

function tracking({ tracking: found }: ManualReview): Html {
  return html`<section><h2>Location tracking and positions</h2>
<p>Pipedrive does not track where people are. Positions of workers are personal data: decide how long you keep them in the export. Positions of job sites may be kept.</p>
${pairs([
  ['Workers with tracking switched on', count(found.workersTracked)],
  ['Appointments with a check-in position', count(found.checkIns)],
  ['Files with a position', count(found.files)],
  ['Bookings with a position of the site', count(found.bookings)],
  ['Customer addresses with a position', count(found.addresses)],
])}</section>`;
}

function areas({ areas: found, servicesWithAreas }: ManualReview): Html {
  return html`<section><h2>Service areas</h2>
<p>Pipedrive knows no areas. The shapes stay in service_areas.json of the export and can be opened by any map tool (GeoJSON). ${
    servicesWithAreas > 0 &&
    `${counted(servicesWithAreas, 'service')} ${servicesWithAreas === 1 ? 'is' : 'are'} limited to an area or location.`
  }</p>
${
  found.length === 0
    ? html`<p class="soft">The export holds no service areas.</p>`
    : table(
        'Service areas',
        [{ says: 'Area' }, { says: 'Price zone' }, { says: 'Belongs to' }],
        found.map((area) => [
          area.name,
          area.priceZone || '–',
          `${count(area.owners)} × ${words(area.ownerType || 'owner not stated')}`,
        ]),
      )
}</section>`;
}

function dropped({ dropped: found }: ManualReview): Html {
  return html`<section><h2>Sensitive columns that were dropped</h2>
<p>Passwords, bank, card, tax and licence data were dropped when the export was read: they are neither in our database nor in Pipedrive nor in any document. Keep them, if you must, where they belong.</p>
${
  found.length === 0
    ? html`<p class="soft">No such column was found.</p>`
    : table(
        'Dropped columns, by name',
        [{ says: 'Column' }, { says: 'File' }, { says: 'Object' }],
        found.map((row) => [row.column, row.file || '–', words(row.object)]),
      )
}</section>`;
}
