import { type FindingCode, findingRules } from '@octopipe/shared/domain/findings';
import { type CanonicalObject, objectOfWord } from '@octopipe/shared/octopuspro/canonical-fields';
import type { Row } from '../tables/cells.js';
import { columnFields, columnOf, fieldworkerId } from '../tables/definitions.js';
import { dice } from '../world/chance.js';
import type { World } from '../world/world.js';
import { type DefectRule, defectRules } from './table.js';

export interface KeyLine {
  file: string;
  row: number;
  column: string;
  defect: string;
  source_id: string;
  expected_finding: string;
  severity: string;
  note: string;
  /** The planted row that this one follows from: `file:row`. */
  consequence_of?: string;
}

/**
 * Puts defects into rows on their way to the file and says where. Each rule comes up first within its first eligible
 * rows (so that even the smallest package has it), then at jittered distances that keep its rate. One row has one
 * defect. What follows from a rejected row is a line of its own: its required children, theirs, and so on; only the
 * ids of rejected rows are kept for that.
 */
export class Planter {
  private readonly rejected = new Map<string, Map<string, string>>();
  readonly planted = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly rateOf: (rule: DefectRule) => number,
    private readonly write: (line: KeyLine) => void,
  ) {}

  open(definition: CanonicalObject): (row: Row, write: (row: Row) => number) => void {
    const rules = defectRules
      .filter((rule) => rule.file === definition.file && this.rateOf(rule) > 0)
      .map((rule) => ({
        rule,
        throws: dice(this.world.seed, `defect ${rule.id} ${rule.file} ${rule.does}`, 0),
        wait: -1,
        n: 0,
      }));
    for (const own of rules) own.wait = definition.object === 'refund' ? 0 : own.throws.int(0, 1);
    const keyHeader = definition.fields.find((field) => field.field === definition.key)?.header ?? '';
    const parents = definition.parents
      .filter((parent) => parent.required)
      .map((parent) => ({
        header: definition.fields.find((field) => field.field === parent.field)?.header ?? '',
        object: parent.object,
      }));
    const dropdown = columnFields(this.world, 'booking').find((field) => field.options.length > 0);
    const gone = String(fieldworkerId(this.world.size.fieldworkers - 1));

    return (row, write) => {
      const isRejected = this.follow(definition, parents, keyHeader, row);
      const due = isRejected
        ? undefined
        : rules
            .filter((own) => this.isEligible(own.rule, row, dropdown && columnOf(dropdown)))
            .find((own) => own.wait-- <= 0);
      if (!due) {
        const number = write(row);
        isRejected?.(number);
        return;
      }
      const { rule } = due;
      const rate = this.rateOf(rule);
      due.wait = Math.max(0, Math.round((0.5 + due.throws.next()) / rate) - 1);
      const column = rule.column === '@dropdown' && dropdown ? columnOf(dropdown) : rule.column;
      const number = rule.below
        ? this.putBelow(rule, row, due.n, write)
        : this.putInto(rule, row, due.n, column, gone, write);
      const planted = number.row;
      due.n += 1;
      this.planted.set(rule.id, (this.planted.get(rule.id) ?? 0) + 1);
      const id = planted[keyHeader] ?? '';
      const line = {
        file: `${definition.file}.csv`,
        row: number.number,
        column,
        defect: rule.id,
        source_id: id,
        expected_finding: rule.finding,
        severity: rule.severity,
        note: rule.does,
      };
      this.write(line);
      if (rule.finding === 'duplicate_id_conflict')
        this.write({ ...line, row: number.number - 1, consequence_of: `${line.file}:${line.row}` });
      const isBlocking =
        rule.finding in findingRules && findingRules[rule.finding as FindingCode].severity === 'block';
      if (isBlocking && id !== '') this.reject(definition.object, id, `${line.file}:${line.row}`);
    };
  }

  private isEligible(rule: DefectRule, row: Row, dropdown: string | undefined): boolean {
    if (rule.column === '@dropdown') return dropdown !== undefined && (row[dropdown] ?? '') !== '';
    return rule.when?.(row) ?? true;
  }

  private putBelow(rule: DefectRule, row: Row, n: number, write: (row: Row) => number) {
    write(row);
    const copy = { ...row };
    rule.below?.(copy, n);
    return { row: copy, number: write(copy) };
  }

  private putInto(
    rule: DefectRule,
    row: Row,
    n: number,
    column: string,
    gone: string,
    write: (row: Row) => number,
  ) {
    if (rule.column === '@dropdown') row['@dropdown'] = row[column] ?? '';
    rule.change?.(row, n);
    if (rule.column === '@dropdown') row[column] = row['@dropdown'] ?? '';
    row[column] = (row[column] ?? '').replace('@gone', gone);
    return { row, number: write(row) };
  }

  /** When a required parent was rejected: what to note once the row's number is known. */
  private follow(
    definition: CanonicalObject,
    parents: ReadonlyArray<{ header: string; object: string | { field: string } }>,
    keyHeader: string,
    row: Row,
  ): ((number: number) => void) | undefined {
    if (this.rejected.size === 0) return undefined;
    for (const { header, object } of parents) {
      const name = typeof object === 'string' ? object : objectOfWord(row.Object ?? '');
      const cause = this.rejected.get(name ?? '')?.get(row[header] ?? '');
      if (cause === undefined) continue;
      return (number) => {
        const id = row[keyHeader] ?? '';
        this.write({
          file: `${definition.file}.csv`,
          row: number,
          column: header,
          defect: 'D13',
          source_id: id,
          expected_finding: 'orphan_reference',
          severity: 'B',
          note: 'its record was set aside',
          consequence_of: cause,
        });
        if (id !== '') this.reject(definition.object, id, cause);
      };
    }
    return undefined;
  }

  private reject(object: string, id: string, cause: string): void {
    const ids = this.rejected.get(object) ?? new Map<string, string>();
    ids.set(id, cause);
    this.rejected.set(object, ids);
  }
}
