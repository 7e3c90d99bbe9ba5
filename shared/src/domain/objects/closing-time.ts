import { instantFrom, parseWhen } from '../convert/date.js';
import type { StatusTarget } from '../mapping/content.js';
import type { Refs, RowContext, SourceRow } from '../mapping/define-object.js';
import { normaliseStatus } from './booking-status.js';

/**
 * When a booking's deal was won or lost. Work that really ended comes first; then the moment the status was changed;
 * then what was planned; last the time of the last change of anything.
 */
export function closingTime(
  booking: SourceRow,
  status: StatusTarget['status'],
  refs: Refs,
  ctx: RowContext,
): string | undefined {
  const instant = (raw: string | undefined) => instantOf(raw, ctx);
  const { fields } = booking;
  const change = closingChange(booking, refs, ctx)?.at;
  switch (status) {
    case 'won': {
      const visit = lastVisit(booking, refs, ctx);
      return (
        instant(fields.actual_end) ??
        (visit?.isActual ? visit.at : undefined) ??
        change ??
        visit?.at ??
        instant(fields.end) ??
        instant(fields.start) ??
        instant(fields.modified)
      );
    }
    case 'lost':
      return (
        change ??
        instant(fields.modified) ??
        instant(fields.end) ??
        instant(fields.start) ??
        instant(fields.created)
      );
    case 'open':
      return undefined;
  }
}

/** The last change of the history that led to the status the booking has. */
export function closingChange(
  booking: SourceRow,
  refs: Refs,
  ctx: RowContext,
): { row: SourceRow; at: string } | undefined {
  const status = normaliseStatus(booking.fields.status ?? '');
  return refs
    .children('status_history', 'booking', booking.sourceId)
    .filter((change) => normaliseStatus(change.fields.to ?? '') === status)
    .flatMap((row) => {
      const at = instantOf(row.fields.changed_at, ctx);
      return at === undefined ? [] : [{ row, at }];
    })
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.row.rowNumber - b.row.rowNumber))
    .at(-1);
}

function lastVisit(booking: SourceRow, refs: Refs, ctx: RowContext) {
  return refs
    .children('appointment', 'booking', booking.sourceId)
    .flatMap(({ fields }) => {
      const actual = instantOf(fields.actual_end, ctx);
      const at = actual ?? instantOf(fields.end, ctx) ?? instantOf(fields.start, ctx);
      return at === undefined ? [] : [{ at, isActual: actual !== undefined }];
    })
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .at(-1);
}

function instantOf(raw: string | undefined, ctx: RowContext): string | undefined {
  const when = parseWhen(raw, ctx.settings);
  return when && instantFrom(when, ctx.settings);
}
