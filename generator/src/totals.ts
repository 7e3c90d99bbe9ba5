import type { CanonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import type { Row } from './tables/cells.js';
import type { WrittenFile } from './write/csv-file.js';

/** What was summed by which column. */
const summed: Readonly<Record<string, readonly [by: string, amount: string]>> = {
  quote: ['Status', 'Total'],
  booking: ['Status', 'Total'],
  invoice: ['Status', 'Total'],
  payment: ['Status', 'Amount'],
  refund: ['Status', 'Amount'],
};

/**
 * Control totals over the package as written, defects included; an amount that is no number counts as 0.00.
 * Ids are unique but for planted copies, which stand right below their original: so they are counted without a table.
 */
export class Totals {
  private readonly sums = new Map<string, Map<string, { count: number; cents: number }>>();
  private readonly ids = new Map<string, number>();
  private last = { object: '', id: '' };

  add(definition: CanonicalObject, row: Row): void {
    const { object } = definition;
    const header = definition.fields.find((field) => field.field === definition.key)?.header;
    const id = header ? (row[header] ?? '') : '';
    if (id !== '' && !(this.last.object === object && this.last.id === id))
      this.ids.set(definition.file, (this.ids.get(definition.file) ?? 0) + 1);
    this.last = { object, id };
    const rule = summed[object];
    if (!rule) return;
    const groups = this.sums.get(definition.file) ?? new Map<string, { count: number; cents: number }>();
    const name = row[rule[0]] ?? '';
    const group = groups.get(name) ?? { count: 0, cents: 0 };
    const amount = row[rule[1]] ?? '';
    group.count += 1;
    group.cents += /^-?\d+\.\d\d$/.test(amount) ? Math.round(Number(amount) * 100) : 0;
    groups.set(name, group);
    this.sums.set(definition.file, groups);
  }

  text(written: ReadonlyArray<WrittenFile>): string {
    const plain = (cents: number) => (cents / 100).toFixed(2);
    const byStatus = [...this.sums].map(([file, groups]) => [
      file,
      Object.fromEntries(
        [...groups]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, { count, cents }]) => [name, { count, sum: plain(cents) }]),
      ),
    ]);
    const totals = {
      about:
        'Counted over the package as written, defects included. An amount that is no number counts as 0.00.',
      rows: Object.fromEntries(written.map((file) => [file.name, file.rows])),
      distinct_ids: Object.fromEntries(this.ids),
      by_status: Object.fromEntries(byStatus),
    };
    return `${JSON.stringify(totals, null, 2)}\n`;
  }
}
