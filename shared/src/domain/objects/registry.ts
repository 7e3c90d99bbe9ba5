import type { ObjectDefinition } from '../mapping/define-object.js';
import { appointment } from './appointment.js';
import { attachment } from './attachment.js';
import { booking } from './booking.js';
import { bookingStatus } from './booking-status.js';
import { communication } from './communication.js';
import { complaint } from './complaint.js';
import { customer } from './customer.js';
import { customerAddress } from './customer-address.js';
import { customerProperty } from './customer-property.js';
import { faq } from './faq.js';
import { fieldworker } from './fieldworker.js';
import { form, formField } from './form-definitions.js';
import { formResponse } from './form-response.js';
import { inquiry } from './inquiry.js';
import { inventoryOnly } from './inventory-only.js';
import { invoice } from './invoice.js';
import { label } from './label.js';
import {
  bookingService,
  customField,
  customFieldOption,
  customFieldValue,
  invoiceItem,
  paymentAllocation,
  quoteItem,
} from './merged-children.js';
import { note } from './note.js';
import { payment } from './payment.js';
import { product } from './product.js';
import { quote } from './quote.js';
import { refund } from './refund.js';
import { service } from './service.js';
import { statusHistory } from './status-history.js';
import { user } from './user.js';

/** Every source object and what becomes of it. */
export const registry: ReadonlyArray<ObjectDefinition> = [
  fieldworker,
  user,
  bookingStatus,
  customField,
  customFieldOption,
  label,
  service,
  product,
  faq,
  customer,
  customerProperty,
  customerAddress,
  booking,
  bookingService,
  appointment,
  invoice,
  invoiceItem,
  payment,
  paymentAllocation,
  refund,
  quote,
  quoteItem,
  inquiry,
  customFieldValue,
  statusHistory,
  form,
  formField,
  formResponse,
  complaint,
  communication,
  note,
  attachment,
  ...inventoryOnly,
];

export function findDefinition(object: string): ObjectDefinition | undefined {
  return registry.find((definition) => definition.name === object);
}
