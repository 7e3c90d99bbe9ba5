import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { parseMoney } from '@octopipe/shared/domain/convert/money';
import type { FindingsList } from './findings-list.js';
import { filledCells } from './row-verdicts.js';
import { type FoundRow, objectsOf, type StagedExport } from './staged-export.js';

/**
 * Adds each invoice's lines up and compares (D16). Exports differ in whether lines are after discount and with tax,
 * and rarely say so: an invoice is only reported when no reading of it adds up within max(0.02, 0.01 × lines).
 */
export async function findInvoiceMismatches(staged: StagedExport, findings: FindingsList): Promise<void> {
  const objects = objectsOf(staged);
  if (!objects.includes('invoice') || !objects.includes('invoice_item')) return;
  const lines = await linesByInvoice(staged);
  const tax = await amounts(staged, 'tax');
  const discount = await amounts(staged, 'discount');
  const inclusive = new Map(
    (await filledCells(staged, 'invoice', 'tax_inclusive')).map((row) => [
      row.rowNumber,
      parseBool(row.cell),
    ]),
  );
  for (const row of await filledCells(staged, 'invoice', 'total')) {
    const total = read(staged, row.cell);
    const own = row.sourceId === null ? undefined : lines.get(row.sourceId);
    if (total === undefined || !own || own.unreadable > 0) continue;
    const readings = readingsOf(
      own.sum,
      tax.get(row.rowNumber) ?? 0,
      discount.get(row.rowNumber) ?? 0,
      inclusive.get(row.rowNumber),
    );
    // A hair above the tolerance: these are binary fractions of decimal amounts.
    const tolerance = Math.max(0.02, 0.01 * own.lines) + 1e-6;
    if (readings.some((sum) => Math.abs(sum - total) <= tolerance)) continue;
    findings.addRow('invoice_total_mismatch', row, { column: row.header, facts: { lines: own.lines } });
  }
}

function readingsOf(sum: number, tax: number, discount: number, taxInclusive: boolean | undefined): number[] {
  const withTax = taxInclusive === true ? [sum] : taxInclusive === false ? [sum + tax] : [sum, sum + tax];
  return withTax.flatMap((gross) => [gross, gross - discount]);
}

async function linesByInvoice(
  staged: StagedExport,
): Promise<Map<string, { sum: number; lines: number; unreadable: number }>> {
  const invoiceOf = new Map(
    (await filledCells(staged, 'invoice_item', 'invoice_id')).map((row) => [row.rowNumber, row.cell.trim()]),
  );
  const sums = new Map<string, { sum: number; lines: number; unreadable: number }>();
  for (const row of await filledCells(staged, 'invoice_item', 'line_total')) {
    const invoice = invoiceOf.get(row.rowNumber);
    if (invoice === undefined) continue;
    const own = sums.get(invoice) ?? { sum: 0, lines: 0, unreadable: 0 };
    const amount = read(staged, row.cell);
    if (amount === undefined) own.unreadable += 1;
    else own.sum += amount;
    own.lines += 1;
    sums.set(invoice, own);
  }
  return sums;
}

async function amounts(staged: StagedExport, field: string): Promise<Map<number, number>> {
  const cells: Array<FoundRow & { cell: string }> = await filledCells(staged, 'invoice', field);
  return new Map(cells.map((row) => [row.rowNumber, read(staged, row.cell) ?? 0]));
}

function read(staged: StagedExport, cell: string): number | undefined {
  const text = parseMoney(cell, staged.settings.currency);
  return text === undefined ? undefined : Number(text);
}
