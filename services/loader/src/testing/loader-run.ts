import { findMarker, findMarkerInFileName, keyOfMarker } from '@octopipe/shared/domain/mapping/record';
import type { LoaderProcess, LoaderRig } from './loader-rig.js';

export interface ShownRun {
  id: string;
  status: string;
  reason: string | null;
  reason_code: string | null;
  resume_at: string | null;
  phases: Array<{
    phase: string;
    planned: number;
    created: number;
    updated: number;
    unchanged: number;
    failed: number;
    waiting: number;
  }>;
  plan: { hash: string; by_operation: Record<string, number>; not_yet_known: string[] } | null;
  owners: {
    matched: number;
    unmatched: number;
    records: number;
    workers: Array<{ source_key: string; name: string; why: string; records: number }>;
  } | null;
  tokens: { planned: number; floor: number; spent: number };
  verified: { records: number; fields: number; differences: number };
}

/** Connects the simulator's account; the same connection when it stands already. */
export async function connect(rig: LoaderRig, loader: LoaderProcess): Promise<string> {
  const answer = await loader.api<{ id: string; detail?: string }>('POST', '/v1/connections', {
    base_url: rig.sim.url,
    api_token: rig.sim.token,
  });
  if (answer.status >= 300) throw new Error(`connecting answered ${answer.status}: ${answer.body.detail}`);
  return answer.body.id;
}

/** Said by an operator: what is tested is the load, not its rehearsal. */
export const unrehearsed = { gate: 'rehearsal', actor: 'a test' };

/** Starts a run, or joins the unfinished one. */
export async function startRun(
  rig: LoaderRig,
  loader: LoaderProcess,
  how: { kind?: string; plan_hash?: string; waivers?: Array<{ gate: string; actor: string }> } = {},
): Promise<ShownRun> {
  const connection_id = await connect(rig, loader);
  const answer = await loader.api<ShownRun & { detail?: string }>('POST', '/v1/runs', {
    migration_id: rig.ids.migrationId,
    mapping_version_id: rig.ids.mappingVersionId,
    connection_id,
    ...how,
    waivers: [unrehearsed, ...(how.waivers ?? [])],
  });
  if (answer.status >= 300)
    throw new Error(`starting a run answered ${answer.status}: ${answer.body.detail}`);
  return answer.body;
}

/** As under --yes: what is not surely the same is created anew, without asking. */
export function startWaived(rig: LoaderRig, loader: LoaderProcess): Promise<ShownRun> {
  return startRun(rig, loader, { waivers: [{ gate: 'phase_gates', actor: 'cli --yes' }] });
}

/** Waits until the run is in one of these states; throws with what it saw when that takes too long. */
export async function runReaches(
  loader: LoaderProcess,
  runId: string,
  statuses: string[],
  timeoutMs = 60_000,
): Promise<ShownRun> {
  const start = Date.now();
  for (;;) {
    const { body } = await loader.api<ShownRun>('GET', `/v1/runs/${runId}`);
    if (statuses.includes(body.status)) return body;
    const waited = Date.now() - start;
    if (waited > timeoutMs)
      throw new Error(`the run is still ${body.status}: ${JSON.stringify(body.phases)}`);
    // Each look takes ten queries: more often, and a test on a busy machine works mostly on being watched.
    await new Promise((resolve) => setTimeout(resolve, Math.min(200 + waited / 40, 1_000)));
  }
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came to that');
}

/** A whole run, from connecting to its end. */
export async function loadToEnd(
  rig: LoaderRig,
  loader: LoaderProcess,
  timeoutMs = 60_000,
): Promise<{ run: ShownRun }> {
  const { id } = await startRun(rig, loader);
  return { run: await runReaches(loader, id, ['done', 'failed', 'waiting_person', 'cancelled'], timeoutMs) };
}

interface LedgerLine {
  op: string;
  entity: string;
  id: number | string;
  record: Record<string, unknown>;
}

type SimState = Record<string, Array<Record<string, unknown>>>;

export const recordLists = [
  'organizations',
  'persons',
  'products',
  'leads',
  'deals',
  'dealProducts',
  'activities',
  'notes',
  'files',
];

/** The ground truth: how many creates the account ever committed for each marker of ours. */
export async function writesByKey(rig: LoaderRig): Promise<Record<string, number>> {
  const state = await simState(rig);
  const lines = (await (await fetch(`${rig.sim.url}/__sim/ledger`)).text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
  const counts: Record<string, number> = {};
  for (const line of lines.filter(({ op }) => op === 'create')) {
    const key = markerOf(line.record, state);
    if (key !== undefined && key !== 'probe:deal') counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/**
 * What stands in the account, by target key, with ids replaced by keys: equal for two runs exactly when the account
 * says the same. Times that the account sets itself are left out.
 */
export async function accountByKey(rig: LoaderRig): Promise<Record<string, unknown>> {
  const state = await simState(rig);
  const names = symbolicNames(state);
  const account: Record<string, unknown> = {};
  for (const list of recordLists) {
    for (const record of state[list] ?? []) {
      const key = markerOf(record, state);
      if (
        key === undefined ||
        record.is_deleted === true ||
        record.active_flag === false ||
        key === 'probe:deal'
      )
        continue;
      if (account[key] !== undefined) throw new Error(`${key} stands twice`);
      account[key] = symbolic(list, record, names);
    }
  }
  return Object.fromEntries(Object.entries(account).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export async function simState(rig: LoaderRig): Promise<SimState> {
  return (await (await fetch(`${rig.sim.url}/__sim/state`)).json()) as SimState;
}

export async function control(rig: LoaderRig, what: string, body: unknown): Promise<void> {
  const response = await fetch(`${rig.sim.url}/__sim/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`/__sim/${what} answered ${response.status}: ${await response.text()}`);
}

function markerOf(record: Record<string, unknown>, state: SimState): string | undefined {
  const codes = fieldLists
    .flatMap((list) => state[list] ?? [])
    .filter((field) => field.field_name === 'OctopusPro ID')
    .map((field) => String(field.field_code));
  const custom = (record.custom_fields ?? {}) as Record<string, unknown>;
  const inField = codes.map((code) => custom[code]).find((value) => typeof value === 'string');
  if (typeof inField === 'string') return keyOfMarker(inField);
  if (typeof record.note === 'string') return findMarker(record.note);
  if (typeof record.content === 'string') return findMarker(record.content);
  if (typeof record.comments === 'string') return findMarker(record.comments);
  if (typeof record.name === 'string' && 'file_size' in record) return findMarkerInFileName(record.name);
  return undefined;
}

const fieldLists = ['organizationFields', 'personFields', 'productFields', 'dealFields'];

/** id → readable name for everything that differs from account to account. */
function symbolicNames(state: SimState): {
  ids: Map<string, string>;
  codes: Map<string, string>;
  options: Map<string, string>;
  labels: Map<string, string>;
} {
  const ids = new Map<string, string>();
  for (const list of recordLists)
    for (const record of state[list] ?? [])
      ids.set(`${list}|${record.id}`, markerOf(record, state) ?? 'other');
  for (const stage of state.stages ?? []) ids.set(`stages|${stage.id}`, String(stage.name));
  for (const pipeline of state.pipelines ?? []) ids.set(`pipelines|${pipeline.id}`, String(pipeline.name));
  const codes = new Map<string, string>();
  const options = new Map<string, string>();
  const labels = new Map((state.leadLabels ?? []).map((label) => [String(label.id), String(label.name)]));
  for (const field of fieldLists.flatMap((list) => state[list] ?? [])) {
    codes.set(String(field.field_code), String(field.field_name));
    for (const option of (field.options ?? []) as Array<{ id: number; label: string }>)
      options.set(`${field.field_code}|${option.id}`, option.label);
    if (field.field_code === 'label_ids')
      for (const option of (field.options ?? []) as Array<{ id: number; label: string }>)
        labels.set(String(option.id), option.label);
  }
  return { ids, codes, options, labels };
}

const links: Record<string, string> = {
  person_id: 'persons',
  org_id: 'organizations',
  organization_id: 'organizations',
  lead_id: 'leads',
  deal_id: 'deals',
  product_id: 'products',
  activity_id: 'activities',
  stage_id: 'stages',
  pipeline_id: 'pipelines',
};
const shownFields: Record<string, string[]> = {
  organizations: ['name', 'address', 'add_time'],
  persons: ['name', 'emails', 'phones', 'org_id', 'add_time'],
  products: ['name', 'code', 'description', 'prices', 'tax'],
  leads: [
    'title',
    'value',
    'person_id',
    'organization_id',
    'expected_close_date',
    'was_seen',
    'origin_id',
    'is_archived',
  ],
  deals: [
    'title',
    'value',
    'currency',
    'status',
    'won_time',
    'lost_time',
    'lost_reason',
    'stage_id',
    'pipeline_id',
    'person_id',
    'org_id',
    'expected_close_date',
  ],
  dealProducts: [
    'deal_id',
    'product_id',
    'item_price',
    'quantity',
    'discount',
    'discount_type',
    'tax',
    'tax_method',
    'is_enabled',
    'comments',
  ],
  activities: [
    'subject',
    'type',
    'lead_id',
    'deal_id',
    'person_id',
    'org_id',
    'due_date',
    'due_time',
    'duration',
    'done',
    'note',
    'location',
  ],
  notes: ['content', 'person_id', 'org_id', 'lead_id', 'deal_id', 'add_time'],
  files: ['name', 'file_size', 'lead_id', 'deal_id', 'activity_id', 'person_id', 'sha256'],
};

function symbolic(
  list: string,
  record: Record<string, unknown>,
  names: ReturnType<typeof symbolicNames>,
): unknown {
  const shown: Record<string, unknown> = {};
  for (const field of shownFields[list] ?? []) {
    const value = record[field];
    if (value === null || value === undefined || value === '') continue;
    const linked = links[field];
    shown[field] = linked ? names.ids.get(`${linked}|${value}`) : withoutRowIds(value);
  }
  const labels = (record.label_ids ?? []) as Array<number | string>;
  if (labels.length > 0) shown.labels = labels.map((id) => names.labels.get(String(id)) ?? id).sort();
  for (const [code, value] of Object.entries((record.custom_fields ?? {}) as Record<string, unknown>)) {
    if (value === null) continue;
    // Leads keep theirs flat: `hash_part`, and the options of a set as `1,2`.
    const [field = '', ...part] = code.split('_');
    const label = (one: unknown) => names.options.get(`${field}|${one}`) ?? one;
    const name = [`custom ${names.codes.get(field)}`, ...part].join(' ');
    const options = /^\d+(?:,\d+)+$/.test(String(value)) ? String(value).split(',') : value;
    shown[name] = Array.isArray(options) ? options.map(label).sort() : label(value);
  }
  return shown;
}

/** An account may give rows inside a record ids of its own (prices). */
function withoutRowIds(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((row: unknown) =>
    typeof row === 'object' && row !== null
      ? Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'id' && key !== 'product_id'))
      : row,
  );
}

/** The planted faults that have not struck as often as they were to. */
export async function faultsLeft(rig: LoaderRig): Promise<string[]> {
  const { faults } = (await (await fetch(`${rig.sim.url}/__sim/requests`)).json()) as {
    faults: Array<{ operation: string; times?: number; hits: number }>;
  };
  return faults.filter((rule) => rule.hits < (rule.times ?? 1)).map((rule) => rule.operation);
}
