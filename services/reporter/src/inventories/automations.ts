import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { localText, parseWhen } from '@octopipe/shared/domain/convert/date';
import { plainText } from '@octopipe/shared/domain/convert/html';
import { optionKey, parseList } from '@octopipe/shared/domain/convert/list';
import type { MappingSettings } from '@octopipe/shared/domain/mapping/content';
import {
  type AutomationLimit,
  automationLimit,
  type Fit,
  findEquivalent,
} from '../reporter/automation-equivalents.js';
import { type Definition, type InventorySource, readDefinitions } from './read-definitions.js';

export interface Placeholder {
  name: string;
  /** What to put in its place in Pipedrive, null when nothing is known. */
  becomes: string | null;
}

export interface MessageTemplate {
  id: string;
  name: string;
  channel: string;
  receiver: string;
  subject: string;
  text: string;
  placeholders: Placeholder[];
}

export interface Automation {
  id: string;
  name: string;
  category: string;
  enabled: boolean | null;
  trigger: string;
  triggerType: string;
  conditions: string;
  actions: string[];
  channels: string[];
  audience: string;
  frequency: string;
  offset: string;
  templates: MessageTemplate[];
  /** Templates that the rule names and the export does not hold. */
  missingTemplates: string[];
  lastRun: string;
  runs30d: string;
  equivalent: {
    kind: string;
    rule: string;
    trigger: string;
    action: string;
    fit: Fit;
    remark: string;
    matchedOn: string;
  } | null;
  steps: string[];
}

export interface AutomationInventory {
  automations: Automation[];
  all: number;
  enabled: number;
  plan: string;
  limit: AutomationLimit | null;
  /** Templates that no rule names. */
  otherTemplates: MessageTemplate[];
  unread: Array<{ path: string; why: string }>;
}

export async function gatherAutomations(
  source: InventorySource,
  settings: MappingSettings,
  plan: string,
): Promise<AutomationInventory> {
  const found = await readDefinitions(source, 'automation');
  const stored = await readDefinitions(source, 'message_template');
  const templates = stored.rows.map(templateOf);
  const automations = found.rows.map((row) => automationOf(row, templates, settings));
  const used = new Set(automations.flatMap((automation) => automation.templates));
  return {
    automations,
    all: found.all,
    enabled: automations.filter((automation) => automation.enabled === true).length,
    plan,
    limit: automationLimit(plan) ?? null,
    otherTemplates: templates.filter((template) => !used.has(template)),
    unread: [...found.unread, ...stored.unread],
  };
}

export function automationOf(
  { id, fields }: Definition,
  templates: ReadonlyArray<MessageTemplate>,
  settings: MappingSettings,
): Automation {
  const names = parseList(fields.template_names);
  const isNamed = (template: MessageTemplate) =>
    names.some((name) => optionKey(name) === optionKey(template.name) || name === template.id);
  const when = parseWhen(fields.last_run, settings);
  const found = findEquivalent({
    name: fields.name ?? '',
    trigger: `${fields.trigger_detail ?? ''} ${fields.trigger_type ?? ''}`.trim(),
    actions: fields.actions ?? '',
  });
  const automation: Omit<Automation, 'steps'> = {
    id,
    name: fields.name ?? '',
    category: fields.category ?? '',
    enabled: parseBool(fields.enabled) ?? null,
    trigger: fields.trigger_detail ?? fields.trigger_type ?? '',
    triggerType: fields.trigger_detail === undefined ? '' : (fields.trigger_type ?? ''),
    conditions: plainText(fields.conditions ?? ''),
    actions: plainText(fields.actions ?? '')
      .split(';')
      .map((action) => action.trim())
      .filter((action) => action !== ''),
    channels: parseList(fields.channels),
    audience: parseList(fields.audience).join(', '),
    frequency: fields.frequency ?? '',
    offset: fields.offset ?? '',
    templates: templates.filter(isNamed),
    missingTemplates: names.filter(
      (name) =>
        !templates.some((template) => optionKey(template.name) === optionKey(name) || template.id === name),
    ),
    lastRun: when ? localText(when, settings) : (fields.last_run ?? ''),
    runs30d: fields.runs_30d ?? '',
    equivalent: found
      ? {
          kind: found.equivalent.kind,
          rule: found.equivalent.rule,
          trigger: found.equivalent.trigger,
          action: found.equivalent.action,
          fit: found.equivalent.fit,
          remark: found.equivalent.remark,
          matchedOn: found.matchedOn,
        }
      : null,
  };
  return { ...automation, steps: rebuildSteps(automation) };
}

/** In order. A rule that has no place in Pipedrive gets one sentence instead of a recipe. */
function rebuildSteps(rule: Omit<Automation, 'steps'>): string[] {
  if (rule.equivalent === null)
    return ['No equivalent is known. Decide whether the rule is still needed, and if so outside Pipedrive.'];
  if (rule.equivalent.fit === 'none') return [`Nothing to build in Pipedrive: ${rule.equivalent.action}.`];
  const channels = new Set(rule.channels.map((channel) => channel.toLowerCase()));
  const byMail = rule.templates.filter((template) => template.channel.toLowerCase() === 'email');
  const others = [...channels].filter((channel) => channel !== 'email');
  const isTimed = rule.offset !== '' || rule.frequency !== '';
  return [
    ...(rule.enabled === false
      ? ['The rule was switched off in OctopusPro: decide first whether it is wanted at all.']
      : []),
    ...byMail.map(
      (template) =>
        `Make an e-mail template “${template.name}” in Pipedrive with the text below, and put Pipedrive's merge fields in the place of the placeholders.`,
    ),
    ...(others.length > 0
      ? [
          `Pipedrive's automations send e-mails only. For ${others.join(' and ')}, connect an app of the Marketplace or a webhook, and keep the text there.`,
        ]
      : []),
    `In Pipedrive, make a new automation with the trigger: ${rule.equivalent.trigger}.`,
    ...(rule.conditions === '' ? [] : [`Add the condition that stands for: ${rule.conditions}.`]),
    ...(isTimed
      ? [
          `Set the time: ${[rule.offset, rule.frequency && `checked ${rule.frequency} in OctopusPro`].filter((text) => text !== '').join(', ')}.`,
        ]
      : []),
    `Add the action: ${rule.equivalent.action}${rule.actions.length > 0 ? ` (in OctopusPro: ${rule.actions.join('; ')})` : ''}.`,
    'Try it on a record of your own, then switch it on, after the cutover, and switch the rule off in OctopusPro.',
  ];
}

function templateOf({ id, fields }: Definition): MessageTemplate {
  const subject = plainText(fields.subject ?? '');
  const text = plainText(fields.body ?? '');
  const names = [...`${subject}\n${text}`.matchAll(/\{+\s*([a-z][\w.]{0,80})\s*\}+/gi)].map(
    ([, name = '']) => name,
  );
  return {
    id,
    name: fields.name ?? id,
    channel: fields.channel ?? '',
    receiver: fields.receiver ?? '',
    subject,
    text,
    placeholders: [...new Set(names)].map((name) => ({
      name,
      becomes: placeholderTargets.get(name.toLowerCase()) ?? null,
    })),
  };
}

/** Merge fields of OctopusPro templates and where their value stands after the migration (the names of our fields). */
const placeholderTargets = new Map<string, string>([
  ['customer_first_name', 'person: first name'],
  ['customer_last_name', 'person: last name'],
  ['customer_name', 'person: name'],
  ['customer_email', 'person: e-mail'],
  ['customer_phone', 'person: phone'],
  ['customer_mobile', 'person: phone'],
  ['business_name', 'organization: name'],
  ['company_name', 'your company name, written out'],
  ['booking_num', 'deal: Booking number'],
  ['booking_number', 'deal: Booking number'],
  ['booking_status', 'deal: Booking status'],
  ['booking_total', 'deal: value'],
  ['booking_address', 'deal: Job address'],
  ['appointment_date', 'activity: due date'],
  ['appointment_time', 'activity: due time'],
  ['fieldworker_name', 'deal: Fieldworkers'],
  ['invoice_num', 'deal: Invoice number'],
  ['invoice_number', 'deal: Invoice number'],
  ['invoice_total', 'deal: Invoice total'],
  ['invoice_balance', 'deal: Balance due'],
  ['invoice_due_date', 'deal: Invoice due date'],
  ['service_name', 'deal: Services'],
]);
