/**
 * Every object of an export and its columns, from section 7 of the source data sheet: the one table that header
 * matching, staging, assessment and mapping read. A canonical field is the documented header in snake_case.
 */
export type FieldType =
  | 'id'
  | 'text'
  | 'longtext'
  | 'html'
  | 'enum'
  | 'int'
  | 'money'
  | 'number'
  | 'date'
  | 'datetime'
  | 'bool'
  | 'phone'
  | 'email'
  | 'list'
  | 'ref'
  | 'geo'
  | 'secret'
  | 'json';

export interface CanonicalField {
  field: string;
  header: string;
  type: FieldType;
  /** `R` required, `r` recommended. */
  required: 'R' | 'r' | '';
  /** Normalised headers (headers.ts) that mean the same in this object. */
  aliases: ReadonlyArray<string>;
}

/** A reference of a row to another record of the export. */
export interface ParentRule {
  field: string;
  /** The parent's object, or the field that names it in each row. */
  object: string | { field: string };
  /** The cell is a list of ids: a JSON array, or separated by `;` or `,`. */
  many?: boolean;
  /**
   * A reference to nothing rejects the row (orphan_reference). When the field is required (`R`) an empty cell does
   * so too; otherwise empty is a state to carry, like an unapplied payment.
   */
  required?: boolean;
  /** The field that may name the parent by its `display` instead, where this one is empty (staging/named-by-number.ts). */
  number?: string;
}

export interface CanonicalObject {
  object: string;
  /** The documented file name, without extension. */
  file: string;
  /** Other names of the file (6.4), normalised like headers. */
  aliases: ReadonlyArray<string>;
  /** The field that is the source id, null for objects without one of their own. */
  key: string | null;
  /** The field a person knows the record by; the key of last resort. */
  display: string | null;
  parents: ReadonlyArray<ParentRule>;
  fields: ReadonlyArray<CanonicalField>;
}

/** header, type, required, aliases separated by blanks */
type FieldRow = readonly [string, FieldType, ('R' | 'r' | '')?, string?];

interface ObjectRow {
  file: string;
  aliases?: string;
  key: string | null;
  display?: string;
  parents?: ReadonlyArray<ParentRule>;
  fields: ReadonlyArray<FieldRow>;
}

/** `Booking ID(s)` → `booking_ids`, `SHA-256` → `sha_256`. */
export function fieldOfHeader(header: string): string {
  return header
    .replace('(s)', 's')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

const address: FieldRow[] = [
  ['Unit', 'text', 'r', 'unit_lot lot unit_number address_line_2 address_2 street_line_2'],
  ['Street number', 'text', 'r', 'house_number'],
  ['Street address', 'text', 'r', 'address_1 address_line_1 street address_line street_line_1'],
  ['Suburb', 'text', 'r', 'city town locality'],
  ['State', 'text', 'r', 'province region county'],
  ['Postcode', 'text', 'r', 'zip zip_code postal_code post_code'],
  ['Country', 'text', 'r'],
  ['Address', 'text', '', 'full_address formatted_address'],
];
const position: FieldRow[] = [
  ['Latitude', 'geo', '', 'lat'],
  ['Longitude', 'geo', '', 'long lng lon'],
];
const deleted: FieldRow[] = [
  ['Is deleted', 'bool', '', 'deleted archived is_archived'],
  ['Deleted at', 'datetime', '', 'archived_at date_deleted'],
];
const stamps: FieldRow[] = [
  ['Created', 'datetime', 'r', 'created_at date_created creation_date created_on'],
  ['Modified', 'datetime', 'r', 'modified_at updated_at updated last_modified date_modified modified_on'],
];
const lineAmounts: FieldRow[] = [
  ['Description', 'longtext', '', 'details line_description'],
  ['Quantity', 'number', '', 'qty unit units'],
  ['Unit price', 'money', '', 'rate price'],
  ['Discount', 'money'],
  ['Tax', 'money', '', 'gst vat tax_amount'],
  ['Line total', 'money', '', 'amount total subtotal line_amount'],
];
const ofCustomer: ParentRule = { field: 'customer_id', object: 'customer', required: true };
const ofBooking: ParentRule = { field: 'booking_id', object: 'booking', required: true };
const ofInvoice: ParentRule = { field: 'invoice_id', object: 'invoice', required: true };
const ofOwner: ParentRule = { field: 'owner_id', object: 'user' };
const ofFieldworker: ParentRule = { field: 'fieldworker_id', object: 'fieldworker' };
const ofAnyObject: ParentRule = { field: 'object_id', object: { field: 'object' }, required: true };

const secrets = 'bank bank_name bank_account';
const workerColumns: FieldRow[] = [
  ['Display name', 'text', 'R', 'name full_name username'],
  ['first_name', 'text', 'r', 'first given_name forename'],
  ['last_name', 'text', 'r', 'last surname family_name'],
  ['Email', 'email', 'r', 'login email_address e_mail'],
  ['Mobile', 'phone', '', 'mobile_number cell cell_phone mobile_phone'],
  ['Phone', 'phone', '', 'telephone landline phone_number work_phone'],
  ['Emergency phone', 'phone'],
  ['Fax', 'phone'],
  ['Time zone', 'text', '', 'timezone'],
  ...address,
  ['Role', 'enum', 'r', 'user_role'],
  ['Employment type', 'enum', '', 'employment'],
  ['Parent fieldworker ID', 'ref', '', 'parent_id'],
  ['Status', 'enum', 'r', 'state active'],
  ['Labels', 'list', '', 'tags tag label'],
  ['Services', 'list', '', 'service service_ids'],
  ['Service areas', 'list', '', 'service_area areas'],
  ['Travel radius', 'number', '', 'radius'],
  ['Location tracking', 'bool', '', 'gps_tracking'],
  ['Pay structure', 'enum', '', 'structure'],
  ['Hourly', 'money', '', 'hourly_rate'],
  ['Overtime', 'money', '', 'overtime_rate'],
  ['First hour rate', 'money'],
  ['Commission %', 'number', '', 'commission commission_percent commission_rate'],
  ['Bank', 'secret', '', secrets],
  ['BSB', 'secret', '', 'bsb_number routing_number routing sort_code'],
  ['Account number', 'secret', '', 'account_no bank_account_number iban'],
  ['Tax ID', 'secret', '', 'tax_number tfn abn ssn tax_file_number'],
  ['Licence', 'secret', '', 'license licence_number license_number driver_licence driver_license'],
  ['Licence number', 'secret', '', 'licence_no license_no'],
  ['Licence expiry', 'secret', '', 'license_expiry'],
  ['password', 'secret', '', 'pwd passwd pass'],
  ...stamps,
  ...deleted,
];

const objectTable = {
  customer: {
    file: 'customers',
    aliases: 'clients contacts customer_list all_customers',
    key: 'customer_id',
    parents: [{ field: 'owner_id', object: 'user' }],
    fields: [
      ['Customer ID', 'id', 'R', 'id customer_no customer_number client_id account_no'],
      ['Customer type', 'enum', 'r', 'type account_type'],
      ['Customer title', 'enum', '', 'title salutation prefix'],
      ['first_name', 'text', 'r', 'first given_name forename'],
      ['last_name', 'text', 'r', 'last surname family_name'],
      ['Full name', 'text', '', 'name display_name customer contact_name customer_name'],
      ['Business name', 'text', 'r', 'company company_name organisation organization trading_as'],
      ['email', 'email', 'r', 'email_address e_mail primary_email email1 email_1'],
      ['email2', 'email', '', 'secondary_email email_2 e_mail2'],
      ['email3', 'email', '', 'email_3'],
      ['mobile', 'phone', 'r', 'mobile_number cell cell_phone mobile_phone mobile1 mobile_1'],
      ['mobile2', 'phone', '', 'mobile_2'],
      ['mobile3', 'phone', '', 'mobile_3'],
      ['phone', 'phone', '', 'telephone landline home_phone work_phone phone_number phone1 phone_1'],
      ['phone2', 'phone', '', 'phone_2'],
      ['phone3', 'phone', '', 'phone_3'],
      ['first_name2', 'text', '', 'first_name_2'],
      ['last_name2', 'text', '', 'last_name_2'],
      ['first_name3', 'text', '', 'first_name_3'],
      ['last_name3', 'text', '', 'last_name_3'],
      ...address,
      ...position,
      ['Date joined', 'date', '', 'created created_at date_created customer_since joined'],
      ['Modified', 'datetime', '', 'updated_at updated last_modified modified_at'],
      ['Labels', 'list', '', 'tags tag label'],
      ['Owner', 'text', '', 'account_manager sales_rep assigned_to'],
      ['Owner ID', 'ref'],
      ['Branch', 'text', '', 'location'],
      ['Trading name', 'text', '', 'brand'],
      ['Source', 'text', '', 'lead_source how_did_you_hear'],
      ['Notes', 'longtext', '', 'comments description note comment'],
      ['Email opt out', 'bool', '', 'unsubscribed do_not_email marketing'],
      ['SMS opt out', 'bool', '', 'do_not_sms'],
      ['Invoice due days', 'int', '', 'payment_terms'],
      ['Billing cycle', 'enum'],
      ['Rating', 'number'],
      ['Balance', 'money'],
      ['Total revenue', 'money', '', 'revenue'],
      ...deleted,
      ['Merged into ID', 'ref', '', 'merged_into'],
      ['password', 'secret', '', 'pwd passwd pass'],
    ],
  },
  customer_address: {
    file: 'customer_addresses',
    aliases: 'addresses service_addresses',
    key: 'address_id',
    parents: [ofCustomer],
    fields: [
      ['Address ID', 'id', '', 'id'],
      ['Customer ID', 'ref', 'R', 'client_id customer_no customer_number'],
      ['Type', 'enum', '', 'address_type'],
      ['Label', 'text', '', 'name'],
      ...address,
      ...position,
      ['Is primary', 'bool', '', 'primary is_default'],
      ...deleted,
    ],
  },
  customer_property: {
    file: 'customer_properties',
    aliases: 'properties dependents assets sub_customers pets vehicles children',
    key: 'property_id',
    parents: [ofCustomer],
    fields: [
      ['Property ID', 'id', 'R', 'id customer_property_id'],
      ['Customer ID', 'ref', 'R', 'client_id customer_no customer_number'],
      ['Property type', 'enum', '', 'type'],
      ['Name', 'text', '', 'property_name label'],
      ...address,
      ['Notes', 'longtext', '', 'note comments'],
      ['Created', 'datetime', '', 'created_at date_created'],
      ...deleted,
    ],
  },
  fieldworker: {
    file: 'fieldworkers',
    aliases: 'technicians staff workers employees team contractors users_fieldworkers',
    key: 'fieldworker_id',
    parents: [{ field: 'parent_fieldworker_id', object: 'fieldworker' }],
    fields: [['Fieldworker ID', 'id', 'R', 'id user_id technician_id staff_id'], ...workerColumns],
  },
  user: {
    file: 'users',
    aliases: 'office_users office_staff',
    key: 'user_id',
    fields: [['User ID', 'id', 'R', 'id staff_id'], ...workerColumns],
  },
  service: {
    file: 'services',
    aliases: 'service_list price_list pricebook',
    key: 'service_id',
    fields: [
      ['Service ID', 'id', 'R', 'id service_code item_code sku'],
      ['Service name', 'text', 'R', 'name service title'],
      ['Category', 'text', 'r', 'service_category group'],
      ['Description', 'html'],
      ['Brief', 'html', '', 'short_description'],
      ['Pricing model', 'enum', 'r', 'charge_type price_type rate_type'],
      ['Price', 'money', 'r', 'rate unit_price base_price hourly_rate'],
      ['Minimum price', 'money'],
      ['Deposit', 'text'],
      ['Tax rate', 'number', '', 'gst vat'],
      ['Tax inclusive', 'bool'],
      ['Price tiers', 'json'],
      ['Duration', 'text', '', 'duration_minutes'],
      ['Unit label', 'text', '', 'unit'],
      ['Locations', 'list'],
      ['Service areas', 'list'],
      ['Active', 'bool', '', 'enabled'],
      ['Show on portal', 'bool'],
      ...stamps,
      ...deleted,
    ],
  },
  product: {
    file: 'products',
    aliases: 'parts materials items inventory',
    key: 'product_id',
    display: 'item_code',
    fields: [
      ['Product ID', 'id', '', 'id'],
      ['Product name', 'text', 'R', 'name product title'],
      ['Item code', 'text', '', 'code sku'],
      ['Description', 'html'],
      ['Cost', 'money', '', 'cost_price'],
      ['Markup %', 'number', '', 'markup markup_percent'],
      ['Price', 'money', '', 'unit_price rate'],
      ['Tax rate', 'number', '', 'gst vat'],
      ['Active', 'bool', '', 'enabled'],
      ...deleted,
    ],
  },
  inquiry: {
    file: 'inquiries',
    aliases: 'enquiries leads requests',
    key: 'inquiry_id',
    display: 'inquiry_number',
    parents: [
      ofCustomer,
      ofOwner,
      { field: 'quote_id', object: 'quote' },
      { field: 'booking_id', object: 'booking' },
    ],
    fields: [
      ['Inquiry ID', 'id', 'R', 'id lead_id'],
      ['Inquiry number', 'text', '', 'enquiry_no number'],
      ['Customer ID', 'ref', 'r', 'client_id customer_no customer_number'],
      ['Customer name', 'text', '', 'customer'],
      ['Email', 'email', '', 'email_address'],
      ['Phone', 'phone', '', 'phone_number mobile'],
      ['Status', 'enum', '', 'inquiry_status'],
      ['Source', 'text', '', 'lead_source'],
      ['Created', 'datetime', 'r', 'created_at date_created date'],
      ['Modified', 'datetime', '', 'modified_at updated_at'],
      ['Follow up date', 'date', '', 'follow_up followup_date'],
      ['Owner ID', 'ref', '', 'owner'],
      ['Services', 'list', '', 'service'],
      ['Address', 'text'],
      ...address.filter(([header]) => header !== 'Address'),
      ['Notes', 'longtext', '', 'note message description comments'],
      ['Labels', 'list', '', 'tags'],
      ['Quote ID', 'ref', '', 'converted_to_quote'],
      ['Booking ID', 'ref', '', 'converted_to converted_to_booking'],
      ...deleted,
    ],
  },
  quote: {
    file: 'quotes',
    aliases: 'estimates proposals',
    key: 'quote_id',
    display: 'quote_number',
    parents: [
      ofCustomer,
      ofOwner,
      { field: 'booking_id', object: 'booking' },
      { field: 'inquiry_id', object: 'inquiry' },
    ],
    fields: [
      ['Quote ID', 'id', 'R', 'id estimate_id'],
      ['Quote number', 'text', '', 'estimate_number quote_no number'],
      ['Customer ID', 'ref', 'R', 'client_id customer_no customer_number'],
      ['Status', 'enum', 'R', 'quote_status'],
      ['Title', 'text'],
      ['Quote date', 'date', 'r', 'issued date issue_date'],
      ['Expiry date', 'date', 'r', 'valid_until expires expiry'],
      ['Sent at', 'datetime', 'r', 'sent'],
      ['Accepted at', 'datetime', 'r', 'accepted'],
      ['Declined at', 'datetime', 'r', 'declined'],
      ['Follow up date', 'date', 'r', 'follow_up followup_date'],
      ['Subtotal', 'money'],
      ['Discount', 'money'],
      ['Tax', 'money', '', 'gst vat'],
      ['Total', 'money', 'r', 'amount value grand_total price'],
      ['Decline reason', 'text'],
      ['Signed by', 'text'],
      ['Signed at', 'datetime'],
      ['Booking ID', 'ref', '', 'booking'],
      ['Inquiry ID', 'ref', '', 'inquiry'],
      ['Owner ID', 'ref', '', 'owner'],
      ...address,
      ['Description', 'longtext', '', 'notes'],
      ['Labels', 'list', '', 'tags'],
      ...stamps,
      ...deleted,
    ],
  },
  quote_item: {
    file: 'quote_items',
    aliases: 'estimate_lines quote_lines estimate_items',
    key: 'quote_item_id',
    parents: [
      { field: 'quote_id', object: 'quote', required: true },
      { field: 'service_id', object: 'service' },
    ],
    fields: [
      ['Quote Item ID', 'id', '', 'id'],
      ['Quote ID', 'ref', 'R', 'estimate_id'],
      ['Service ID', 'ref'],
      ['Service name', 'text', '', 'service item name'],
      ...lineAmounts,
    ],
  },
  booking: {
    file: 'bookings',
    aliases: 'jobs work_orders all_bookings booking_list',
    key: 'booking_id',
    display: 'booking_number',
    parents: [
      ofCustomer,
      { field: 'customer_property_ids', object: 'customer_property', many: true },
      { field: 'fieldworker_ids', object: 'fieldworker', many: true },
      { field: 'quote_id', object: 'quote' },
      { field: 'inquiry_id', object: 'inquiry' },
      { field: 'invoice_ids', object: 'invoice', many: true, number: 'invoice_number' },
      ofOwner,
    ],
    fields: [
      ['Booking ID', 'id', 'R', 'id job_id work_order_id'],
      ['Booking number', 'text', 'r', 'booking_no booking_num ref reference job_number number'],
      ['Customer ID', 'ref', 'R', 'client_id customer_no customer_number'],
      ['Customer name', 'text', '', 'customer'],
      ['Customer email', 'email', '', 'email'],
      ['Customer phone', 'phone', '', 'phone mobile'],
      [
        'Customer property ID(s)',
        'list',
        '',
        'customer_property_id property_id property_ids dependent pet vehicle',
      ],
      ['Status', 'enum', 'R', 'booking_status job_status workflow_status'],
      ['Title', 'text', '', 'service_description job_title'],
      ['Description', 'longtext', '', 'job_description booking_notes'],
      ['Services', 'list', '', 'service'],
      ['Fieldworker ID(s)', 'list', 'r', 'fieldworker_id technician_id assigned_to_id'],
      ['Fieldworkers', 'list', '', 'fieldworker assigned_to technician team'],
      [
        'Start',
        'datetime',
        'r',
        'start_time start_at appointment_date scheduled_date booking_date start_date',
      ],
      ['End', 'datetime', 'r', 'end_time end_at end_date'],
      ['All day', 'bool'],
      ['Time window', 'text'],
      ['Actual start', 'datetime', '', 'checked_in started_at'],
      ['Actual end', 'datetime', '', 'finished_at checked_out'],
      ['Duration', 'text'],
      ['Location type', 'enum'],
      ...address,
      ['Second address', 'text', '', 'delivery_address'],
      ...position,
      ['Subtotal', 'money'],
      ['Extra charges', 'money'],
      ['Discount', 'money'],
      ['Tax', 'money', '', 'gst vat'],
      ['Total', 'money', 'r', 'price amount booking_total value'],
      ['Deposit', 'money'],
      ['Paid', 'money', '', 'amount_paid'],
      ['Balance', 'money', '', 'amount_due outstanding'],
      ['Quote ID', 'ref', '', 'estimate_id'],
      ['Inquiry ID', 'ref'],
      ['Invoice ID(s)', 'list', '', 'invoice_id'],
      ['Invoice number', 'text', '', 'invoice_no'],
      ['Series ID', 'text', 'r', 'repeat_of parent_booking series'],
      ['Recurrence', 'text', '', 'repeat'],
      ['Owner ID', 'ref', '', 'owner'],
      ['Sales rep', 'text'],
      ['Branch', 'text'],
      ['Trading name', 'text', '', 'brand'],
      ['Source', 'text', '', 'lead_source'],
      ['Labels', 'list', '', 'tags'],
      ['Cancel reason', 'text', '', 'cancellation_note cancellation_reason'],
      ['Fail reason', 'text', '', 'failure_reason unable_to_start_reason'],
      ['Rating', 'number'],
      ['Feedback', 'longtext'],
      ['Internal notes', 'longtext', '', 'office_notes'],
      ['Customer notes', 'longtext'],
      ['Created', 'datetime', 'r', 'created_at date_created'],
      ['Created by', 'text'],
      ['Modified', 'datetime', 'r', 'updated_at modified_at last_modified'],
      ...deleted,
    ],
  },
  booking_service: {
    file: 'booking_services',
    aliases: 'job_services booking_items booking_lines',
    key: 'booking_service_id',
    parents: [ofBooking, { field: 'service_id', object: 'service' }],
    fields: [
      ['Booking Service ID', 'id', 'R', 'id'],
      ['Booking ID', 'ref', 'R', 'job_id'],
      ['Service ID', 'ref'],
      ['Service name', 'text', '', 'service name'],
      ['Hours', 'number'],
      ...lineAmounts,
      ['Fieldworker share', 'money', '', 'share'],
    ],
  },
  appointment: {
    file: 'appointments',
    aliases: 'visits schedule job_visits',
    key: 'appointment_id',
    parents: [
      ofBooking,
      { field: 'booking_service_id', object: 'booking_service' },
      { field: 'fieldworker_ids', object: 'fieldworker', many: true },
    ],
    fields: [
      ['Appointment ID', 'id', 'R', 'id visit_id'],
      ['Booking ID', 'ref', 'R', 'job_id'],
      ['Booking Service ID', 'ref'],
      ['Start', 'datetime', '', 'start_time start_at start_date date'],
      ['End', 'datetime', '', 'end_time end_at end_date'],
      ['All day', 'bool'],
      ['Time window', 'text'],
      ['Status', 'enum', '', 'visit_status'],
      ['Fieldworker IDs', 'list', '', 'fieldworker_id fieldworkers assigned_to'],
      ['Responses', 'list', '', 'response'],
      ['Actual start', 'datetime', '', 'checked_in started_at'],
      ['Actual end', 'datetime', '', 'finished_at checked_out'],
      ['Check-in lat/long', 'geo', '', 'check_in_lat check_in_position'],
      ['Check-in latitude', 'geo', '', 'check_in_lat'],
      ['Check-in longitude', 'geo', '', 'check_in_long check_in_lng'],
      ['Notes', 'longtext', '', 'note description'],
    ],
  },
  invoice: {
    file: 'invoices',
    aliases: 'invoice_list bills',
    key: 'invoice_id',
    display: 'invoice_number',
    parents: [
      ofCustomer,
      { field: 'booking_ids', object: 'booking', many: true },
      { field: 'quote_id', object: 'quote' },
      ofOwner,
    ],
    fields: [
      ['Invoice ID', 'id', 'R', 'id'],
      ['Invoice number', 'text', '', 'inv_no invoice_no number'],
      ['Customer ID', 'ref', 'R', 'client_id customer_no customer_number'],
      ['Booking ID(s)', 'list', 'r', 'booking_id booking_number job_id'],
      ['Quote ID', 'ref'],
      ['Status', 'enum', 'R', 'invoice_status'],
      ['Invoice date', 'date', 'r', 'issued issue_date date'],
      ['Due date', 'date', 'r', 'due'],
      ['Sent at', 'datetime', 'r', 'sent'],
      ['Paid at', 'datetime', 'r'],
      ['Voided at', 'datetime', 'r', 'voided'],
      ['Subtotal', 'money'],
      ['Discount', 'money'],
      ['Tax', 'money', '', 'gst vat'],
      ['Total', 'money', 'R', 'amount grand_total invoice_total'],
      ['Paid', 'money', '', 'amount_paid'],
      ['Refunded', 'money'],
      ['Balance', 'money', '', 'amount_due outstanding'],
      ['Tax inclusive', 'bool'],
      ['Billing address', 'text', '', 'address'],
      ['PO number', 'text', '', 'purchase_order po_no'],
      ['Terms', 'text'],
      ['Notes', 'longtext', '', 'note'],
      ['Owner ID', 'ref', '', 'owner'],
      ['Labels', 'list', '', 'tags'],
      ['PDF file', 'text', '', 'pdf'],
      ...stamps,
      ...deleted,
    ],
  },
  invoice_item: {
    file: 'invoice_items',
    aliases: 'invoice_lines invoice_breakdown',
    key: 'invoice_item_id',
    parents: [ofInvoice, { field: 'booking_id', object: 'booking' }],
    fields: [
      ['Invoice Item ID', 'id', '', 'id'],
      ['Invoice ID', 'ref', 'R', 'invoice'],
      ['Booking ID', 'ref'],
      ['Service/Product ID', 'ref', '', 'service_id product_id item_id'],
      ['Type', 'enum', '', 'item_type line_type'],
      ['Service name', 'text', '', 'service item name'],
      ...lineAmounts,
    ],
  },
  payment: {
    file: 'payments',
    aliases: 'payment_list receipts transactions',
    key: 'payment_id',
    parents: [
      { ...ofInvoice, number: 'invoice_number' },
      ofCustomer,
      { field: 'booking_id', object: 'booking' },
      ofFieldworker,
    ],
    fields: [
      ['Payment ID', 'id', 'R', 'id receipt_no transaction_id'],
      ['Amount', 'money', 'R', 'value'],
      ['Payment date', 'datetime', 'R', 'received_date date paid_at'],
      ['Method', 'enum', 'R', 'payment_type type payment_method'],
      ['Invoice ID', 'ref', 'r', 'invoice'],
      ['Invoice number', 'text', '', 'invoice_no'],
      ['Customer ID', 'ref', 'r', 'client_id customer_no customer_number'],
      ['Booking ID', 'ref', 'r', 'booking job_id'],
      ['Status', 'enum', 'r', 'payment_status'],
      ['Kind', 'enum', '', 'payment_kind'],
      ['Reference', 'text', '', 'ref'],
      ['Gateway', 'text'],
      ['Card last4', 'text', '', 'last4 card_last_4 last_4'],
      ['Insert type', 'text'],
      ['Added by', 'text'],
      ['Fieldworker ID', 'ref'],
      ['Notes', 'longtext', '', 'note description'],
      ...stamps,
      ...deleted,
    ],
  },
  payment_allocation: {
    file: 'payment_allocations',
    aliases: 'allocations',
    key: null,
    parents: [{ field: 'payment_id', object: 'payment', required: true }, ofInvoice],
    fields: [
      ['Payment ID', 'ref', 'R', 'payment'],
      ['Invoice ID', 'ref', 'R', 'invoice'],
      ['Amount', 'money', 'R', 'value'],
    ],
  },
  refund: {
    file: 'refunds',
    aliases: 'credits credit_notes',
    key: 'refund_id',
    parents: [
      { field: 'payment_id', object: 'payment', required: true },
      { field: 'invoice_id', object: 'invoice' },
      { field: 'booking_id', object: 'booking' },
      ofFieldworker,
    ],
    fields: [
      ['Refund ID', 'id', 'R', 'id'],
      ['Payment ID', 'ref', 'R', 'payment'],
      ['Invoice ID', 'ref', '', 'invoice'],
      ['Booking ID', 'ref', '', 'booking'],
      ['Amount', 'money', 'R', 'value refund_amount'],
      ['Refund date', 'datetime', 'R', 'date received_date refunded_at'],
      ['Method', 'enum', '', 'payment_type type refund_method'],
      ['Status', 'enum', '', 'refund_status'],
      ['Mode', 'enum'],
      ['Reference', 'text', '', 'ref'],
      ['Reason', 'text', '', 'refund_reason'],
      ['Description', 'longtext', '', 'notes note'],
      ['Fieldworker ID', 'ref'],
      ...stamps,
    ],
  },
  custom_field: {
    file: 'custom_fields',
    aliases: 'attributes field_definitions',
    key: 'field_id',
    fields: [
      ['Field ID', 'id', 'R', 'id custom_field_id attribute_id'],
      ['Label', 'text', 'R', 'name field_label'],
      ['Applies to', 'enum', 'R', 'object'],
      ['Type', 'enum', 'R', 'field_type'],
      ['Group', 'text'],
      ['Helper text', 'text'],
      ['Mandatory', 'bool', '', 'required'],
      ['Hidden portal', 'bool'],
      ['Hidden invoice', 'bool'],
      ['Services', 'list'],
      ['Depends on', 'text'],
      ['Order', 'int', '', 'position sort'],
      ['Active', 'bool', '', 'enabled'],
    ],
  },
  custom_field_option: {
    file: 'custom_field_options',
    aliases: 'field_options attribute_options',
    key: 'option_id',
    parents: [{ field: 'field_id', object: 'custom_field', required: true }],
    fields: [
      ['Field ID', 'ref', 'R', 'custom_field_id attribute_id'],
      ['Option ID', 'id', '', 'id'],
      ['Label', 'text', 'R', 'name option value'],
      ['Price effect', 'money'],
      ['Minutes effect', 'number'],
      ['Order', 'int', '', 'position sort'],
      ['Active', 'bool', '', 'enabled'],
    ],
  },
  custom_field_value: {
    file: 'custom_field_values',
    aliases: 'field_values',
    key: null,
    parents: [
      { field: 'record_id', object: { field: 'object' }, required: true },
      { field: 'field_id', object: 'custom_field' },
    ],
    fields: [
      ['Object', 'enum', 'R', 'object_type'],
      ['Record ID', 'ref', 'R', 'object_id'],
      ['Field ID', 'ref', '', 'custom_field_id attribute_id'],
      ['Label', 'text', '', 'field_label field'],
      ['Value', 'longtext', 'R'],
    ],
  },
  booking_status: {
    file: 'booking_statuses',
    aliases: 'statuses workflow_statuses',
    key: 'status_id',
    display: 'name',
    fields: [
      ['Status ID', 'id', '', 'id'],
      ['Name', 'text', 'R', 'status label'],
      ['Colour', 'text', '', 'color'],
      ['System', 'bool'],
      ['Allows invoicing', 'bool'],
      ['Is current', 'bool'],
      ['Active', 'bool', '', 'enabled'],
      ['Order', 'int', '', 'position sort'],
    ],
  },
  label: {
    file: 'labels',
    aliases: 'tags',
    key: 'label_id',
    display: 'name',
    fields: [
      ['Label ID', 'id', '', 'id'],
      ['Name', 'text', 'R', 'label tag'],
      ['Colour', 'text', '', 'color'],
      ['Applies to', 'list', '', 'object'],
    ],
  },
  form: {
    file: 'forms',
    aliases: 'checklists',
    key: 'form_id',
    fields: [
      ['Form ID', 'id', 'R', 'id checklist_id'],
      ['Name', 'text', 'R', 'form form_name'],
      ['Display to', 'list'],
      ['Display at', 'text'],
      ['Services', 'list'],
      ['Statuses', 'list'],
      ['Mandatory', 'bool', '', 'required'],
      ['Active', 'bool', '', 'enabled'],
    ],
  },
  form_field: {
    file: 'form_fields',
    aliases: 'checklist_fields',
    key: 'form_field_id',
    parents: [{ field: 'form_id', object: 'form', required: true }],
    fields: [
      ['Form ID', 'ref', 'R', 'checklist_id'],
      ['Form Field ID', 'id', 'R', 'id field_id'],
      ['Label', 'text', 'R', 'name'],
      ['Type', 'enum', 'R', 'field_type'],
      ['Mandatory', 'bool', '', 'required'],
      ['Options', 'list'],
      ['Photo rule', 'text'],
      ['Order', 'int', '', 'position sort'],
    ],
  },
  form_response: {
    file: 'form_responses',
    aliases: 'checklist_results form_submissions',
    // One row per answer: the response's id repeats, so it is a grouping and not a key.
    key: null,
    parents: [
      ofBooking,
      { field: 'form_id', object: 'form' },
      { field: 'appointment_id', object: 'appointment' },
      { field: 'form_field_id', object: 'form_field' },
      { field: 'attachment_ids', object: 'attachment', many: true },
    ],
    fields: [
      ['Response ID', 'text', 'R', 'id submission_id'],
      ['Form ID', 'ref', '', 'checklist_id'],
      ['Form name', 'text', '', 'form'],
      ['Booking ID', 'ref', 'R', 'job_id'],
      ['Appointment ID', 'ref', '', 'visit_id'],
      ['Submitted by', 'text'],
      ['Submitted at', 'datetime', '', 'submitted'],
      ['Form Field ID', 'ref', '', 'field_id'],
      ['Label', 'text', '', 'question field'],
      ['Value', 'longtext', '', 'answer'],
      ['Attachment IDs', 'list', '', 'attachment_id attachments'],
    ],
  },
  note: {
    file: 'notes',
    aliases: 'comments discussions booking_discussions',
    key: 'note_id',
    parents: [ofAnyObject, { field: 'attachment_ids', object: 'attachment', many: true }],
    fields: [
      ['Note ID', 'id', 'R', 'id comment_id'],
      ['Object', 'enum', 'R', 'object_type'],
      ['Object ID', 'ref', 'R', 'record_id'],
      ['Author ID', 'ref', '', 'user_id'],
      ['Author name', 'text', '', 'author created_by'],
      ['Author type', 'enum'],
      ['Created', 'datetime', 'R', 'created_at date date_created'],
      ['Visibility', 'enum'],
      ['Body', 'html', 'R', 'text note comment content'],
      ['Pinned', 'bool', '', 'is_pinned'],
      ['Attachment IDs', 'list', '', 'attachment_id attachments'],
    ],
  },
  communication: {
    file: 'communications',
    aliases: 'emails sms calls call_log email_log sms_log messages',
    key: 'message_id',
    parents: [
      { field: 'object_id', object: { field: 'object' } },
      { field: 'customer_id', object: 'customer' },
      ofFieldworker,
      { field: 'user_id', object: 'user' },
    ],
    fields: [
      ['Message ID', 'id', 'R', 'id communication_id'],
      ['Channel', 'enum', 'R', 'type'],
      ['Direction', 'enum', 'R'],
      ['Customer ID', 'ref', '', 'client_id'],
      ['Fieldworker ID', 'ref'],
      ['Object', 'enum', '', 'object_type'],
      ['Object ID', 'ref', '', 'record_id'],
      ['From', 'text', '', 'sender'],
      ['To', 'text', '', 'recipient'],
      ['Cc', 'text'],
      ['Subject', 'text'],
      ['Body', 'html', '', 'text message content'],
      ['Sent at', 'datetime', 'R', 'sent date created'],
      ['Status', 'enum', '', 'delivery_status'],
      ['Duration seconds', 'int', '', 'duration'],
      ['Recording file', 'text', '', 'recording'],
      ['Template', 'text', '', 'template_name'],
      ['Automated', 'bool', '', 'automatic'],
      ['User ID', 'ref', '', 'sent_by'],
    ],
  },
  complaint: {
    file: 'complaints',
    aliases: 'issues',
    key: 'complaint_id',
    display: 'number',
    parents: [ofAnyObject, { field: 'customer_id', object: 'customer' }, ofOwner],
    fields: [
      ['Complaint ID', 'id', 'R', 'id issue_id'],
      ['Number', 'text', '', 'complaint_number complaint_no issue_number'],
      ['Object', 'enum', '', 'object_type'],
      ['Object ID', 'ref', 'R', 'record_id'],
      ['Customer ID', 'ref', '', 'client_id'],
      ['Type', 'enum', '', 'complaint_type'],
      ['Status', 'enum', '', 'complaint_status'],
      ['Created', 'datetime', '', 'created_at date'],
      ['Follow up date', 'date', '', 'follow_up'],
      ['Resolved at', 'datetime', '', 'resolved closed_at'],
      ['Payment withheld', 'bool'],
      ['Description', 'longtext', '', 'body notes'],
      ['Owner ID', 'ref', '', 'owner'],
    ],
  },
  status_history: {
    file: 'status_history',
    aliases: 'history status_log',
    key: null,
    parents: [ofAnyObject],
    fields: [
      ['Object', 'enum', 'R', 'object_type'],
      ['Object ID', 'ref', 'R', 'record_id'],
      ['From', 'text', '', 'from_status'],
      ['To', 'text', '', 'to_status'],
      ['Changed at', 'datetime', '', 'date changed'],
      ['Changed by', 'text'],
      ['Note', 'longtext', '', 'notes'],
    ],
  },
  automation: {
    file: 'automations',
    aliases: 'automated_procedures scheduled_tasks workflows',
    key: 'automation_id',
    fields: [
      ['Automation ID', 'id', 'R', 'id'],
      ['Name', 'text', 'R', 'automation rule'],
      ['Category', 'text'],
      ['Enabled', 'bool', '', 'active'],
      ['Trigger type', 'text', '', 'trigger'],
      ['Trigger detail', 'text'],
      ['Conditions', 'longtext'],
      ['Actions', 'longtext'],
      ['Channels', 'list'],
      ['Audience', 'text'],
      ['Frequency', 'text'],
      ['Offset', 'text'],
      ['Template names', 'list', '', 'templates'],
      ['Last run', 'datetime'],
      ['Runs 30d', 'int'],
    ],
  },
  faq: {
    file: 'faqs',
    aliases: 'questions_and_answers qa',
    key: 'faq_id',
    parents: [{ field: 'services', object: 'service', many: true }],
    fields: [
      ['FAQ ID', 'id', 'R', 'id'],
      ['Question', 'text', 'R'],
      ['Answer', 'html', 'R'],
      ['Services', 'list', '', 'service_ids service'],
      ['Show on portal', 'bool'],
      ['Order', 'int', '', 'position sort'],
      ['Active', 'bool', '', 'enabled'],
    ],
  },
  message_template: {
    file: 'message_templates',
    aliases: 'templates canned_responses email_templates sms_templates',
    key: 'template_id',
    fields: [
      ['Template ID', 'id', '', 'id'],
      ['Name', 'text', '', 'template template_name'],
      ['Channel', 'enum'],
      ['Receiver', 'enum'],
      ['Automatic', 'bool'],
      ['Subject', 'text'],
      ['Body', 'html'],
      ['Attachments', 'list'],
      ['Active', 'bool', '', 'enabled'],
    ],
  },
  portal_setting: {
    file: 'portal_settings',
    key: null,
    fields: [
      ['Section', 'text'],
      ['Key', 'text'],
      ['Value', 'longtext'],
      ['Notes', 'longtext'],
    ],
  },
  service_area: {
    file: 'service_areas',
    key: null,
    fields: [
      ['Name', 'text'],
      ['Owner type', 'enum'],
      ['Owner ID', 'text'],
      ['Price zone', 'text'],
      ['Geometry', 'json'],
    ],
  },
  pay_rate: {
    file: 'pay_rates',
    key: null,
    parents: [ofFieldworker, { field: 'service_id', object: 'service' }],
    fields: [
      ['Fieldworker ID', 'ref', '', 'user_id'],
      ['Service ID', 'ref'],
      ['Structure', 'enum'],
      ['Rate', 'money'],
      ['Base commission', 'number'],
      ['Upscale commission', 'number'],
      ['Product share', 'number'],
    ],
  },
  attachment: {
    file: 'attachments',
    aliases: 'files images photos documents',
    key: 'attachment_id',
    parents: [ofAnyObject],
    fields: [
      ['Attachment ID', 'id', 'R', 'id file_id'],
      ['Object', 'enum', 'R', 'object_type'],
      ['Object ID', 'ref', 'R', 'record_id'],
      ['Kind', 'enum', '', 'type'],
      ['File name', 'text', 'R', 'filename name'],
      ['Path', 'text', 'R', 'file_path file'],
      ['Original URL', 'text', '', 'url'],
      ['MIME', 'text', '', 'mime_type content_type'],
      ['Size bytes', 'int', '', 'size bytes'],
      ['SHA-256', 'text', '', 'sha256 hash checksum'],
      ['Photo tag', 'text', '', 'tag'],
      ['Caption', 'text'],
      ['Uploaded by', 'text'],
      ['Uploaded at', 'datetime', '', 'created created_at'],
      ...position,
      ['Visibility', 'enum'],
    ],
  },
} as const satisfies Record<string, ObjectRow>;

export type ObjectName = keyof typeof objectTable;

/** All objects, in the order of the data sheet. */
export const canonicalObjects: ReadonlyArray<CanonicalObject> = Object.entries(
  objectTable as Record<string, ObjectRow>,
).map(([object, row]) => ({
  object,
  file: row.file,
  aliases: words(row.aliases),
  key: row.key,
  display: row.display ?? null,
  parents: row.parents ?? [],
  fields: row.fields.map(([header, type, required = '', aliases]) => ({
    field: fieldOfHeader(header),
    header,
    type,
    required,
    aliases: words(aliases),
  })),
}));

const byName = new Map(canonicalObjects.map((entry) => [entry.object, entry]));

/** The definition of an object; throws for a name that is not in the table. */
export function canonicalObject(object: string): CanonicalObject {
  const found = byName.get(object);
  if (!found) throw new Error(`no such object in the canonical table: ${object}`);
  return found;
}

export function isCanonicalObject(object: string): object is ObjectName {
  return byName.has(object);
}

/** What a row may write in an `Object` column, in our name for it: `Bookings`, `property`, `estimate`. */
export function objectOfWord(word: string): string | undefined {
  const plain = fieldOfHeader(word);
  return objectWords.get(plain) ?? objectWords.get(plain.replace(/s$/, ''));
}

/** A map, because the words come from a stranger's file and `constructor` is one. */
const objectWords = new Map<string, string>([
  ...canonicalObjects.flatMap(
    ({ object, file }): Array<[string, string]> => [
      [object, object],
      [file, object],
    ],
  ),
  ['property', 'customer_property'],
  ['estimate', 'quote'],
  ['job', 'booking'],
  ['work_order', 'booking'],
  ['visit', 'appointment'],
  ['client', 'customer'],
  ['issue', 'complaint'],
  ['enquiry', 'inquiry'],
  ['enquiries', 'inquiry'],
  ['technician', 'fieldworker'],
]);

function words(text: string | undefined): string[] {
  return text ? text.split(' ') : [];
}
