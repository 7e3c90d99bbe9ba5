import {
  fileNameWithMarker,
  markerFieldName,
  markerLine,
  type Payload,
} from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';

type Row = readonly [Entity, string, Payload];

/** About `count` records of every entity, with the links of a real migration: what storms and rollbacks are tried on. */
export function manyPayloads(count: number, file: { sha256: string; bytes: number }): Row[] {
  const persons = Math.max(1, Math.round(count / 4.2));
  const rows: Row[] = [];
  const custom = (key: string, more: Payload = {}) => ({ [markerFieldName]: key, ...more });
  for (let n = 1; n <= 5; n += 1)
    rows.push([
      'product',
      `service:${n}`,
      {
        name: `Service ${n}`,
        prices: [{ currency: 'AUD', price: `${n}0.50` }],
        custom_fields: custom(`service:${n}`),
      },
    ]);
  for (let n = 1; n <= persons; n += 1) {
    const person = `customer:${n}`;
    const org = `customer:${n}#org`;
    const deal = `booking:${n}`;
    if (n % 4 === 0) rows.push(['organization', org, { name: `Company ${n}`, custom_fields: custom(org) }]);
    rows.push([
      'person',
      person,
      {
        name: `Person ${n}`,
        emails: [{ value: `p${n}@mail.example`, primary: true, label: 'work' }],
        ...(n % 4 === 0 ? { org_id: { $ref: org } } : {}),
        custom_fields: custom(person, n % 3 === 0 ? { Pets: { $options: ['Dog'] } } : {}),
      },
    ]);
    rows.push([
      'deal',
      deal,
      {
        title: `Job ${n}`,
        value: `${n}.25`,
        currency: 'AUD',
        ...(n % 5 === 0 ? { status: 'won', won_time: '2024-05-02T03:04:05Z' } : {}),
        person_id: { $ref: person },
        stage_id: { $stage: { pipeline: 'OctopusPro', stage: n % 2 === 0 ? 'Done' : 'Scheduled' } },
        custom_fields: custom(deal, { 'Booking status': { $option: 'Completed' } }),
      },
    ]);
    if (n % 6 === 0)
      for (const [at, price] of [String(n), '0.25'].entries())
        rows.push([
          'line',
          `booking_service:${n}0${at}`,
          {
            deal_id: { $ref: deal },
            product_id: { $ref: `service:${at + 1}` },
            item_price: price,
            quantity: '1',
            tax: '0',
            tax_method: 'none',
            is_enabled: true,
            comments: markerLine(`booking_service:${n}0${at}`),
          },
        ]);
    rows.push([
      'activity',
      `appointment:${n}`,
      {
        subject: `Visit ${n}`,
        type: { $activityType: 'Appointment' },
        deal_id: { $ref: deal },
        participants: [{ person_id: { $ref: person }, primary: true }],
        due_date: '2024-05-01',
        due_time: '09:30',
        done: true,
        note: markerLine(`appointment:${n}`),
      },
    ]);
    if (n % 2 === 0)
      rows.push([
        'note',
        `note:${n}`,
        { content: `Gate code ${n}<br>${markerLine(`note:${n}`)}`, person_id: { $ref: person } },
      ]);
    if (n % 10 === 0)
      rows.push([
        'lead',
        `inquiry:${n}`,
        {
          title: `Asks ${n}`,
          person_id: { $ref: person },
          origin_id: `inquiry:${n}`,
          custom_fields: custom(`inquiry:${n}`),
        },
      ]);
    if (n % 5 === 0)
      rows.push([
        'file',
        `attachment:${n}`,
        {
          // Not what else the store says of it (its blob differs from one rig to the next).
          file: {
            $file: { path: 'attachments/invoices/1/INV-1.pdf', sha256: file.sha256, bytes: file.bytes },
          },
          name: fileNameWithMarker(`photo-${n}.pdf`, `attachment:${n}`),
          deal_id: { $ref: deal },
        },
      ]);
  }
  return rows;
}
