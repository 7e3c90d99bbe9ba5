import { randomUUID } from 'node:crypto';
import type { Json } from '../json.js';
import type { PlanName } from '../limits/plans.js';
import { type Plan, plans } from '../limits/plans.js';
import { type Entity, entities, type SimRecord, uuidEntities } from './entities.js';
import { Ledger } from './ledger.js';
import { hexCode, seededRandom, seededUuid } from './random.js';
import { rfc3339, type SimClock } from './sim-clock.js';
import type { Switches } from './switches.js';

export interface AccountOptions {
  readonly seed: number;
  readonly plan: PlanName;
  readonly seats: number;
  readonly company: string;
  readonly switches: Switches;
  /** Replaces the plan's burst limit, for rehearsals that should not wait; the header tells it. */
  readonly requestsPer2s?: number | undefined;
}

/** One company account: everything a reset replaces. */
export class Account {
  readonly seed: number;
  readonly company: string;
  readonly companyId: number;
  readonly ledger = new Ledger();
  plan: PlanName;
  seats: number;
  switches: Switches;
  requestsPer2s: number | undefined;
  callerId: number | undefined;
  readonly #tables = new Map<Entity, Map<number, SimRecord>>();
  readonly #nextIds = new Map<Entity | 'options', number>();
  readonly #byUuid = new Map<string, SimRecord>();
  readonly #linesByDeal = new Map<Json | undefined, SimRecord[]>();
  readonly #clock: SimClock;
  #codes = 0;

  constructor(options: AccountOptions, clock: SimClock) {
    this.seed = options.seed;
    this.plan = options.plan;
    this.seats = options.seats;
    this.company = options.company;
    this.switches = options.switches;
    this.requestsPer2s = options.requestsPer2s;
    this.#clock = clock;
    const random = seededRandom(options.seed);
    this.companyId = 1_000_000 + Math.floor(random() * 9_000_000);
    // Ids start somewhere else in each account and each table, so that no test can rely on 1, 2, 3 or mix entities up.
    for (const entity of [...entities, 'options'] as const) {
      this.#nextIds.set(entity, 1 + Math.floor(random() * 5_000));
    }
    for (const entity of entities) this.#tables.set(entity, new Map());
  }

  limits(): Plan {
    const plan: Plan = plans[this.plan];
    return this.requestsPer2s === undefined ? plan : { ...plan, requestsPer2s: this.requestsPer2s };
  }

  now(): string {
    return rfc3339(this.#clock.nowMs());
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  table(entity: Entity): Map<number, SimRecord> {
    const table = this.#tables.get(entity);
    if (!table) throw new Error(`no table for ${entity}`);
    return table;
  }

  nextId(counter: Entity | 'options'): number {
    const id = this.#nextIds.get(counter) ?? 1;
    this.#nextIds.set(counter, id + 1);
    return id;
  }

  /** Codes depend on the seed and the order of creation, not on the name: a renamed field keeps its code. */
  nextFieldCode(): string {
    this.#codes += 1;
    return hexCode('field', this.seed, this.#codes);
  }

  /** By number, or by uuid where the entity has one; deleted ones too. */
  find(entity: Entity, id: Json | undefined): SimRecord | undefined {
    if (!uuidEntities.has(entity)) return typeof id === 'number' ? this.table(entity).get(id) : undefined;
    const record = typeof id === 'string' ? this.#byUuid.get(id) : undefined;
    return record && this.table(entity).get(record.id) === record ? record : undefined;
  }

  /** A record that exists for the API: deleted ones do not. */
  live(entity: Entity, id: Json | undefined): SimRecord | undefined {
    const record = this.find(entity, id);
    return record && !record.is_deleted ? record : undefined;
  }

  /** The live lines of a deal in their order; asked for with every change of a line, hence the index. */
  linesOf(dealId: number): SimRecord[] {
    return (this.#linesByDeal.get(dealId) ?? []).filter((line) => !line.is_deleted);
  }

  *all(entity: Entity): Generator<SimRecord> {
    for (const record of this.table(entity).values()) if (!record.is_deleted) yield record;
  }

  insert(entity: Entity, properties: Record<string, Json | undefined>): SimRecord {
    const now = this.now();
    const id = this.nextId(entity);
    const record: SimRecord = { add_time: now, update_time: now, is_deleted: false, ...properties, id };
    if (uuidEntities.has(entity)) {
      record.uuid = seededUuid(entity, this.seed, id);
      this.#byUuid.set(record.uuid, record);
    }
    if (entity === 'dealProducts') {
      this.#linesByDeal.set(record.deal_id, [...(this.#linesByDeal.get(record.deal_id) ?? []), record]);
    }
    this.table(entity).set(id, record);
    return record;
  }

  /** The token's owner: the first user of the account, unless it was given to another. */
  caller(): SimRecord {
    const users = this.table('users');
    const caller = this.callerId === undefined ? users.values().next().value : users.get(this.callerId);
    if (!caller) throw new Error('the account has no such user');
    return caller;
  }
}

export function newRequestId(): string {
  return randomUUID();
}
