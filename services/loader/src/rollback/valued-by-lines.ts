import { Decimal } from 'decimal.js';
import type { RemoteRecord } from '../destination/entity-table.js';
import type { Content } from './content-of.js';

/**
 * What a deal says apart from the value that its lines made. A deal is written with the value that all of its lines come
 * to; where a load ended among them, the account has summed up those that stand, and nobody changed anything. To be asked
 * only of lines that are ours, as we wrote them: what somebody did to one is judged by itself. A value that the lines
 * do not come to was set by a person.
 */
export function besideLines<C extends Pick<Content, 'content' | 'edited'>>(
  said: C,
  deal: RemoteRecord,
  lines: ReadonlyArray<RemoteRecord>,
): C {
  if (!said.edited.includes('value') || !comesTo(lines, deal.value)) return said;
  const edited = said.edited.filter((field) => field !== 'value');
  return { ...said, edited, content: edited.length === 0 ? 'untouched' : said.content };
}

/** By the sums that the account itself shows of the lines; whether it rounds each or all is documented nowhere. */
function comesTo(lines: ReadonlyArray<RemoteRecord>, value: unknown): boolean {
  const counted = lines.filter((line) => line.is_enabled !== false);
  if (lines.length === 0 || ![value, ...counted.map(({ sum }) => sum)].every(isNumber)) return false;
  const sum = counted.reduce((total, line) => total.plus(Number(line.sum)), new Decimal(0));
  return sum
    .minus(Number(value))
    .abs()
    .lessThan(new Decimal('0.01').times(Math.max(1, counted.length)));
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}
