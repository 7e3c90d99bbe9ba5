import * as d from './distributions.js';
import type { Booking } from './world/booking.js';
import { isWeekend } from './world/calendar.js';
import type { Invoice } from './world/invoice.js';
import type { World } from './world/world.js';

type Shares = Readonly<Record<string, number>>;

/** Counts what was made, before defects, and compares it with the tables. */
export class Measure {
  private readonly counts = new Map<string, Map<string, number>>();
  readonly rows = new Map<string, number>();

  add(dimension: string, part: string, by = 1): void {
    const own = this.counts.get(dimension) ?? new Map<string, number>();
    own.set(part, (own.get(part) ?? 0) + by);
    this.counts.set(dimension, own);
  }

  booking(booking: Booking, paidInvoices: ReadonlyArray<Invoice>): void {
    const first = booking.visits[0];
    const more = (count: number) => (count > 2 ? 'more' : String(count));
    this.add('time', booking.isFuture ? 'future' : 'past');
    this.add(booking.isFuture ? 'future status' : 'past status', statusPart(booking.status));
    this.add('invoicing', booking.invoicing);
    this.add('series', booking.series ? 'yes' : 'no');
    if (booking.seriesKind) this.add('series kind', booking.seriesKind);
    this.add('services', more(booking.lines.length));
    this.add('appointments', more(booking.visits.length));
    for (const visit of booking.visits) {
      this.add('workers', more(visit.workers.length));
      this.add('timed', visit.untimed ? 'no' : 'yes');
    }
    this.add('discount', booking.discount > 0 ? 'yes' : 'no');
    this.add('deposit', booking.deposit > 0 ? 'yes' : 'no');
    this.add('value', booking.total < d.value.median * 100 ? 'below' : 'above');
    if (first) this.add('weekday', isWeekend(Math.floor(first.start / 1440)) ? 'no' : 'yes');
    for (const invoice of paidInvoices) {
      this.add('invoice status', invoice.status);
      this.add('payments of an invoice', more(invoice.payments.length));
      for (const payment of invoice.payments) this.add('payment status', payment.status);
    }
  }

  /** Every share that is off by more than the tolerance, in words. */
  offences(world: World, attachments: number): string[] {
    const yes = (share: number) => ({ yes: share, no: 1 - share });
    const expected: Record<string, Shares> = {
      time: { future: d.futureShare, past: 1 - d.futureShare },
      'past status': d.pastStatuses,
      'future status': d.futureStatuses,
      invoicing: d.invoicing,
      series: yes(d.seriesShare),
      'series kind': d.seriesKinds,
      services: d.servicesPerBooking,
      appointments: d.appointmentsPerBooking,
      workers: d.workersPerAppointment,
      timed: yes(1 - d.untimedShare),
      discount: yes(d.discountShare),
      deposit: yes(d.depositShare),
      value: { below: 0.5, above: 0.5 },
      weekday: yes(d.weekdayShare),
      'invoice status': d.invoiceStatuses,
      'payments of an invoice': d.paymentsPerInvoice,
      'payment status': { Approved: 1 - d.unapprovedShare, Unapproved: d.unapprovedShare },
      'customer type': { Business: d.businessShare, Personal: 1 - d.businessShare },
      'bookings of a customer': d.bookingsPerCustomer,
      contact: d.missingContact,
      address: yes(1 - d.missingAddress),
      'quote status': d.quoteStatuses,
      method: d.methods,
      attachment: d.attachmentKinds,
    };
    if (attachments === 0) delete expected.attachment;
    const shares = Object.entries(expected).flatMap(([dimension, parts]) =>
      this.offShares(dimension, parts, world.size.tolerance),
    );
    return [...shares, ...this.offRows(world, attachments)];
  }

  private offShares(dimension: string, parts: Shares, tolerance: number): string[] {
    const own = this.counts.get(dimension) ?? new Map<string, number>();
    const whole = [...own.values()].reduce((sum, one) => sum + one, 0);
    const strange = [...own.keys()]
      .filter((part) => !(part in parts))
      .map((part) => `${dimension}: "${part}" is not in the table`);
    // Below 50, one piece is more than the tolerance: such a share says nothing.
    if (whole < 50) return strange;
    return [
      ...strange,
      ...Object.entries(parts).flatMap(([part, share]) => {
        const found = (100 * (own.get(part) ?? 0)) / whole;
        // Fewer than 500 pieces: chance alone moves a share by this much.
        const chance = whole < 500 ? 300 * Math.sqrt((share * (1 - share)) / whole) : 0;
        return Math.abs(found - share * 100) <= Math.max(tolerance, chance)
          ? []
          : [`${dimension} ${part}: ${found.toFixed(1)} % of ${whole}, wanted ${(share * 100).toFixed(1)} %`];
      }),
    ];
  }

  private offRows(world: World, attachments: number): string[] {
    return Object.entries(d.perBooking).flatMap(([file, ratio]) => {
      const wanted = file === 'attachments' ? attachments : Math.round(world.bookings * ratio);
      const found = (this.rows.get(file) ?? 0) / (file === 'form_responses' ? 8 : 1);
      const tolerance = Math.max(
        3,
        (wanted * world.size.tolerance) / 100,
        wanted < 1000 ? 3 * Math.sqrt(wanted) : 0,
      );
      return Math.abs(found - wanted) <= tolerance ? [] : [`${file}: ${found} rows, wanted ${wanted}`];
    });
  }
}

function statusPart(status: string): string {
  return status in d.pastStatuses || status in d.futureStatuses ? status : 'custom';
}
