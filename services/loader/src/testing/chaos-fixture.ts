import { markerFieldName, markerLine, type Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';

export type ChaosRow = readonly [Entity, string, Payload];

/** About `count` records of every entity but files (they need bytes), each linked to those before it. */
export function chaosPayloads(count: number): ChaosRow[] {
  const customers = Math.ceil(count / 6);
  const rows: ChaosRow[] = [['product', 'service:1', marked('service:1', { name: 'Bond clean' })]];
  for (let n = 1; n <= customers; n += 1) {
    const org = `customer:${n}#org`;
    const person = `customer:${n}`;
    const deal = `booking:${n}`;
    rows.push(
      ['organization', org, marked(org, { name: `Company ${n}` })],
      ['person', person, marked(person, { name: `Person ${n}`, org_id: { $ref: org } })],
      n % 3 === 0
        ? [
            'lead',
            `inquiry:${n}`,
            marked(`inquiry:${n}`, { title: `Lead ${n}`, person_id: { $ref: person } }),
          ]
        : ['line', `booking_service:${n}`, line(n, deal)],
      [
        'deal',
        deal,
        marked(deal, {
          title: `Deal ${n}`,
          value: n % 3 === 0 ? `${n}.35` : '40.00',
          currency: 'AUD',
          person_id: { $ref: person },
          stage_id: { $stage: { pipeline: 'OctopusPro', stage: 'Done' } },
        }),
      ],
      [
        'activity',
        `appointment:${n}`,
        {
          subject: `Visit ${n}`,
          type: { $activityType: 'Appointment' },
          deal_id: { $ref: deal },
          due_date: '2024-05-01',
          note: markerLine(`appointment:${n}`),
        },
      ],
      ['note', `note:${n}`, { content: markerLine(`note:${n}`), deal_id: { $ref: deal } }],
    );
  }
  return rows;
}

function marked(key: string, payload: Payload): Payload {
  return { ...payload, custom_fields: { [markerFieldName]: key } };
}

function line(n: number, deal: string): Payload {
  return {
    deal_id: { $ref: deal },
    product_id: { $ref: 'service:1' },
    item_price: '20',
    quantity: '2',
    discount: '0',
    discount_type: 'percentage',
    tax: '0',
    tax_method: 'none',
    is_enabled: true,
    comments: markerLine(`booking_service:${n}`),
  };
}

/** What the account must say of each record, from the payload alone: its words and whom it is linked to. */
export function expectedOf([, , payload]: ChaosRow): Record<string, unknown> {
  const links = ['person_id', 'org_id', 'deal_id', 'product_id'];
  const words = ['name', 'title', 'subject', 'comments', 'note', 'content'];
  const all = payload as Record<string, unknown>;
  return Object.fromEntries([
    ...words.filter((field) => field in all).map((field) => [field, all[field]]),
    ...links.filter((field) => field in all).map((field) => [field, (all[field] as { $ref: string }).$ref]),
  ]);
}
