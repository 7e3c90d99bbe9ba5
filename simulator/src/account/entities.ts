import type { Json, JsonObject } from '../json.js';

export const fieldEntities = ['dealFields', 'personFields', 'organizationFields', 'productFields'] as const;
export type FieldEntity = (typeof fieldEntities)[number];

export const entities = [
  'users',
  'organizations',
  'persons',
  'deals',
  'products',
  'activities',
  'pipelines',
  'stages',
  'activityTypes',
  'notes',
  'files',
  ...fieldEntities,
  'activityFields',
  'leads',
  'leadLabels',
  'dealProducts',
  'dealParticipants',
] as const;
export type Entity = (typeof entities)[number];

/** What the API names by uuid; inside, their number is the order of creation. */
export const uuidEntities: ReadonlySet<Entity> = new Set(['leads', 'leadLabels']);

/** Every stored thing. Times are kept in the v2 form; v1 resources rewrite them at the edge. */
export interface SimRecord {
  id: number;
  /** Of leads and lead labels only: their id for everybody outside. */
  uuid?: string;
  is_deleted: boolean;
  /** When it was deleted: deleted deals stay listed for 30 days. Never sent. */
  deleted_at?: string;
  add_time: string;
  update_time: string;
  [property: string]: Json | undefined;
}

/** The record under the id that the API gives it. */
export function withApiId(record: SimRecord): JsonObject {
  const { uuid, ...rest } = record;
  return uuid === undefined ? record : { ...rest, id: uuid };
}
