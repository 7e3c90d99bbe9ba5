import { type Html, html } from '../html/html.js';
import { facts as pairs, table, yesNoUnknown } from '../html/parts.js';
import { capital, count, counted, words } from '../html/wording.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import type { CustomField, CustomFieldInventory, Fate } from './custom-fields.js';
import type { Form, FormInventory } from './forms.js';
import { inventoryPage, leftOut, nothingFound } from './inventory-page.js';

export function formsAndFieldsHtml(
  facts: ReportFacts,
  forms: FormInventory,
  custom: CustomFieldInventory,
): string {
  return inventoryPage(facts, {
    title: 'Forms and custom fields',
    lead: [
      'Forms and checklists are templates of OctopusPro and do not move; each stands here so that you can build its replacement. Below them stands every custom field, and what became of it.',
    ],
    body: [
      forms.forms.length === 0
        ? nothingFound('forms or checklists', 'forms.csv')
        : html`<section><h2>Forms and checklists</h2>
<p>${counted(forms.all, 'form')}. ${forms.answersMigrated ? 'The answers were carried over with the bookings.' : 'This run did not carry the answers over; they are in the export.'}</p>
${forms.uncountedResponses > 0 && html`<p>${counted(forms.uncountedResponses, 'more response')} in a JSON file ${forms.uncountedResponses === 1 ? 'is' : 'are'} not counted below.</p>`}
${table(
  'All forms',
  [
    { says: 'Form' },
    { says: 'Active' },
    { says: 'Responses', figures: true },
    { says: 'Last use' },
    { says: 'Shown' },
  ],
  forms.forms.map((form, index) => [
    html`<a href="#form-${index + 1}">${form.name}</a>`,
    yesNoUnknown(form.active),
    count(form.responses),
    form.lastUse ?? 'never',
    form.displayAt || 'not stated',
  ]),
)}</section>`,
      leftOut({ rows: forms.forms.length, all: forms.all, unread: [...forms.unread, ...custom.unread] }),
      ...forms.forms.map(formSection),
      fieldsSection(custom),
    ],
  });
}

function formSection(form: Form, index: number): Html {
  return html`<section id="form-${index + 1}"><h2>${form.name}</h2>
${pairs([
  ['Purpose', form.purpose],
  ['Shown to', form.displayTo.join(', ') || 'not stated'],
  ['Shown at', form.displayAt || 'not stated'],
  ['Services', form.services.join(', ') || 'all'],
  ['Booking statuses', form.statuses.join(', ') || 'all'],
  ['Mandatory', yesNoUnknown(form.mandatory)],
  ['Active', yesNoUnknown(form.active)],
  ['Responses', count(form.responses)],
  ['Last use', form.lastUse ?? 'never'],
  ['Answers with files', count(form.withFiles)],
  ['Suggested replacement', form.replacement],
  ['Number in OctopusPro', form.id],
])}
${
  form.fields.length === 0
    ? html`<p class="soft">The export lists no fields of this form.</p>`
    : table(
        `Fields of “${form.name}”`,
        [
          { says: 'Field' },
          { says: 'Type' },
          { says: 'Mandatory' },
          { says: 'Options', prose: true },
          { says: 'Photos' },
          { says: 'Answered', figures: true },
        ],
        form.fields.map((field) => [
          field.label,
          field.type,
          yesNoUnknown(field.mandatory),
          bullets(field.options),
          field.photoRule || '–',
          count(field.answers),
        ]),
      )
}</section>`;
}

const fates: Record<Fate, { says: string; tone: string }> = {
  own: { says: 'own field', tone: 'good' },
  packed: { says: 'packed', tone: 'warn' },
  not_carried: { says: 'not carried', tone: 'bad' },
  never_filled: { says: 'never filled', tone: 'soft' },
};

function fieldsSection(custom: CustomFieldInventory): Html {
  if (custom.fields.length === 0) return nothingFound('custom field definitions', 'custom_fields.csv');
  const counts = (Object.keys(fates) as Fate[]).map(
    (fate) => `${count(custom.fields.filter((field) => field.fate === fate).length)} ${fates[fate].says}`,
  );
  return html`<section><h2>Custom fields</h2>
<p>${counted(custom.all, 'field')}: ${counts.join(', ')}. <strong>Own field</strong>: a field of its own in Pipedrive. <strong>Packed</strong>: one line of the text field named “More details”, or of a note. <strong>Not carried</strong>: no field, for the reason that stands beside it; the values stay in the export.</p>
${table(
  'Custom fields and what became of them',
  [
    { says: 'Field' },
    { says: 'On' },
    { says: 'Type' },
    { says: 'Filled', figures: true },
    { says: 'In Pipedrive', prose: true },
    { says: 'Options' },
  ],
  custom.fields.map((field) => [
    html`${field.label}<br><span class="soft small">${aboutField(field)}</span>`,
    words(field.appliesTo),
    field.type,
    `${count(field.filled)} of ${count(field.of)}`,
    fateWords(field),
    options(field),
  ]),
)}</section>`;
}

function fateWords(field: CustomField): Html {
  const { says, tone } = fates[field.fate];
  return html`<strong class="${tone}">${capital(says)}</strong>${
    field.target &&
    html`: ${field.target.entity}, “${field.target.field}”${field.target.type && ` (${field.target.type})`}`
  }${field.why !== '' && html`<br><span class="soft small">${field.why}</span>`}`;
}

function options(field: CustomField): Html | string {
  return bullets(
    field.options.map((option) => {
      const effects = [
        option.priceEffect && `price ${signed(option.priceEffect)}`,
        option.minutesEffect && `${signed(option.minutesEffect)} min`,
        option.active === false && 'inactive',
      ].filter((text) => text);
      return effects.length > 0 ? `${option.label} (${effects.join(', ')})` : option.label;
    }),
  );
}

function aboutField(field: CustomField): string {
  return [
    field.id,
    field.group,
    field.active === false && 'inactive',
    field.mandatory === true && 'mandatory',
    field.dependsOn !== '' && `depends on field ${field.dependsOn}`,
    field.helperText !== '' && `hint: ${field.helperText}`,
  ]
    .filter((text) => text)
    .join(', ');
}

function signed(amount: string): string {
  return /^[+-]/.test(amount) ? amount : `+${amount}`;
}

function bullets(items: ReadonlyArray<string>): Html | string {
  return items.length === 0
    ? '–'
    : html`<ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}
