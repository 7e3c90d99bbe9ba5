import { type Html, html } from '../html/html.js';
import { linked, facts as pairs, table } from '../html/parts.js';
import { capital, count, counted } from '../html/wording.js';
import { actionsPerAutomation, type Fit } from '../reporter/automation-equivalents.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import type { Automation, AutomationInventory, MessageTemplate } from './automations.js';
import { inventoryPage, leftOut, nothingFound } from './inventory-page.js';

/** For the person who rebuilds the rules by hand, after the cutover. */
export function automationsHtml(facts: ReportFacts, inventory: AutomationInventory): string {
  const { automations } = inventory;
  return inventoryPage(facts, {
    title: 'Automations to rebuild',
    lead: [
      'Automations do not move: Pipedrive builds them another way. Each rule stands here with its texts, the nearest thing in Pipedrive, and the steps.',
      html`<strong>Build them after the cutover.</strong> Records that the migration writes may set off automations and mail your customers about old bookings.`,
    ],
    tone: 'warn',
    body: [
      automations.length === 0 ? nothingFound('automations', 'automations.csv') : overview(inventory),
      leftOut({ rows: automations.length, all: inventory.all, unread: inventory.unread }),
      ...automations.map(ruleSection),
      inventory.otherTemplates.length > 0 &&
        html`<section><h2>Message templates that no rule names</h2>${inventory.otherTemplates.map(templateBlock)}</section>`,
    ],
  });
}

function overview(inventory: AutomationInventory): Html {
  const { automations, enabled, limit } = inventory;
  const plan = capital(inventory.plan.toLowerCase());
  return html`<section><h2>All rules</h2>
<p>${counted(inventory.all, 'rule')}, of which ${count(enabled)} switched on. ${
    limit === null
      ? html`How many automations the plan “${plan}” allows is not published in the table we know; automations need at least the plan Growth.`
      : html`The plan ${plan} allows ${count(limit.active)} active automations with ${count(actionsPerAutomation)} actions each, and ${count(limit.waits)} waits or delays in one automation; ${
          enabled > limit.active
            ? html`<strong class="bad">that is too few for the rules that are switched on.</strong>`
            : 'that is enough for the rules that are switched on.'
        }`
  }</p>
${table(
  'All rules, with what comes nearest in Pipedrive',
  [
    { says: 'Rule' },
    { says: 'Switched on' },
    { says: 'Fit' },
    { says: 'Trigger in OctopusPro', prose: true },
    { says: 'Nearest trigger in Pipedrive', prose: true },
  ],
  automations.map((rule, index) => [
    html`<a href="#rule-${index + 1}">${rule.name}</a>`,
    onOff(rule.enabled),
    fitWords(rule),
    rule.trigger,
    rule.equivalent?.trigger ?? 'no equivalent known',
  ]),
)}</section>`;
}

function ruleSection(rule: Automation, index: number): Html {
  const { equivalent } = rule;
  return html`<section id="rule-${index + 1}"><h2>${rule.name}</h2>
${pairs([
  ['Number in OctopusPro', rule.id],
  ['Switched on', onOff(rule.enabled)],
  ['Category', rule.category],
  [
    'Trigger',
    [rule.trigger, rule.triggerType && `(${rule.triggerType})`].filter((text) => text !== '').join(' '),
  ],
  ['Conditions', rule.conditions || 'none stated'],
  ['Actions', rule.actions.join('; ') || 'none stated'],
  ['Schedule', [rule.frequency, rule.offset].filter((text) => text !== '').join(', ') || 'at once'],
  ['Goes to', rule.audience],
  ['By', rule.channels.join(', ')],
  ['Last run', rule.lastRun || 'never, or not stated'],
  ['Runs in 30 days', rule.runs30d],
])}
<h3>In Pipedrive</h3>
${
  equivalent === null
    ? html`<p><strong class="bad">No equivalent known.</strong> The words of the rule fit none of the kinds we know.</p>`
    : pairs([
        [
          'Kind of rule',
          html`${equivalent.rule} <span class="soft">(recognised by “${equivalent.matchedOn}”)</span>`,
        ],
        ['Fit', fitWords(rule)],
        ['Trigger', equivalent.trigger],
        ['Action', equivalent.action],
        ['Note', equivalent.remark],
      ])
}
<h3>How to rebuild it</h3>
<ol>${rule.steps.map((step) => html`<li>${step}</li>`)}</ol>
${rule.missingTemplates.length > 0 && html`<p>The rule names ${rule.missingTemplates.length === 1 ? 'a template that is' : 'templates that are'} not in the export: ${rule.missingTemplates.map((name) => `“${name}”`).join(', ')}.</p>`}
${rule.templates.length > 0 && html`<h3>Texts</h3>${rule.templates.map(templateBlock)}`}
</section>`;
}

function templateBlock(template: MessageTemplate): Html {
  const kind = [template.channel, template.receiver && `to ${template.receiver}`].filter(
    (text) => text !== '',
  );
  return html`<figure><figcaption><strong>${template.name}</strong>${kind.length > 0 && html` <span class="soft">(${kind.join(' ')})</span>`}</figcaption>
<blockquote>${template.subject !== '' && html`<p><strong>${template.subject}</strong></p>`}${linked(template.text)}</blockquote>
${
  template.placeholders.length > 0 &&
  html`<ul class="small">${template.placeholders.map(
    ({ name, becomes }) =>
      html`<li><code>{${name}}</code> ${becomes === null ? html`<span class="soft">find the field in Pipedrive by hand</span>` : html`→ ${becomes}`}</li>`,
  )}</ul>`
}</figure>`;
}

const fits: Record<Fit, { says: string; tone: string }> = {
  good: { says: 'good', tone: 'good' },
  partial: { says: 'partial', tone: 'warn' },
  weak: { says: 'weak', tone: 'warn' },
  none: { says: 'none', tone: 'soft' },
};

function fitWords({ equivalent }: Automation): Html {
  if (equivalent === null) return html`<strong class="bad">unknown</strong>`;
  const { says, tone } = fits[equivalent.fit];
  return html`<strong class="${tone}">${says}</strong>`;
}

function onOff(enabled: boolean | null): string {
  return enabled === null ? 'not stated' : enabled ? 'on' : 'off';
}
