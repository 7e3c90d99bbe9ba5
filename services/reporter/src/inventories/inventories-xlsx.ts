import { yesNoUnknown } from '../html/parts.js';
import { count, money, words } from '../html/wording.js';
import type { DisputeRule } from '../reporter/find-billing-disputes.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import type { Automation, MessageTemplate } from './automations.js';
import type { BillingCase } from './billing-disputes.js';
import { disputeWords } from './billing-disputes-html.js';
import type { CustomField } from './custom-fields.js';
import type { Form } from './forms.js';
import type { Inventories } from './inventories-json.js';
import { whyWithoutUser } from './manual-review-html.js';
import { type Cell, type Sheet, workbookOf } from './workbook.js';

/** A sheet that nobody could read through; the file would grow with the data. All of them are in inventories.json. */
const mostDisputes = 20_000;

/** The same as the pages, as sheets to work through: filtered, ticked off, handed round. */
export async function inventoriesXlsx(
  facts: ReportFacts,
  inventories: Inventories,
  cases: AsyncIterable<BillingCase>,
): Promise<Buffer> {
  const { currency } = facts.mapping.content.settings;
  const disputes = await disputesOf(cases, currency);
  const sheets = [
    automationsSheet(inventories.automations.automations),
    textsSheet(inventories.automations),
    questionsSheet(inventories),
    formsSheet(inventories.forms.forms),
    formFieldsSheet(inventories.forms.forms),
    customFieldsSheet(inventories.customFields.fields),
    portalSheet(inventories),
    workersSheet(inventories),
    byHandSheet(inventories),
    areasSheet(inventories),
    droppedSheet(inventories),
    outOfScopeSheet(inventories),
    disputes.sheet,
  ];
  return workbookOf([aboutSheet(facts, inventories, sheets, disputes), ...sheets]);
}

function aboutSheet(
  facts: ReportFacts,
  inventories: Inventories,
  sheets: ReadonlyArray<Sheet>,
  disputes: { listed: number; all: number },
): Sheet {
  const notHere = [
    ...cutOf('automations', inventories.automations.automations.length, inventories.automations.all),
    ...cutOf('questions', inventories.faqs.faqs.length, inventories.faqs.all),
    ...cutOf('forms', inventories.forms.forms.length, inventories.forms.all),
    ...cutOf('custom fields', inventories.customFields.fields.length, inventories.customFields.all),
    ...cutOf('portal settings', inventories.portal.listed, inventories.portal.all),
    ...cutOf('possible billing disputes', disputes.listed, disputes.all, 'all are in inventories.json'),
    ...[
      inventories.automations,
      inventories.faqs,
      inventories.forms,
      inventories.customFields,
      inventories.portal,
      inventories.manualReview,
    ].flatMap(({ unread }) => unread.map(({ path, why }) => `${path}: ${why}.`)),
  ];
  const rows: Cell[][] = [
    [
      'This file',
      `What does not move from OctopusPro to Pipedrive by itself, of “${facts.migration.name}”, written for ${facts.connection.companyDomain}. The same stands in the pages inventory-….html, with more around it.`,
      null,
    ],
    ...sheets.map((sheet) => [sheet.name, sheetWords[sheet.name] ?? '', sheet.rows.length]),
    ...[...new Set(notHere)].map((says) => ['Not all of it is here', says, null]),
  ];
  return sheetOf(
    'Read me first',
    [
      ['Sheet', 26],
      ['What it is for', 90],
      ['Rows', 10],
    ],
    rows,
  );
}

/** What a reader does with each sheet. */
const sheetWords: Readonly<Record<string, string>> = {
  Automations:
    'Rules that OctopusPro ran by itself. Build each by hand in Pipedrive, after the cutover: what the migration writes may set off rules. Tick them off in the last column.',
  'Message texts': 'The texts that the rules send, with what to put in the place of each placeholder.',
  Questions: 'Questions and answers of the customer portal, for your website or knowledge base.',
  Forms: 'Forms and checklists to build a replacement for.',
  'Form fields': 'The fields of those forms, one row each.',
  'Custom fields': 'Your own fields of OctopusPro and where their values are in Pipedrive now.',
  'Portal settings': 'How the customer portal was set up, and what takes the place of each part.',
  'Workers without user':
    'People whose records stand under the default owner, because no user has their address.',
  'To review by hand': 'Pay, positions and areas: counted here, never printed. Decide what becomes of them.',
  'Service areas': 'Areas in which you work. The shapes are in service_areas.json of the export.',
  'Dropped columns':
    'Columns with passwords, bank, card, tax or licence data: dropped when the export was read.',
  'Not migrated': 'What else was found in the export and has no place in Pipedrive.',
  'Billing doubts': 'Invoices and payments of which the figures cannot all be right. Nothing was corrected.',
};

function cutOf(what: string, listed: number, all: number, where = 'the others are in the export'): string[] {
  return all > listed ? [`Of ${count(all)} ${what} the first ${count(listed)} are listed; ${where}.`] : [];
}

function automationsSheet(automations: ReadonlyArray<Automation>): Sheet {
  return sheetOf(
    'Automations',
    [
      ['Rule', 32],
      ['Switched on', 12],
      ['Fit', 10],
      ['Category', 16],
      ['Trigger in OctopusPro', 34],
      ['Conditions', 30],
      ['Actions', 34],
      ['Schedule', 20],
      ['Goes to', 18],
      ['By', 14],
      ['Texts', 24],
      ['Last run', 18],
      ['Runs in 30 days', 10],
      ['Trigger in Pipedrive', 34],
      ['Action in Pipedrive', 34],
      ['Note', 40],
      ['How to rebuild it', 70],
      ['Number in OctopusPro', 14],
      ['Rebuilt by, on', 18],
    ],
    automations.map((rule) => [
      rule.name,
      rule.enabled === null ? 'not stated' : rule.enabled ? 'on' : 'off',
      rule.equivalent?.fit ?? 'unknown',
      rule.category,
      [rule.trigger, rule.triggerType && `(${rule.triggerType})`].filter(Boolean).join(' '),
      rule.conditions,
      rule.actions.join('\n'),
      [rule.frequency, rule.offset].filter(Boolean).join(', ') || 'at once',
      rule.audience,
      rule.channels.join(', '),
      [
        ...rule.templates.map(({ name }) => name),
        ...rule.missingTemplates.map((name) => `${name} (not in the export)`),
      ].join('\n'),
      rule.lastRun || 'never, or not stated',
      figure(rule.runs30d),
      rule.equivalent?.trigger ?? 'no equivalent known',
      rule.equivalent?.action ?? '',
      rule.equivalent?.remark ?? '',
      rule.steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
      rule.id,
      null,
    ]),
  );
}

function textsSheet({ automations, otherTemplates }: Inventories['automations']): Sheet {
  const users = new Map<MessageTemplate, string[]>(otherTemplates.map((template) => [template, []]));
  for (const { name, templates } of automations)
    for (const template of templates) users.set(template, [...(users.get(template) ?? []), name]);
  return sheetOf(
    'Message texts',
    [
      ['Text', 28],
      ['Sent by', 12],
      ['To', 14],
      ['Subject', 36],
      ['Body', 80],
      ['Placeholders', 44],
      ['Used by the rules', 34],
    ],
    [...users].map(([template, rules]) => [
      template.name,
      template.channel,
      template.receiver,
      template.subject,
      template.text,
      template.placeholders
        .map(({ name, becomes }) => `{${name}} → ${becomes ?? 'find the field in Pipedrive by hand'}`)
        .join('\n'),
      rules.join('\n') || 'none',
    ]),
  );
}

function questionsSheet({ faqs }: Inventories): Sheet {
  return sheetOf(
    'Questions',
    [
      ['Question', 50],
      ['Answer', 90],
      ['Services', 30],
      ['Shown on the portal', 12],
      ['Active', 12],
      ['Order', 8],
      ['Number in OctopusPro', 14],
    ],
    faqs.faqs.map((faq) => [
      faq.question,
      faq.answer,
      faq.services.join('\n') || 'all',
      yesNoUnknown(faq.onPortal),
      yesNoUnknown(faq.active),
      figure(faq.order),
      faq.id,
    ]),
  );
}

function formsSheet(forms: ReadonlyArray<Form>): Sheet {
  return sheetOf(
    'Forms',
    [
      ['Form', 34],
      ['Purpose', 40],
      ['Active', 12],
      ['Responses', 12],
      ['Last use', 12],
      ['Shown to', 20],
      ['Shown at', 20],
      ['Services', 28],
      ['Booking statuses', 24],
      ['Mandatory', 12],
      ['Answers with files', 12],
      ['Suggested replacement', 50],
      ['Number in OctopusPro', 14],
    ],
    forms.map((form) => [
      form.name,
      form.purpose,
      yesNoUnknown(form.active),
      form.responses,
      form.lastUse ?? 'never',
      form.displayTo.join(', ') || 'not stated',
      form.displayAt || 'not stated',
      form.services.join('\n') || 'all',
      form.statuses.join('\n') || 'all',
      yesNoUnknown(form.mandatory),
      form.withFiles,
      form.replacement,
      form.id,
    ]),
  );
}

function formFieldsSheet(forms: ReadonlyArray<Form>): Sheet {
  return sheetOf(
    'Form fields',
    [
      ['Form', 34],
      ['Field', 40],
      ['Type', 16],
      ['Mandatory', 12],
      ['Options', 40],
      ['Photos', 24],
      ['Answered', 12],
    ],
    forms.flatMap((form) =>
      form.fields.map((field) => [
        form.name,
        field.label,
        field.type,
        yesNoUnknown(field.mandatory),
        field.options.join('\n'),
        field.photoRule,
        field.answers,
      ]),
    ),
  );
}

const fateWords: Record<CustomField['fate'], string> = {
  own: 'a field of its own',
  packed: 'a line of another text',
  not_carried: 'not carried over',
  never_filled: 'never filled',
};

function customFieldsSheet(fields: ReadonlyArray<CustomField>): Sheet {
  return sheetOf(
    'Custom fields',
    [
      ['Field', 34],
      ['Of', 14],
      ['Type', 16],
      ['Filled', 10],
      ['Records', 10],
      ['What became of it', 22],
      ['On, in Pipedrive', 16],
      ['Field in Pipedrive', 34],
      ['Why, or what it loses', 50],
      ['Options', 40],
      ['Group', 18],
      ['Hint', 34],
      ['Mandatory', 12],
      ['Active', 12],
      ['Depends on field', 14],
      ['Services', 28],
      ['Number in OctopusPro', 14],
    ],
    fields.map((field) => [
      field.label,
      words(field.appliesTo),
      field.type,
      field.filled,
      field.of,
      fateWords[field.fate],
      field.target?.entity ?? '',
      field.target?.field ?? '',
      field.why,
      field.options.map(optionText).join('\n'),
      field.group,
      field.helperText,
      yesNoUnknown(field.mandatory),
      yesNoUnknown(field.active),
      field.dependsOn,
      field.services,
      field.id,
    ]),
  );
}

function optionText(option: CustomField['options'][number]): string {
  const effects = [
    option.priceEffect && `price ${option.priceEffect}`,
    option.minutesEffect && `${option.minutesEffect} min`,
    option.active === false && 'inactive',
  ].filter(Boolean);
  return effects.length > 0 ? `${option.label} (${effects.join(', ')})` : option.label;
}

function portalSheet({ portal }: Inventories): Sheet {
  return sheetOf(
    'Portal settings',
    [
      ['Part of the portal', 28],
      ['Setting', 34],
      ['Value', 60],
      ['Note', 40],
      ['Replaced by', 60],
      ['What OctopusPro has here', 60],
    ],
    portal.sections.flatMap(({ section, items, replacement, settings }): Cell[][] =>
      settings.length === 0
        ? [[section, 'none in the export', null, null, replacement, items]]
        : settings.map((setting) => [
            section,
            words(setting.key),
            setting.value ?? 'not printed: looks like a credential',
            setting.notes,
            replacement,
            items,
          ]),
    ),
  );
}

function workersSheet({ manualReview }: Inventories): Sheet {
  return sheetOf(
    'Workers without user',
    [
      ['Worker', 30],
      ['E-mail', 34],
      ['In OctopusPro', 14],
      ['Records', 12],
      ['Decision', 32],
      ['Why', 34],
      ['Number in OctopusPro', 20],
    ],
    manualReview.workers.map((worker) => [
      worker.name,
      worker.email ?? 'none',
      worker.active ? 'active' : 'not active',
      worker.records,
      worker.state === 'default' ? 'stays with the default owner' : 'bind a user later',
      whyWithoutUser(worker),
      worker.sourceKey,
    ]),
  );
}

function byHandSheet({ manualReview: { pay, tracking, servicesWithAreas } }: Inventories): Sheet {
  const toPayroll = 'Carry it over to your payroll by hand, from the export.';
  const positions = 'Personal data: decide how long you keep it in the export.';
  return sheetOf(
    'To review by hand',
    [
      ['About', 26],
      ['What', 44],
      ['How many', 12],
      ['What to do', 60],
    ],
    [
      ['Pay', 'Pay rates', pay.rates, toPayroll],
      ...pay.byStructure.map((row): Cell[] => ['Pay', `Pay rates, ${row.structure}`, row.rates, toPayroll]),
      ['Pay', 'Workers with pay rates', pay.workersWithRates, toPayroll],
      ['Pay', 'Workers with pay in their own row', pay.workersWithPayColumns, toPayroll],
      ['Positions', 'Workers with tracking switched on', tracking.workersTracked, positions],
      ['Positions', 'Appointments with a check-in position', tracking.checkIns, positions],
      ['Positions', 'Files with a position', tracking.files, positions],
      ['Positions', 'Bookings with a position of the site', tracking.bookings, 'May be kept.'],
      ['Positions', 'Customer addresses with a position', tracking.addresses, 'May be kept.'],
      [
        'Areas',
        'Services that are limited to an area or location',
        servicesWithAreas,
        'Pipedrive knows no areas: say it in the description of the product.',
      ],
    ],
  );
}

function areasSheet({ manualReview }: Inventories): Sheet {
  return sheetOf(
    'Service areas',
    [
      ['Area', 34],
      ['Price zone', 20],
      ['Belongs to', 20],
      ['How many', 12],
    ],
    manualReview.areas.map((area) => [
      area.name,
      area.priceZone,
      words(area.ownerType || 'not stated'),
      area.owners,
    ]),
  );
}

function droppedSheet({ manualReview }: Inventories): Sheet {
  return sheetOf(
    'Dropped columns',
    [
      ['Column', 34],
      ['File', 40],
      ['Of', 20],
    ],
    manualReview.dropped.map((row) => [row.column, row.file, words(row.object)]),
  );
}

function outOfScopeSheet({ outOfScope }: Inventories): Sheet {
  return sheetOf(
    'Not migrated',
    [
      ['What', 40],
      ['Rows', 12],
      ['Files', 44],
      ['Why', 70],
    ],
    [
      ...outOfScope.objects.map((found): Cell[] => [
        words(found.object),
        found.rows ?? 'not counted',
        found.files.map(({ path }) => path).join('\n'),
        found.why,
      ]),
      ...outOfScope.unrecognised.map(({ path, bytes }): Cell[] => [
        'a file we do not know',
        null,
        path,
        `${count(bytes)} bytes; it stays in the package.`,
      ]),
    ],
  );
}

async function disputesOf(
  cases: AsyncIterable<BillingCase>,
  currency: string,
): Promise<{ sheet: Sheet; listed: number; all: number }> {
  const rows: Cell[][] = [];
  let all = 0;
  for await (const one of cases)
    for (const dispute of one.disputes) {
      all += 1;
      if (rows.length < mostDisputes) rows.push(disputeRow(one, dispute, currency));
    }
  const sheet = sheetOf(
    'Billing doubts',
    [
      ['Invoice or payment', 22],
      ['Status', 16],
      ['Doubt', 60],
      ['Stated', 14],
      ['Computed', 14],
      ['Difference', 14],
      ['Currency', 10],
      ['Customer', 14],
      ['File', 26],
      ['Row', 10],
      ['Number in OctopusPro', 20],
      ['Checked by, on', 18],
    ],
    rows,
  );
  return { sheet, listed: rows.length, all };
}

function disputeRow(
  one: BillingCase,
  dispute: { rule: DisputeRule; stated: string | null; computed: string | null; difference: string | null },
  currency: string,
): Cell[] {
  const { says } = disputeWords[dispute.rule];
  const kind = one.key.startsWith('invoice:') ? 'Invoice' : 'Payment';
  // As text: a spreadsheet would round what has more digits than it can hold.
  const amount = (value: string | null) => (value === null ? null : money(value));
  return [
    `${kind} ${one.number}`,
    one.status,
    says,
    amount(dispute.stated),
    amount(dispute.computed),
    amount(dispute.difference),
    currency,
    one.customerId,
    one.file,
    one.fileRow,
    one.key,
    null,
  ];
}

/** A count of the export as a number, where it is one. */
function figure(text: string): Cell {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function sheetOf(
  name: string,
  columns: ReadonlyArray<readonly [says: string, width: number]>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
): Sheet {
  return { name, columns: columns.map(([says, width]) => ({ says, width })), rows };
}
