import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

/**
 * An example of an answer, made from its JSON Schema, so that it cannot fall behind its shape. A shape's own example
 * (`.meta({ examples })`) wins; a member without one is shown by the tables below, by its name: the same name means the
 * same thing in every shape. A text that is in none of them is shown as `missing`, which the contract's test refuses.
 */
export function exampleOf(schema: Json, schemas: Record<string, Json>, name = ''): unknown {
  const own = (schema.examples as unknown[] | undefined)?.[0];
  if (own !== undefined) return own;
  if (typeof schema.$ref === 'string')
    return exampleOf(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas, name);
  if ('const' in schema) return schema.const;
  const variants = (schema.anyOf ?? schema.oneOf ?? schema.allOf) as Json[] | undefined;
  const [variant] = variants?.filter(({ type }) => type !== 'null') ?? [];
  if (variant) return exampleOf(variant, schemas, name);
  const words = schema.enum as string[] | undefined;
  if (words) return words.find((word) => word === texts[name]) ?? words[0];
  switch (Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : schema.type) {
    case 'object':
      return exampleOfObject(schema, schemas, name);
    case 'array':
      if (schema.items === false && !schema.prefixItems) return [];
      return lists[name] ?? [exampleOf((schema.items ?? {}) as Json, schemas, name)];
    case 'number':
    case 'integer':
      return numbers[name] ?? 1;
    case 'boolean':
      return !falseOnes.has(name);
    case 'string':
      return exampleOfText(schema, name);
    default:
      // Of any form: what is stored there is told by its description.
      return free[name] ?? {};
  }
}

/** What a text is shown as that has no example. */
export const missing = '…';

function exampleOfObject(schema: Json, schemas: Record<string, Json>, name: string): Json {
  // `false` is the schema of a member that must not be there.
  const members = Object.entries((schema.properties ?? {}) as Record<string, Json | false>);
  const rest = schema.additionalProperties;
  if (members.length > 0 || typeof rest !== 'object' || rest === null)
    return Object.fromEntries(
      members.flatMap(([key, member]) => (member === false ? [] : [[key, exampleOf(member, schemas, key)]])),
    );
  return { [keys[name] ?? missing]: exampleOf(rest as Json, schemas, name) };
}

function exampleOfText({ format }: Json, name: string): string {
  if (format === 'uuid') return idOf(name);
  if (format === 'date-time') return times[name] ?? '2026-03-02T09:00:00.000Z';
  return texts[name] ?? missing;
}

/** The same id wherever the same thing is meant. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const texts: Record<string, string> = {
  agrees_in: 'email',
  amount: '1950.00',
  assumptions: 'One appointment per booking, unless the counts say otherwise.',
  base_url: 'https://harbour.pipedrive.com',
  closed_by: '2021-06-30',
  code: 'invalid_phone',
  column: 'mobile',
  company_domain: 'harbour',
  company_key: '7402113',
  confirmed_by: 'admin of Harbour',
  content_hash: '9b0f6a1d2c58',
  country: 'AU',
  created_by: 'Jo, operator',
  currency: 'AUD',
  dateFormat: 'dd/MM/yyyy',
  decided_by: 'rule',
  decision: 'match',
  disabled_reason: 'It answered 410.',
  documents: 'reconciliation.html',
  entity: 'deal',
  error_code: 'not_a_package',
  error_detail: 'The file is not a ZIP archive.',
  evidence: 'The header is one that the field is known by.',
  field: 'title',
  file: 'customers.csv',
  gate: 'rehearsal',
  hash: '4f2a90c7d1e3',
  header: 'Booking number',
  hint: 'o2p_live_7Kd2',
  iconKey: 'task',
  inventory: 'forms',
  kind: 'production',
  label: 'portal',
  last_error: 'It answered 500.',
  losses: 'Milliseconds of times are not kept.',
  lossy: 'Options beyond the first are listed in a note.',
  media_type: 'text/html',
  mergeInto: '10231',
  model: 'prepaid',
  name: 'Harbour Home Services',
  next_cursor: 'MTAxOTQ',
  not_yet_known: 'person',
  object: 'booking',
  operation: 'addDeal',
  options: 'Morning',
  path: 'customers.csv',
  payload_hash: 'b1946ac92492',
  phase: 'deals',
  pipeline: 'OctopusPro',
  plan: 'growth',
  plan_source: 'given',
  reason: 'Two records could not be written; look at them, then resume the run.',
  reason_code: 'records_failed',
  receipt_sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
  reference: 'order-4711',
  role: 'primary',
  rule_book: '2026-03',
  says: 'What it means, in a sentence.',
  secret: 'shown this once',
  severity: 'warn',
  sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
  slot: '',
  source_id: '10194',
  source_key: 'worker:17',
  source_type: 'booking',
  stage: 'Completed',
  stages: 'Completed',
  state: 'ready',
  status: 'done',
  target_id: '5021',
  target_key: 'booking:10194',
  target_type: 'deal',
  tenant: 'harbour-home-services',
  tenant_sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
  timeZone: 'Australia/Sydney',
  total: '1950.00',
  type: 'run.status_changed',
  types: 'run.status_changed',
  url: 'https://portal.example.com/hooks/octopipe',
};

/** In the order of a migration, where the order can be seen; all others are its beginning. */
const times: Record<string, string> = {
  delivered_at: '2026-03-02T09:00:01.000Z',
  expires_at: '2027-03-02T09:00:00.000Z',
  finished_at: '2026-03-02T16:40:00.000Z',
  former_until: '2026-03-03T09:00:00.000Z',
  last_used_at: '2026-03-02T15:00:00.000Z',
  next_at: '2026-03-02T09:05:00.000Z',
  rest_until: '2026-03-02T09:05:00.000Z',
  resume_at: '2026-03-03T00:00:00.000Z',
  revoked_at: '2026-09-02T09:00:00.000Z',
  since: '2026-03-02T11:20:00.000Z',
};

const numbers: Record<string, number> = {
  bytes: 48_211,
  cap: 10_000,
  confidence: 0.9,
  daily_limit: 300_000,
  daily_share: 240_000,
  differences: 0,
  duration_ms: 27_600_000,
  failed: 0,
  failures: 0,
  last_status: 200,
  over: 0,
  requests_per_minute: 600,
  seats: 5,
  target_user_id: 1204,
  top_up_tokens: 0,
  waiting: 0,
};

/** The one key that a record is shown with. */
const keys: Record<string, string> = {
  bookingStatuses: 'completed',
  by_entity: 'deal',
  by_kind: 'changed',
  by_operation: 'addDeal',
  contributions: 'volume',
  entities: 'deal',
  fields: 'phone',
  findings: 'invalid_phone',
  keep: 'edited',
  kept: 'edited',
  records: 'deal',
  rows: 'loader.run',
  source: 'booking',
  target: 'deal',
};

/** Lists that one item would not show. */
const lists: Record<string, unknown[]> = {
  customers: ['10231', '10388'],
};

/** Members that take anything. */
const free: Record<string, unknown> = {
  body: { type: 'webhook.test', timestamp: '2026-03-02T09:00:00.000Z', sequence: 1, data: {} },
  dropped_columns: ['Card number'],
  facts: { found: 'letters' },
  settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' },
  waivers: { gate: 'rehearsal', actor: 'Jo', at: '2026-03-02T09:00:00.000Z' },
};

/** Shown as false, which is the usual case. */
const falseOnes = new Set(['includeAutomatedMessages', 'includeDeleted', 'scoped_individually', 'waived']);
