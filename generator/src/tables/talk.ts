import * as d from '../distributions.js';
import { lastEnd, makeBooking } from '../world/booking.js';
import { dayMinutes, exportedAt, instantText } from '../world/calendar.js';
import { dice, normalQuantile } from '../world/chance.js';
import { invoiceIds } from '../world/invoice.js';
import * as words from '../world/words.js';
import { customerOfBooking, type World } from '../world/world.js';
import type { Row } from './cells.js';
import { contactOf, customerId, userId } from './people.js';
import { bookingId, inquiryId, quoteId } from './work.js';

const complaintId = (complaint: number) => 901 + complaint;

export function* complaintRows(world: World): Generator<Row> {
  for (let n = 0; n < world.complaints; n++) {
    const index = world.shuffle('complaints').from(n);
    const booking = makeBooking(world, index);
    yield {
      'Complaint ID': String(complaintId(n)),
      Number: `CMP-${n + 1}`,
      Object: 'booking',
      'Object ID': String(bookingId(index)),
      'Customer ID': String(customerId(customerOfBooking(world, index))),
      Type: 'Quality',
      Status: n % 3 === 0 ? 'In Progress' : 'Closed',
      Created: instantText(
        booking.isFuture ? booking.created + 5 : Math.min(lastEnd(booking) + 60, exportedAt),
      ),
      Description: 'Something was left undone.',
    };
  }
}

export function* noteRows(world: World): Generator<Row> {
  const notes = Math.round(world.bookings * d.perBooking.notes);
  const targets = { booking: 0.75, customer: 0.12, quote: 0.06, inquiry: 0.05, complaint: 0.02 };
  for (let n = 0; n < notes; n++) {
    const throws = dice(world.seed, 'note', n);
    const object = world.shuffle('note targets', notes).share(n).split(targets);
    const ids = {
      booking: () => bookingId(throws.int(0, world.bookings - 1)),
      customer: () => customerId(throws.int(0, world.customers - 1)),
      quote: () => quoteId(throws.int(0, world.quotes - 1)),
      inquiry: () => inquiryId(throws.int(0, world.inquiries - 1)),
      complaint: () => complaintId(throws.int(0, world.complaints - 1)),
    };
    const rank = world.shuffle('note length', notes).share(n).value;
    const length = Math.min(
      d.noteLength.cap,
      d.noteLength.median * Math.exp(d.noteLength.sigma * normalQuantile(rank)),
    );
    let body = throws.pick(words.sentences);
    while (body.length < length) body += ` ${throws.pick(words.sentences)}`;
    yield {
      'Note ID': String(80_000_001 + n),
      Object: object,
      'Object ID': String(ids[object]()),
      'Author ID': String(userId(throws.int(0, world.size.users - 1))),
      'Author type': 'office',
      Created: instantText(exportedAt - throws.int(10, world.size.years * 365 * dayMinutes)),
      Visibility: 'office',
      Body: body.slice(0, Math.max(20, Math.round(length))).trim(),
      Pinned: 'false',
    };
  }
}

export function* communicationRows(world: World): Generator<Row> {
  const messages = Math.round(world.bookings * d.perBooking.communications);
  for (let n = 0; n < messages; n++) {
    const throws = dice(world.seed, 'message', n);
    const index = throws.int(0, world.bookings - 1);
    const customer = customerOfBooking(world, index);
    const channel = throws.pick(['email', 'email', 'email', 'sms', 'sms', 'call']);
    const to = channel === 'email' ? contactOf(world, customer).email : contactOf(world, customer).mobile;
    yield {
      'Message ID': String(90_000_001 + n),
      Channel: channel,
      Direction: throws.chance(0.7) ? 'out' : 'in',
      'Customer ID': String(customerId(customer)),
      Object: 'booking',
      'Object ID': String(bookingId(index)),
      To: to,
      Subject: channel === 'email' ? `Your booking BOK-${index + 101}` : '',
      Body: channel === 'call' ? '' : throws.pick(words.sentences),
      'Sent at': instantText(exportedAt - throws.int(10, world.size.years * 365 * dayMinutes)),
      Status: 'delivered',
      'Duration seconds': channel === 'call' ? String(throws.int(20, 600)) : '',
      Automated: throws.chance(0.6) ? 'true' : 'false',
    };
  }
}

export interface AttachmentPlan {
  kind: keyof typeof d.attachmentKinds;
  row: Row;
}

export function attachmentPlan(world: World, total: number, n: number): AttachmentPlan {
  const kind = world.shuffle('attachment kinds', total).share(n).split(d.attachmentKinds);
  const index = world.shuffle('attachments').of(n % world.bookings);
  const booking = makeBooking(world, index);
  const invoice = kind === 'pdf' && booking.invoicing === 'own' ? invoiceIds(world, booking)[0] : undefined;
  const names = {
    photo: `photo-${n}.png`,
    pdf: invoice ? `INV-${invoice}.pdf` : `job-${n}.pdf`,
    signature: `signature-${n}.png`,
    audio: `call-${n}.wav`,
  };
  // Two documents of one invoice would share a path.
  const name = invoice && n >= world.bookings ? `INV-${invoice}-copy.pdf` : names[kind];
  const [object, id] = invoice ? ['invoice', invoice] : ['booking', bookingId(index)];
  return {
    kind,
    row: {
      'Attachment ID': String(600_001 + n),
      Object: object,
      'Object ID': String(id),
      Kind: kind,
      'File name': name,
      Path: `attachments/${object}s/${id}/${name}`,
      MIME: kind === 'pdf' ? 'application/pdf' : kind === 'audio' ? 'audio/wav' : 'image/png',
      'Photo tag': kind === 'photo' ? 'After' : '',
      'Uploaded at': instantText(
        booking.isFuture ? booking.created + 9 : Math.min(lastEnd(booking) + 20, exportedAt),
      ),
      Visibility: 'office',
    },
  };
}
