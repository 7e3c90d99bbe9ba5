import { expect } from 'vitest';
import type { LoaderProcess, LoaderRig } from './loader-rig.js';
import { control, runReaches, type ShownRun, simState } from './loader-run.js';

export interface ShownRollback extends ShownRun {
  rollback: {
    entities: Record<
      string,
      { delete: number; restore: number; restored: number; gone: number; keep: Record<string, number> }
    >;
    schema_items: number;
    days: number | null;
    confirmed_by: string | null;
  } | null;
  phases: Array<
    ShownRun['phases'][number] & { deleted?: number; restored?: number; gone?: number; kept?: number }
  >;
}

type Rows = Array<Record<string, unknown>>;

const recordLists = [
  'organizations',
  'persons',
  'products',
  'leads',
  'deals',
  'activities',
  'notes',
  'files',
  'dealProducts',
  'dealParticipants',
];
/** What a provisioned account has besides records, by its lists in the simulator. */
export const schemaLists = [
  'organizationFields',
  'personFields',
  'productFields',
  'dealFields',
  'pipelines',
  'stages',
  'activityTypes',
  'leadLabels',
];

/**
 * Everything that stands in the account, as the simulator itself holds it: no code of ours decides what counts. Only
 * `update_time` is left out, which moves when a child does, and the stage of a custom value that is empty.
 */
export async function standing(rig: LoaderRig): Promise<{ records: Rows; schema: Rows }> {
  const state = await simState(rig);
  const of = (lists: string[]) =>
    lists.flatMap((list) =>
      (state[list] ?? [])
        .filter((record) => record.is_deleted !== true)
        .map((record) => ({ list, ...withoutEmpty(record) })),
    );
  return { records: of(recordLists), schema: of(schemaLists) };
}

function withoutEmpty({ update_time, ...record }: Record<string, unknown>): Record<string, unknown> {
  const custom = Object.entries((record.custom_fields ?? {}) as Record<string, unknown>).filter(
    ([, value]) => value !== null,
  );
  return 'custom_fields' in record ? { ...record, custom_fields: Object.fromEntries(custom) } : record;
}

interface LedgerLine {
  seq: number;
  at: string;
  op: 'create' | 'update' | 'delete';
  entity: string;
  id: number | string;
}

export async function ledgerOf(rig: LoaderRig): Promise<LedgerLine[]> {
  return (await (await fetch(`${rig.sim.url}/__sim/ledger`)).text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
}

/** Every account has them; a label of ours is an option of theirs. */
const labelFields = ['organizationFields', 'personFields', 'dealFields'].map((list) => `${list} label_ids`);

/** The ledger's word: nothing was changed or deleted that we had not created, apart from what is named. */
export async function expectOnlyOurs(rig: LoaderRig, apartFrom: ReadonlyArray<string> = []): Promise<void> {
  const lines = await ledgerOf(rig);
  const ours = new Set(lines.filter(({ op }) => op === 'create').map(nameOf));
  const touched = lines.filter(({ op }) => op !== 'create').map(nameOf);
  const expected = new Set([...ours, ...apartFrom, ...labelFields]);
  expect([...new Set(touched)].filter((name) => !expected.has(name))).toEqual([]);
  const deletes = lines.filter(({ op }) => op === 'delete').map(nameOf);
  expect(deletes.filter((name, at) => deletes.indexOf(name) !== at)).toEqual([]);
}

function nameOf({ entity, id }: LedgerLine): string {
  return `${entity} ${id}`;
}

/** Takes a load back; `preview` waits for a person's word first. */
export async function startRollback(
  loader: LoaderProcess,
  loadId: string,
  body: { preview?: boolean; entities?: string[] } = { preview: false },
): Promise<ShownRollback> {
  const answer = await loader.api<ShownRollback & { detail?: string }>(
    'POST',
    `/v1/runs/${loadId}/rollback`,
    body,
  );
  if (answer.status >= 300)
    throw new Error(`starting a rollback answered ${answer.status}: ${answer.body.detail}`);
  return answer.body;
}

export async function rollbackReaches(
  loader: LoaderProcess,
  runId: string,
  statuses = ['done', 'failed', 'waiting_person'],
  timeoutMs = 60_000,
): Promise<ShownRollback> {
  return (await runReaches(loader, runId, statuses, timeoutMs)) as ShownRollback;
}

/** What became of the records, by target key: `deleted`, `kept edited`, … */
export async function undoneByKey(rig: LoaderRig, runId: string): Promise<Record<string, string>> {
  const rows = await rig.database.db
    .selectFrom('loader.recordOutcome')
    .select(['targetKey', 'outcome', 'code'])
    .where('runId', '=', runId)
    .orderBy('targetKey')
    .execute();
  return Object.fromEntries(
    rows.map((row) => [row.targetKey, row.code === null ? row.outcome : `${row.outcome} ${row.code}`]),
  );
}

/** The id under which a record of ours stands. */
export async function targetId(rig: LoaderRig, targetKey: string): Promise<number> {
  const row = await rig.database.db
    .selectFrom('loader.targetRecord')
    .select('targetId')
    .where('targetKey', '=', targetKey)
    .executeTakeFirstOrThrow();
  return Number(row.targetId);
}

/** What a person does in the web interface: no tokens, no ledger line. */
export async function edit(
  rig: LoaderRig,
  ...changes: Array<{ entity: string; id: number | string; set?: object; delete?: boolean }>
): Promise<void> {
  await control(rig, 'edit', { changes });
}

/** The customer's own records, with links among them. */
export async function seedCustomer(rig: LoaderRig, count = 1): Promise<Record<string, number[]>> {
  const many = <T>(make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));
  const seed = async (plan: object) =>
    (await controlAnswer(rig, 'seed', plan)).ids as Record<string, number[]>;
  const first = await seed({
    organizations: many((n) => ({ name: `Harbour Café ${n}`, website: 'https://cafe.example' })),
    products: many((n) => ({ name: `Own product ${n}`, code: `OWN-${n}` })),
    personFields: [{ field_name: 'Shoe size', field_type: 'double' }],
  });
  const size = first.personFields?.[0] ?? '';
  const second = await seed({
    persons: many((n) => ({
      name: `Old Friend ${n}`,
      org_id: first.organizations?.[n] ?? null,
      phones: [{ value: `+6149157${n}`, label: 'home' }],
      emails: [{ value: `old${n}@mail.example`, label: 'work' }],
      custom_fields: { [size]: 41.5 },
    })),
  });
  const third = await seed({
    deals: many((n) => ({ title: `Own deal ${n}`, value: 10 + n, person_id: second.persons?.[n] ?? null })),
  });
  const fourth = await seed({
    activities: many((n) => ({ subject: `Call ${n}`, type: 'call', deal_id: third.deals?.[n] ?? null })),
    notes: many((n) => ({ content: `Own note ${n}`, deal_id: third.deals?.[n] ?? null })),
    leads: many((n) => ({ title: `Own lead ${n}`, person_id: second.persons?.[n] ?? null })),
  });
  return { ...first, ...second, ...third, ...fourth };
}

export async function controlAnswer(
  rig: LoaderRig,
  what: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${rig.sim.url}/__sim/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`/__sim/${what} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
