import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { parseDay } from '@octopipe/shared/domain/convert/date';
import { plainText } from '@octopipe/shared/domain/convert/html';
import { optionKey, parseList } from '@octopipe/shared/domain/convert/list';
import type { MappingContent, MappingSettings } from '@octopipe/shared/domain/mapping/content';
import { listKeptObjects } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import { cellsOf } from './cells.js';
import { serviceNames } from './faqs.js';
import { type Definition, type InventorySource, readDefinitions } from './read-definitions.js';

export interface FormField {
  id: string;
  label: string;
  type: string;
  mandatory: boolean | null;
  options: string[];
  photoRule: string;
  answers: number;
}

export interface Form {
  id: string;
  name: string;
  /** What it is for, concluded from when and to whom it is shown. */
  purpose: string;
  displayTo: string[];
  displayAt: string;
  services: string[];
  statuses: string[];
  mandatory: boolean | null;
  active: boolean | null;
  fields: FormField[];
  responses: number;
  /** YYYY-MM-DD, null when there is no response with a date that can be read. */
  lastUse: string | null;
  /** Answers that carry files: photos and signatures. */
  withFiles: number;
  replacement: string;
}

export interface FormInventory {
  forms: Form[];
  all: number;
  /** Whether the mapping of the run carries the answers over. */
  answersMigrated: boolean;
  /** Responses in JSON files: counted, not read. */
  uncountedResponses: number;
  unread: Array<{ path: string; why: string }>;
}

interface Use {
  responses: number;
  lastUse: string | null;
  withFiles: number;
  answers: Map<string, number>;
}

export async function gatherForms(source: InventorySource, content: MappingContent): Promise<FormInventory> {
  const found = await readDefinitions(source, 'form');
  const fields = await readDefinitions(source, 'form_field');
  const use = await useOfForms(source, content.settings);
  const names = await serviceNames(
    source,
    found.rows.flatMap((row) => parseList(row.fields.services)),
  );
  const kept = await listKeptObjects(source.tx, source.tenantId, source.exportId);
  return {
    forms: found.rows.map((row) =>
      formOf(
        row,
        fields.rows.filter((field) => field.fields.form_id === row.id),
        use.get(row.id) ?? use.get(optionKey(row.fields.name ?? '')),
        names,
      ),
    ),
    all: found.all,
    answersMigrated: content.objects.some((object) => object.object === 'form_response' && object.supported),
    uncountedResponses: kept.find((object) => object.object === 'form_response')?.rows ?? 0,
    unread: [...found.unread, ...fields.unread],
  };
}

function formOf(
  { id, fields }: Definition,
  own: ReadonlyArray<Definition>,
  use: Use | undefined,
  services: ReadonlyMap<string, string>,
): Form {
  const displayTo = parseList(fields.display_to);
  const displayAt = parseList(fields.display_at).join(', ');
  const formFields = own.map(({ id: fieldId, fields: field }) => ({
    id: fieldId,
    label: field.label ?? '',
    type: field.type ?? '',
    mandatory: parseBool(field.mandatory) ?? null,
    options: parseList(field.options),
    photoRule: field.photo_rule ?? '',
    answers: use?.answers.get(fieldId) ?? use?.answers.get(optionKey(field.label ?? '')) ?? 0,
  }));
  return {
    id,
    name: plainText(fields.name ?? ''),
    purpose: purposeOf(displayAt, displayTo),
    displayTo,
    displayAt,
    services: parseList(fields.services).map((service) => services.get(service) ?? service),
    statuses: parseList(fields.statuses),
    mandatory: parseBool(fields.mandatory) ?? null,
    active: parseBool(fields.active) ?? null,
    fields: formFields,
    responses: use?.responses ?? 0,
    lastUse: use?.lastUse ?? null,
    withFiles: use?.withFiles ?? 0,
    replacement: replacementOf(displayTo, formFields),
  };
}

/** Counted in the database. Days are read here, because tenants write dates in their own way. */
async function useOfForms(source: InventorySource, settings: MappingSettings): Promise<Map<string, Use>> {
  const { tx } = source;
  const cells = await cellsOf(tx, source.tenantId, source.exportId, 'form_response', [
    'form_id',
    'form_name',
    'response_id',
    'submitted_at',
    'form_field_id',
    'label',
    'value',
    'attachment_ids',
  ]);
  const use = new Map<string, Use>();
  if (!cells) return use;
  const form = sql`coalesce(c0, lower(c1), '')`;
  const totals = await sql<{ form: string; responses: number; withFiles: number }>`
    select ${form} as form, count(distinct c2)::int as responses, count(c7)::int as with_files
    from ${cells} group by 1`.execute(tx);
  for (const { form: key, ...counts } of totals.rows)
    use.set(key, { ...counts, lastUse: null, answers: new Map() });
  const answers = await sql<{ form: string; field: string; answers: number }>`
    select ${form} as form, coalesce(c4, lower(c5), '') as field, count(*)::int as answers
    from ${cells} where c6 is not null or c7 is not null group by 1, 2`.execute(tx);
  for (const row of answers.rows) use.get(row.form)?.answers.set(row.field, row.answers);
  const days = await sql<{ form: string; day: string }>`
    select distinct ${form} as form, left(c3, 10) as day from ${cells} where c3 is not null`.execute(tx);
  for (const row of days.rows) {
    const day = parseDay(row.day.trim(), settings);
    const own = use.get(row.form);
    if (own && day !== undefined && (own.lastUse === null || day > own.lastUse)) own.lastUse = day;
  }
  return use;
}

const moments: ReadonlyArray<readonly [RegExp, string]> = [
  [/check.?in/i, 'Filled in on arrival, before the work begins'],
  [/in progress/i, 'Filled in while the work is done'],
  [/check.?out/i, 'Filled in when the work is done, before leaving'],
  [/change status/i, 'Filled in when the status of a booking changes'],
  [/satisfaction/i, 'Asks for satisfaction or a next date after the job'],
  [/gift card/i, 'Collects what a gift card needs'],
  [/quote/i, 'Filled in when a quote is accepted or declined'],
  [/accept/i, 'Filled in when a booking is accepted'],
  [/always/i, 'Can be filled in at any time'],
];

function purposeOf(displayAt: string, displayTo: ReadonlyArray<string>): string {
  const moment = moments.find(([words]) => words.test(displayAt))?.[1] ?? 'Filled in for a booking';
  return displayTo.length === 0 ? moment : `${moment}, by: ${displayTo.join(', ')}`;
}

function replacementOf(displayTo: ReadonlyArray<string>, fields: ReadonlyArray<FormField>): string {
  const isForCustomers = displayTo.some((audience) => /customer|client/i.test(audience));
  const isSigned = fields.some((field) => /signature|e-?sign/i.test(field.type));
  const hasPhotos = fields.some(
    (field) => /image|photo|file|upload/i.test(field.type) || field.photoRule !== '',
  );
  return [
    isForCustomers
      ? 'A Pipedrive web form (LeadBooster) or another form tool, linked from an e-mail.'
      : 'An activity with the list in its note, made by an automation when the deal reaches its stage; answers that you search by become deal fields.',
    ...(isSigned ? ['Signatures: Smart Docs.'] : []),
    ...(hasPhotos ? ['Photos: upload them as files of the deal from the mobile app.'] : []),
  ].join(' ');
}
