// How a value is written in the package: times with offset, money in cents until the last moment, lists as JSON.
import { createHash } from 'node:crypto';
import { DateTime } from 'luxon';
import * as company from './company.mjs';

export const exportTime = DateTime.fromISO(company.exportedAt, { zone: company.zone });
// A local time without offset is Sydney time; one with an offset names one of the two 1:30s of the autumn change.
export const at = (text) => DateTime.fromISO(text, { zone: company.zone });
export const stamp = (moment) => (moment ? moment.toISO({ suppressMilliseconds: true }) : '');
export const notAfterExport = (moment) => DateTime.min(moment, exportTime.minus({ minutes: 5 }));
export const money = (cents) =>
  cents === ''
    ? ''
    : `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
// GST is 10 % and inside the price, so it is one eleventh, rounded per line.
export const taxIn = (cents) => Math.round(cents / 11);
// Ids are opaque, so they are strings inside a list as well.
export const list = (values) => (values.length ? JSON.stringify(values.map(String)) : '');
export const total = (rows, pick) => rows.reduce((sum, row) => sum + pick(row), 0);
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

export function addressOf(unit, number, street, suburb) {
  return {
    Unit: unit,
    'Street number': number,
    'Street address': street,
    Suburb: suburb,
    State: 'NSW',
    Postcode: company.suburbs[suburb][0],
    Country: 'AU',
  };
}
export const oneLine = (a) =>
  `${a.Unit ? `${a.Unit}/` : ''}${a['Street number']} ${a['Street address']}, ${a.Suburb} ${a.State} ${a.Postcode}`;
