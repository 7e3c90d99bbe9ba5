import type { ExclusionRule } from '../exclusions.js';
import type { FindingCode } from '../findings.js';
import type { Entity } from '../run/states.js';
import type { FieldType, MappingContent, MappingSettings } from './content.js';
import type { Converted } from './convert-field.js';
import type { Payload, SourceLink, SourceOutcome, TargetKey } from './record.js';

/** One staged row, as staging/read-staged.ts gives it. */
export interface SourceRow {
  object: string;
  rowNumber: number;
  sourceId: string;
  /** Canonical field → trimmed raw text; empty cells are absent. */
  fields: Readonly<Record<string, string>>;
  /** Raw header → text of `cf:<id>:<label>` and unknown columns. */
  extra: Readonly<Record<string, string>>;
}

/** One field of a target: where it comes from and what is lost on the way. The proposal and the documents print these. */
export interface FieldRule {
  /** Pipedrive's name of the field, or the name of our custom field. */
  target: string;
  custom: { type: FieldType; rank: Rank; options: ReadonlyArray<string> } | null;
  /** Canonical columns of the object, or `<child>.<column>`. */
  from: ReadonlyArray<string>;
  /** What is done to the value, in a word or two. */
  converter: string;
  /** What cannot be carried over in full; a sentence for the customer. */
  lossy: string | null;
  /** Absent when the object's `map` computes the field. */
  read: ((row: SourceRow, ctx: RowContext) => Converted | undefined) | null;
}

export type Rank = 'must' | 'should' | 'may';

/** One kind of record that an object becomes. */
export interface Product {
  entity: Entity;
  /** The target key as a pattern, for people: `customer:<id>#note`. */
  key: string;
  undo: 'delete';
  /** Absent: always. */
  when?: (settings: MappingSettings) => boolean;
  fields: ReadonlyArray<FieldRule>;
  lossy: ReadonlyArray<string>;
}

/**
 * Rows that are read together with a page, in this order: the `child` rows that refer to the rows of `of` read so far,
 * or the `parent` rows that those point at with their column `by` (one id or a list; `when` leaves rows out).
 */
export type ReadRule =
  | { child: string; of: string }
  | { parent: string; of: string; by: string; when?: (row: SourceRow) => boolean };

/** What one source object is and becomes. `map` says what a field list cannot. */
export interface ObjectDefinition {
  name: string;
  /** Objects whose records this one refers to: the load order follows from these. */
  needs: ReadonlyArray<string>;
  reads: ReadonlyArray<ReadRule>;
  produces: ReadonlyArray<Product>;
  /** Columns that hold the record together (ids, flags): column → what they do. Always read, never dropped by the mapping. */
  structure: Readonly<Record<string, string>>;
  /** Columns that do not migrate: column → why. */
  notMigrated: Readonly<Record<string, string>>;
  /** Sentences beyond single fields. */
  lossy: ReadonlyArray<string>;
  /** Set when rows of the object become no records but stand, whole, in an inventory. */
  inventory: Inventory | null;
  /** Target keys whose existence `map` will ask for; looked up for the whole page at once. */
  asks(row: SourceRow, refs: PageRows): TargetKey[];
  /** Paths of package files that `map` will ask for. */
  files(row: SourceRow, refs: PageRows): string[];
  map(row: SourceRow, refs: Refs, ctx: RowContext): Mapping;
}

/** The inventories that the reporter writes: each is a document `inventory-<name>.html`. */
export type InventoryName = 'automations' | 'faqs' | 'forms-and-fields' | 'portal' | 'manual-review';

export interface Inventory {
  name: InventoryName;
  /** Why it is not carried over; a sentence for the customer. */
  why: string;
}

/** The rows around a page. */
export interface PageRows {
  children(child: string, parent: string, parentId: string): ReadonlyArray<SourceRow>;
  row(object: string, id: string | undefined): SourceRow | undefined;
  catalogue: Catalogue;
}

/** What a row may know beyond itself. Everything is loaded before `map` runs: mapping does no I/O. */
export interface Refs extends PageRows {
  /** True when the set holds a record of this key. */
  isMapped(key: TargetKey): boolean;
  /** The records a customer became. */
  customer(id: string | undefined): { person: TargetKey | null; organization: TargetKey | null } | undefined;
  /** The series a booking belongs to, where the tenant wishes one deal for it; its bookings where the row makes that deal. */
  series(booking: SourceRow): Series | undefined;
  /**
   * The rows of a customer that are one by a person's word: the one that stays first, then those merged into it, lowest
   * id first. Whichever of them is asked for; undefined for a customer that is merged with none. Read with customers,
   * and with rows that read their customer.
   */
  merged(customerId: string | undefined): ReadonlyArray<SourceRow> | undefined;
  /**
   * The record that stands in the place of another: the deal of its series for a booking's, the person of the customer
   * it was merged into for a customer's. Else the key itself.
   */
  standIn(key: TargetKey): TargetKey;
  /** The customers that share an organization, lowest id first. */
  members(organization: TargetKey): ReadonlyArray<SourceRow>;
  /** A file of the package. */
  file(path: string): { bytes: number; sha256: string } | undefined;
}

export interface Series {
  key: TargetKey;
  /** Lowest id first; null on all rows but one. */
  bookings: ReadonlyArray<SourceRow> | null;
}

/** Small tables that every page needs: read once per job, hundreds of rows at most. */
export interface Catalogue {
  /** By `fieldworker:3` and `user:2`. */
  workers: ReadonlyMap<string, { name: string; email: string | null }>;
  /** Service id → name. */
  services: ReadonlyMap<string, string>;
  /** What a deal's line may stand on: the records of active services and parts. The tax rate as the cell has it. */
  sellable: ReadonlyMap<TargetKey, { taxRate: string | undefined }>;
  /** Questions and answers, in the order of the export. */
  faqs: ReadonlyArray<SourceRow>;
  customFields: ReadonlyMap<string, CustomFieldDefinition>;
}

export interface CustomFieldDefinition {
  id: string;
  label: string;
  appliesTo: string;
  type: string;
  /** Labels as defined, without suffixes. */
  options: ReadonlyArray<string>;
}

export interface RowContext {
  settings: MappingSettings;
  content: MappingContent;
  /** When the export was made, RFC 3339: what is past is decided by this, never by the wall clock. */
  exportedAt: string;
  find(code: FindingCode, column?: string, facts?: Record<string, string | number>): void;
}

/** A record before its custom fields are laid out and its hash is taken. */
export interface Draft {
  targetKey: TargetKey;
  entity: Entity;
  native: Payload;
  /** By the custom field's name. */
  custom: Map<string, Converted>;
  /** Names, of an entity that has labels. */
  labels?: ReadonlyArray<string>;
  /** Sorts the load batches within an entity. */
  sortKey: string;
}

export interface Mapping {
  outcome: SourceOutcome['outcome'];
  reason: string;
  drafts: Draft[];
  links: SourceLink[];
}

export function defineObject(
  spec: Pick<ObjectDefinition, 'name' | 'map'> & Partial<ObjectDefinition>,
): ObjectDefinition {
  return {
    needs: [],
    reads: [],
    produces: [],
    structure: {},
    notMigrated: {},
    lossy: [],
    inventory: null,
    asks: () => [],
    files: () => [],
    ...spec,
  };
}

export function rejected(code: FindingCode): Mapping {
  return { outcome: 'rejected', reason: code, drafts: [], links: [] };
}

export function excluded(rule: ExclusionRule): Mapping {
  return { outcome: 'excluded', reason: rule, drafts: [], links: [] };
}

/** The row lives on in other records, named by the links. */
export function merged(links: SourceLink[]): Mapping {
  return { outcome: 'merged', reason: '', drafts: [], links };
}

export function linkOf(
  row: SourceRow,
  targetKey: TargetKey,
  role: SourceLink['role'],
  slot = '',
): SourceLink {
  return { object: row.object, sourceId: row.sourceId, slot, targetKey, role };
}
