import { markerFieldName } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import type { LoaderRig } from './loader-rig.js';
import { simState } from './loader-run.js';
import { controlAnswer, edit } from './rollback-run.js';

/** A record of ours as it stands in the account. */
interface Target {
  key: string;
  id: string | number;
  record: Record<string, unknown>;
  /** Of a deal: without it they are missing, too. */
  hasLines: boolean;
}

interface Setting {
  /** The code of a custom field, by its name. */
  codeOf(entity: string, name: string): string;
  /** Ids of stages, and of the options of a field. */
  stages: number[];
  optionsOf(entity: string, name: string): number[];
}

/** What is done to one record, or to two at once, and the names under which a verification has to find it. */
interface Plant {
  entity: Entity;
  records: 1 | 2;
  /** Whether a record is one that it can be done to. */
  fits?(target: Target): boolean;
  set?(target: Target, other: Target, account: Setting): Record<string, unknown>;
  /** A copy as a late commit or a person would leave it: a new record that carries our marker. */
  copy?(target: Target, account: Setting): Record<string, unknown>;
  finds: { field: string; kind: string };
}

const changed = (
  entity: Entity,
  field: string,
  set: NonNullable<Plant['set']>,
  more: Partial<Plant> = {},
): Plant => ({ entity, records: 1, set, finds: { field, kind: 'changed_by_person' }, ...more });
const swapped = (entity: Entity, field: string): Plant =>
  changed(entity, field, (_one, other) => ({ [field]: other.record[field] }), { records: 2 });
const cut = (entity: Entity, field: string, length: number): Plant => ({
  entity,
  records: 1,
  set: ({ record }) => ({ [field]: String(record[field]).slice(0, length) }),
  finds: { field, kind: 'truncated' },
});
const missing = (entity: Entity, fits?: Plant['fits']): Plant => ({
  entity,
  records: 1,
  ...(fits ? { fits } : {}),
  finds: { field: '', kind: 'missing' },
});
const copied = (entity: Entity, copy: NonNullable<Plant['copy']>): Plant => ({
  entity,
  records: 1,
  copy,
  finds: { field: 'copy', kind: 'extra' },
});
const other = (ids: number[], than: unknown) => ids.find((id) => id !== than);

/** Everything that can be wrong with a record, for each kind of record that it can be wrong with. */
const plants: ReadonlyArray<Plant> = [
  missing('activity'),
  copied('person', ({ key }, account) => ({
    name: 'A copy',
    custom_fields: { [account.codeOf('person', markerFieldName)]: key },
  })),
  cut('note', 'content', 9),
  swapped('deal', 'person_id'),
  changed('deal', 'value', () => ({ value: 123_456.78 })),
  changed('deal', 'stage_id', ({ record }, _other, account) => ({
    stage_id: other(account.stages, record.stage_id),
  })),
  changed('deal', 'currency', () => ({ currency: 'USD' })),
  changed('activity', 'due_time', () => ({ due_time: '19:30' })),
  missing('note'),
  copied('activity', ({ record }) => ({ subject: 'A copy', note: record.note })),
  cut('person', 'name', 6),
  swapped('activity', 'deal_id'),
  changed('deal', 'won_time', () => ({ won_time: '2024-05-02T13:04:05Z' }), {
    fits: ({ record }) => record.status === 'won',
  }),
  changed('deal', 'Booking status', ({ record }, _other, account) => {
    const code = account.codeOf('deal', 'Booking status');
    const now = (record.custom_fields as Record<string, unknown>)[code];
    return { custom_fields: { [code]: other(account.optionsOf('deal', 'Booking status'), now) } };
  }),
  changed('person', 'emails', () => ({
    emails: [{ value: 'x@mail.example', primary: true, label: 'work' }],
  })),
  changed('person', 'phones', () => ({ phones: [{ value: '+61400', primary: true, label: 'work' }] })),
  missing('line'),
  copied('deal', ({ key }, account) => ({
    title: 'A copy',
    custom_fields: { [account.codeOf('deal', markerFieldName)]: key },
  })),
  swapped('note', 'person_id'),
  changed('line', 'item_price', () => ({ item_price: 77.7 })),
  changed('line', 'quantity', () => ({ quantity: 9 })),
  missing('file'),
  copied('note', ({ record }) => ({ content: record.content, person_id: record.person_id })),
  changed('organization', 'name', () => ({ name: 'Renamed Pty Ltd' })),
  changed('activity', 'due_date', () => ({ due_date: '2024-04-30' })),
  changed('activity', 'done', () => ({ done: false })),
  missing('lead'),
  changed('lead', 'title', () => ({ title: 'Rewritten' })),
  missing('person'),
  missing('deal', ({ hasLines }) => !hasLines),
  changed('product', 'prices', () => ({ prices: [{ currency: 'AUD', price: 1 }] })),
  cut('activity', 'subject', 5),
];

const lists: Record<Entity, string> = {
  organization: 'organizations',
  person: 'persons',
  product: 'products',
  lead: 'leads',
  deal: 'deals',
  line: 'dealProducts',
  activity: 'activities',
  note: 'notes',
  file: 'files',
};

/**
 * Plants `count` corruptions in the account, no two in one record, as people or a fault would: without tokens and without
 * a line in the ledger. Answers how a verification has to name them.
 */
export async function plantCorruptions(
  rig: LoaderRig,
  count: number,
  random: () => number,
): Promise<string[]> {
  const left = await targetsByEntity(rig, random);
  const setting = await settingOf(rig);
  const found: string[] = [];
  let planted = 0;
  for (let turn = 0; planted < count; turn += 1) {
    if (turn > count * plants.length) throw new Error(`only ${planted} corruptions fit into this account`);
    const plant = plants[turn % plants.length] as Plant;
    const targets = takeFitting(left.get(plant.entity) ?? [], plant);
    if (!targets) continue;
    found.push(...(await plantOne(rig, plant, targets, setting)));
    planted += 1;
  }
  return found.sort();
}

async function plantOne(
  rig: LoaderRig,
  plant: Plant,
  targets: readonly [Target, Target],
  setting: Setting,
): Promise<string[]> {
  const list = lists[plant.entity];
  const [one, two] = targets;
  const { field, kind } = plant.finds;
  if (plant.copy) {
    const { ids } = await controlAnswer(rig, 'seed', { [list]: [plant.copy(one, setting)] });
    const [id] = (ids as Record<string, unknown[]>)[list] ?? [];
    return [`${one.key} ${field} ${id} ${kind}`];
  }
  const both: Array<readonly [Target, Target]> =
    plant.records === 2
      ? [
          [one, two],
          [two, one],
        ]
      : [[one, two]];
  await edit(
    rig,
    ...both.map(([target, partner]) => ({
      entity: list,
      id: target.id,
      ...(plant.set ? { set: plant.set(target, partner, setting) } : { delete: true }),
    })),
  );
  return both.map(([target]) => `${target.key} ${field} ${kind}`);
}

/** The next records that it can be done to; undefined when too few are left. */
function takeFitting(left: Target[], { records, fits }: Plant): readonly [Target, Target] | undefined {
  const fitting = left.filter((target) => fits?.(target) ?? true).slice(0, records);
  const [one, two = one] = fitting;
  if (!one || !two || fitting.length < records) return undefined;
  for (const target of fitting) left.splice(left.indexOf(target), 1);
  return [one, two];
}

async function targetsByEntity(rig: LoaderRig, random: () => number): Promise<Map<Entity, Target[]>> {
  const state = await simState(rig);
  const rows = await rig.database.db
    .selectFrom('loader.targetRecord')
    .select(['entity', 'targetKey', 'targetId'])
    .orderBy('targetKey')
    .execute();
  const withLines = new Set((state.dealProducts ?? []).map((line) => String(line.deal_id)));
  const targets = new Map<Entity, Target[]>();
  for (const row of rows) {
    const entity = row.entity as Entity;
    const record = state[lists[entity]]?.find((one) => String(one.id) === row.targetId);
    if (!record) throw new Error(`${row.targetKey} does not stand`);
    const of = targets.get(entity) ?? [];
    targets.set(entity, of);
    of.splice(Math.floor(random() * (of.length + 1)), 0, {
      key: row.targetKey,
      id: record.id as string | number,
      record,
      hasLines: entity === 'deal' && withLines.has(row.targetId),
    });
  }
  return targets;
}

async function settingOf(rig: LoaderRig): Promise<Setting> {
  const state = await simState(rig);
  const items = await rig.database.db.selectFrom('loader.destinationItem').selectAll().execute();
  const find = (kind: string, entity: string, name: string) =>
    items.find((item) => item.kind === kind && item.entity === entity && item.name === name);
  return {
    codeOf: (entity, name) => find('field', entity, name)?.remoteKey ?? '',
    stages: (state.stages ?? []).map(({ id }) => Number(id)),
    optionsOf: (entity, name) =>
      items
        .filter((item) => item.kind === 'option' && item.entity === entity && item.parent === name)
        .map((item) => Number(item.remoteId)),
  };
}
