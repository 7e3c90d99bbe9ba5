/**
 * Sizes and distributions of the data sheet (section 3): all assumed, all to be tuned here and nowhere else.
 * The generator measures what it wrote against these tables and refuses its own package when it is off.
 */
export const sizeNames = ['XS', 'S', 'M', 'L'] as const;
export type SizeName = (typeof sizeNames)[number];

export interface Size {
  bookings: number;
  years: number;
  fieldworkers: number;
  inactiveFieldworkers: number;
  users: number;
  services: number;
  products: number;
  statuses: number;
  labels: number;
  customFields: number;
  forms: number;
  automations: number;
  faqs: number;
  /** How far a share may be off, in percentage points, and a count, in percent. */
  tolerance: number;
}

/** The data sheet gives S nine statuses, and more than nine in its own distribution: S and XS get what that needs. */
export const sizes: Readonly<Record<SizeName, Size>> = {
  // biome-ignore format: one size per line
  XS: { bookings: 100, years: 2, fieldworkers: 7, inactiveFieldworkers: 2, users: 3, services: 12, products: 12, statuses: 13, labels: 12, customFields: 24, forms: 4, automations: 12, faqs: 8, tolerance: 5 },
  // biome-ignore format: one size per line
  S: { bookings: 5_000, years: 3, fieldworkers: 12, inactiveFieldworkers: 4, users: 4, services: 18, products: 40, statuses: 13, labels: 20, customFields: 24, forms: 6, automations: 18, faqs: 25, tolerance: 5 },
  // biome-ignore format: one size per line
  M: { bookings: 24_000, years: 5, fieldworkers: 60, inactiveFieldworkers: 22, users: 14, services: 60, products: 250, statuses: 13, labels: 45, customFields: 60, forms: 14, automations: 30, faqs: 60, tolerance: 2 },
  // biome-ignore format: one size per line
  L: { bookings: 107_000, years: 8, fieldworkers: 260, inactiveFieldworkers: 110, users: 45, services: 180, products: 1_200, statuses: 18, labels: 120, customFields: 140, forms: 40, automations: 45, faqs: 150, tolerance: 2 },
};

/** Rows per booking. form_responses counts responses (about eight rows each). */
export const perBooking = {
  customers: 0.36,
  customer_properties: 0.2,
  inquiries: 0.5,
  quotes: 0.35,
  quote_items: 0.7,
  bookings: 1,
  booking_services: 1.4,
  appointments: 1.5,
  invoices: 0.85,
  invoice_items: 1.7,
  payments: 0.9,
  refunds: 0.022,
  form_responses: 0.7,
  notes: 1.6,
  complaints: 0.03,
  attachments: 1.8,
  communications: 5,
} as const;

export const businessShare = 0.22;
export const repeatedCompanyShare = 0.4;

export const bookingsPerCustomer = { none: 0.18, one: 0.48, few: 0.23, many: 0.09, heavy: 0.02 } as const;
export type CustomerClass = keyof typeof bookingsPerCustomer;
/** Bookings of the customers of a class, over and over; the means are 2.6, 9 and 46. */
export const bookingCounts: Readonly<Record<CustomerClass, ReadonlyArray<number>>> = {
  none: [0],
  one: [1],
  few: [2, 3, 2, 4, 2],
  many: [8, 5, 12, 7, 20, 6, 9, 5, 10, 8],
  heavy: [31, 21, 54, 25, 35, 180, 23, 42, 28, 21],
};

export const seriesShare = 0.3;
export const seriesKinds = { Weekly: 0.45, Fortnightly: 0.35, Monthly: 0.15, 'Every 6 weeks': 0.05 } as const;
export type SeriesKind = keyof typeof seriesKinds;

export const futureShare = 0.06;
export const pastStatuses = {
  Completed: 0.74,
  Cancelled: 0.11,
  Failed: 0.03,
  'Awaiting Update': 0.05,
  'In Progress': 0.01,
  Quoted: 0.02,
  custom: 0.04,
} as const;
export const futureStatuses = {
  'To Do': 0.45,
  Confirmed: 0.25,
  'To Visit': 0.1,
  Pending: 0.1,
  'On Hold': 0.05,
  Tentative: 0.05,
} as const;

export const mergedShare = 0.05;
/** Bookings per consolidated invoice, mean 5; the customers' own ends cut some short. */
export const mergedSizes = [3, 5, 2, 8, 4, 3, 10] as const;
export const perAppointmentShare = 0.03;
export const voidShare = 0.034;
/** Cancelled bookings with an invoice that stands: a cancellation fee. */
export const cancelledButInvoiced = 0.0164;
export const invoicing = { none: 0.16, own: 0.76, merged: 0.05, perAppointment: 0.03 } as const;

export const servicesPerBooking = { '1': 0.74, '2': 0.17, more: 0.09 } as const;
export const moreServices = [3, 3, 4, 3, 5] as const;
export const appointmentsPerBooking = { '1': 0.8, '2': 0.12, more: 0.08 } as const;
/** Of bookings invoiced by appointment, which have at least two; mean 2.7. */
export const visitsWhenInvoicedEach = { '2': 0.5, '3': 0.3, '4': 0.2 } as const;
export const visitsOfOthers = { '1': 0.8, '2': 0.105, more: 0.065 } as const;
export const moreVisits = [3, 7, 5, 12, 3, 8, 6] as const;
export const untimedShare = 0.06;
/** Unassigned appointments (4 %) are D26 and planted; without defects their share has one worker. */
export const workersPerAppointment = { '1': 0.82, '2': 0.14, more: 0.04 } as const;

export const invoiceStatuses = { Closed: 0.8, Open: 0.07, Overdue: 0.06, Void: 0.04, Draft: 0.03 } as const;
export const unvoidedStatuses = { Closed: 0.8, Open: 0.07, Overdue: 0.06, Draft: 0.03 } as const;
export const paymentsPerInvoice = { '0': 0.15, '1': 0.7, '2': 0.115, more: 0.035 } as const;
export const closedPayments = { '1': 0.65, '2': 0.115, more: 0.035 } as const;
export const morePayments = { '3': 0.85, '4': 0.1, '5': 0.05 } as const;
/** Of open and overdue invoices: part of it came, or a payment waits for approval (3 % of all payments), or nothing. */
export const openPayments = { part: 0.0154, unapproved: 0.0272, none: 0.0681 } as const;
export const unappliedPerBooking = 0.0135;
/** Of bookings invoiced by appointment, so that split deposits are 0.8 % of payments. */
export const splitDeposits = 0.24;
export const unapprovedShare = 0.03;
export const methods = {
  'Credit card': 0.52,
  'Bank Transfer': 0.27,
  Cash: 0.11,
  Debit: 0.04,
  Cheque: 0.03,
  'Gift Card': 0.01,
  Barter: 0.02,
} as const;
/** Of closed invoices with one payment, and with two, so that refunds are 2.4 % of payments and 70 % partial. */
export const partialRefunds = 0.0278;
export const fullRefunds = 0.0674;
export const unapprovedRefunds = 0.15;

export const value = { median: 180, sigma: 1.25, cap: 60_000 } as const;
export const inclusiveTenants = 0.7;
export const discountShare = 0.09;
export const depositShare = 0.12;
export const extrasPerBooking = { '0': 0.6, '1': 0.27, '2': 0.13 } as const;

export const quoteStatuses = {
  Accepted: 0.46,
  Sent: 0.14,
  Declined: 0.16,
  Expired: 0.19,
  Draft: 0.05,
} as const;
export const acceptedBooked = 0.92;
export const linesPerQuote = { '1': 0.4, '2': 0.3, '3': 0.2, '4': 0.1 } as const;

export const weekdayShare = 0.84;
export const growthPerYear = 0.15;
export const season = 0.25;
export const leadDays = { median: 5, sigma: 1 } as const;

export const noteLength = { median: 110, sigma: 1.34, cap: 6_000 } as const;
export const attachmentKinds = { photo: 0.82, pdf: 0.13, signature: 0.04, audio: 0.01 } as const;
/** Rows without both are D05 and planted. */
export const missingContact = { email: 0.14, mobile: 0.06, nothing: 0.8 } as const;
export const missingAddress = 0.05;
