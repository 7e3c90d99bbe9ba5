import { type RawBuilder, sql } from 'kysely';
import { canonicalObject, canonicalObjects } from '../octopuspro/canonical-fields.js';
import type { StagedColumn } from './read-staged.js';

/**
 * D23: a list that people see names an invoice by its number, another file has its id. Where the cell of the id is empty,
 * the number is looked up among the parents' display numbers, once, when the rows of an export are complete: what is found
 * is a reference like any other (staged_ref), and everybody who reads the row reads it with that id.
 */
export interface NumberRule {
  object: string;
  /** The field of the id, which names the reference. */
  relation: string;
  /** The field of the number. */
  number: string;
  parent: string;
  /** The parent's field of the same number. */
  display: string;
  many: boolean;
}

export const numberRules: ReadonlyArray<NumberRule> = canonicalObjects.flatMap(({ object, parents }) =>
  parents.flatMap((rule) => {
    const parent = typeof rule.object === 'string' ? canonicalObject(rule.object) : undefined;
    if (rule.number === undefined || !parent || parent.display === null) return [];
    const { field: relation, number, many = false } = rule;
    return [{ object, relation, number, parent: parent.object, display: parent.display, many }];
  }),
);

/** A staged table of the export: where its columns stand. */
export interface StagedFile {
  id: string;
  object: string | null;
  columns: ReadonlyArray<StagedColumn>;
}

/** One number in one row. Of several records that carry it none is meant more than another; of none, it stays what it is. */
export interface NamedByNumber {
  rowNumber: number;
  records: number;
  parentId: string;
}

/**
 * The query for all numbers that stand where an id is missing. `rows` is the table, `ingest.staged_row` or the export's own
 * while it is not attached. Undefined when the package has no such column, or nothing of the parent's kind.
 */
export function namedByNumber(
  rule: NumberRule,
  files: ReadonlyArray<StagedFile>,
  rows: RawBuilder<unknown>,
  { tenantId, exportId }: { tenantId: string; exportId: string },
): RawBuilder<NamedByNumber> | undefined {
  const naming = positionsOf(files, rule.object, rule.number);
  if (naming.length === 0 || !files.some((file) => file.object === rule.parent)) return undefined;
  const cells = (object: string, positions: ReadonlyArray<Position>) => sql`${rows} r
    join jsonb_to_recordset(${JSON.stringify(positions)}::jsonb) as p(file_id uuid, position int) on p.file_id = r.file_id
    where r.tenant_id = ${tenantId} and r.export_id = ${exportId} and r.object = ${object}`;
  const cell = sql`r.cells[p.position]`;
  // A cell of several is a list like that of ids (octopuspro/ids.ts).
  const single = rule.many ? sql`regexp_split_to_table(${cell}, '[][";,|\\n]')` : cell;
  return sql<NamedByNumber>`
    select named.row_number, coalesce(carriers.records, 0)::int as records, coalesce(carriers.id, named.number) as parent_id
    from (
      select distinct row_number, ${bare(sql`number`)} as number
      from (
        select r.row_number, ${single} as number from ${cells(rule.object, naming)}
          and not exists (select from generate_subscripts(r.refs, 1) i where r.refs[i][1] = ${rule.relation})) cell
      where ${bare(sql`number`)} <> '' and ${bare(sql`number`)} !~* '^(null|n/a|none|-)$') named
    left join (
      select lower(${bare(cell)}) as number, count(distinct r.source_id) as records, min(r.source_id) as id
      from ${cells(rule.parent, positionsOf(files, rule.parent, rule.display))} and r.source_id is not null
      group by 1) carriers on carriers.number = lower(named.number)`;
}

interface Position {
  file_id: string;
  /** 1-based, as in an array of Postgres. */
  position: number;
}

function positionsOf(files: ReadonlyArray<StagedFile>, object: string, field: string): Position[] {
  return files
    .filter((file) => file.object === object)
    .flatMap(({ id, columns }) => {
      const index = columns.findIndex((column) => column.field === field);
      return index === -1 ? [] : [{ file_id: id, position: index + 1 }];
    });
}

function bare(text: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`btrim(${text}, E' \\t\\r\\n\\u00a0')`;
}
