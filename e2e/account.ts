import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * What a Pipedrive account says, read from the simulator's control surface and told by our markers: written for these
 * tests alone, sharing no code with the product.
 */
export interface SimRecord {
  id: number | string;
  [field: string]: unknown;
}
export type SimState = Record<string, SimRecord[]>;

export interface LedgerLine {
  op: 'create' | 'update' | 'delete';
  entity: string;
  id: number | string;
  operation: string;
  record: Record<string, unknown>;
}

/** A connection of its own each time: reading a large account keeps us longer than an idle one is kept open. */
function read(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => text(answer).then(resolve, reject)).once('error', reject);
  });
}

export async function readState(url: string): Promise<SimState> {
  return JSON.parse(await read(`${url}/__sim/state`)) as SimState;
}

export async function readLedger(url: string): Promise<LedgerLine[]> {
  return (await read(`${url}/__sim/ledger`))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
}

export interface Requests {
  operations: Record<string, Record<string, number>>;
  unexpected: Record<string, number>;
  tokens: { total: number };
}

export async function readRequests(url: string): Promise<Requests> {
  return JSON.parse(await read(`${url}/__sim/requests`)) as Requests;
}

/** The sample's own times are all older than this. */
const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000).toISOString();

export const lists = [
  'organizations',
  'persons',
  'products',
  'leads',
  'deals',
  'dealProducts',
  'activities',
  'notes',
  'files',
] as const;
const fieldLists: Record<string, string> = {
  organizations: 'organizationFields',
  persons: 'personFields',
  products: 'productFields',
  // Leads show the fields of deals.
  leads: 'dealFields',
  deals: 'dealFields',
};

export interface Account {
  /** Target key → the live record. */
  byKey: Map<string, SimRecord>;
  listOf: Map<string, string>;
  keyOf(list: string, id: unknown): string | undefined;
  /** Value of a custom field by its name; option ids become labels. */
  custom(list: string, record: SimRecord, name: string): unknown;
  /** The names of a record's labels, in the order of the alphabet. */
  labels(list: string, record: SimRecord): string[];
  /** The account in words that do not differ from account to account. */
  canonical(): Record<string, Record<string, unknown>>;
}

export async function readAccount(url: string): Promise<Account> {
  const state = await readState(url);
  const byKey = new Map<string, SimRecord>();
  const listOf = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const list of lists) {
    for (const record of state[list] ?? []) {
      if (record.is_deleted === true || record.active_flag === false) continue;
      const key = markerOf(state, list, record);
      if (key === undefined) continue;
      if (byKey.has(key)) throw new Error(`${key} stands twice in the account`);
      byKey.set(key, record);
      listOf.set(key, list);
      keys.set(`${list}|${record.id}`, key);
    }
  }
  const names = new Map<string, string>();
  for (const stage of state.stages ?? []) names.set(`stages|${stage.id}`, String(stage.name));
  (state.users ?? []).forEach((user, i) => {
    names.set(`users|${user.id}`, `user ${i}`);
  });
  for (const pipeline of state.pipelines ?? []) names.set(`pipelines|${pipeline.id}`, String(pipeline.name));
  const account: Account = {
    byKey,
    listOf,
    keyOf: (list, id) => keys.get(`${list}|${id}`),
    custom(list, record, name) {
      const field = (state[fieldLists[list] ?? ''] ?? []).find(
        (one) => one.field_name === name && one.is_custom_field === true,
      );
      return field ? labelled(field, customOf(record)[String(field.field_code)]) : undefined;
    },
    labels(list, record) {
      const field = (state[fieldLists[list] ?? ''] ?? []).find((one) => one.field_code === 'label_ids');
      const options = list === 'leads' ? state.leadLabels : ((field?.options ?? []) as SimRecord[]);
      const ids = (record.label_ids ?? []) as Array<number | string>;
      return ids
        .map((id) => options?.find((option) => option.id === id))
        .map((option) => String(option?.label ?? option?.name))
        .sort();
    },
    canonical: () =>
      Object.fromEntries(
        [...byKey]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, record]) => [key, wordsOf(listOf.get(key) ?? '', record)]),
      ),
  };
  return account;

  function wordsOf(list: string, record: SimRecord): Record<string, unknown> {
    const words: Record<string, unknown> = {};
    const linked: Record<string, string> = {
      person_id: 'persons',
      org_id: 'organizations',
      organization_id: 'organizations',
      lead_id: 'leads',
      deal_id: 'deals',
      activity_id: 'activities',
      product_id: 'products',
    };
    const own = new Set([
      'id',
      'update_time',
      'stage_change_time',
      'marked_as_done_time',
      'file_name',
      'url',
      'custom_fields',
      'creator_user_id',
      'creator_id',
      'origin_id',
      'last_update_user_id',
      'user',
      'person',
      'organization',
      'deal',
      'deal_name',
      'person_name',
      'org_name',
      'participants',
      'local_won_date',
      'local_lost_date',
      'local_close_date',
    ]);
    for (const [field, value] of Object.entries(record)) {
      if (value === null || value === undefined || value === '' || own.has(field) || /_count$/.test(field))
        continue;
      // Times the account sets itself: never ours on deals, products, activities and files, and elsewhere when recent.
      if (
        field === 'add_time' &&
        (!['organizations', 'persons', 'notes'].includes(list) || String(value) > twoDaysAgo)
      )
        continue;
      const target = linked[field];
      if (target) words[field] = account.keyOf(target, value);
      else if (field === 'label_ids') words[field] = account.labels(list, record);
      else if (field === 'owner_id' || field === 'user_id') words[field] = names.get(`users|${value}`);
      else if (field === 'stage_id') words[field] = names.get(`stages|${value}`);
      else if (field === 'pipeline_id') words[field] = names.get(`pipelines|${value}`);
      else
        words[field] =
          field === 'prices'
            ? (value as Array<Record<string, unknown>>).map(({ currency, price }) => ({ currency, price }))
            : value;
    }
    for (const field of state[fieldLists[list] ?? ''] ?? []) {
      const value = customOf(record)[String(field.field_code)];
      if (value !== null && value !== undefined) words[`custom ${field.field_name}`] = labelled(field, value);
    }
    return words;
  }
}

/** Target key → how often the ledger says that it was created; `unmarked` counts our records without one. */
export async function readCreates(url: string): Promise<{ byKey: Map<string, number>; unmarked: number }> {
  const state = await readState(url);
  const byKey = new Map<string, number>();
  let unmarked = 0;
  for (const line of await readLedger(url)) {
    if (line.op !== 'create' || !lists.some((list) => list === line.entity)) continue;
    const key = markerOf(state, line.entity, line.record);
    if (key) byKey.set(key, (byKey.get(key) ?? 0) + 1);
    else unmarked += 1;
  }
  return { byKey, unmarked };
}

function customOf(record: SimRecord): Record<string, unknown> {
  return (record.custom_fields ?? {}) as Record<string, unknown>;
}

function labelled(field: SimRecord, value: unknown): unknown {
  const options = (field.options ?? []) as Array<{ id: number; label: string }>;
  const label = (one: unknown) => options.find((option) => option.id === one)?.label ?? one;
  return Array.isArray(value) ? value.map(label).sort() : label(value);
}

/** The target key that a record of the account carries: in its marker field, its last line, or its file name. */
export function markerOf(state: SimState, list: string, record: Record<string, unknown>): string | undefined {
  const field = (state[fieldLists[list] ?? ''] ?? []).find((one) => one.field_name === 'OctopusPro ID');
  if (field) {
    const value = ((record.custom_fields ?? {}) as Record<string, unknown>)[String(field.field_code)];
    return typeof value === 'string' && value !== 'probe:deal' ? value : undefined;
  }
  const textField: Record<string, string> = {
    activities: 'note',
    notes: 'content',
    dealProducts: 'comments',
  };
  const text = String(record[textField[list] ?? ''] ?? '');
  if (list === 'files') {
    const found = /\(OctopusPro ([a-z_]+)-([^)]+)\)/.exec(String(record.name ?? ''));
    return found ? `${found[1]}:${found[2]?.replace('~', '#')}` : undefined;
  }
  return [...text.matchAll(/OctopusPro ([a-z_]+:[^\s<·]+)/g)].at(-1)?.[1];
}
