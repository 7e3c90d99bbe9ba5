import { describe, expect, test } from 'vitest';
import { codesOf, contentOf, mapIn, payloadsOf, row } from './fixtures.js';

const booking = row('booking', '10105', {
  booking_id: '10105',
  booking_number: 'BOK-105',
  customer_id: '1005',
});
const invoice = row('invoice', '5745', {
  invoice_id: '5745',
  invoice_number: 'INV-5745',
  customer_id: '1027',
  booking_ids: '["10105"]',
});
const complaint = row('complaint', '971', {
  complaint_id: '971',
  number: 'ISS-971',
  object: 'invoice',
  object_id: '5745',
  customer_id: '1027',
  type: 'Billing',
  status: 'In Progress',
  created: '2025-06-26T09:00:00+10:00',
  follow_up_date: '2025-11-21',
  payment_withheld: 'true',
  description: 'Higher than the price <b>on the phone</b>.',
  owner_id: '11',
});
const inquiry = row('inquiry', '601', { inquiry_id: '601', inquiry_number: 'INQ-601', customer_id: '1054' });
const included = { settings: { ...contentOf({}).settings, includeAutomatedMessages: true } };

describe('note', () => {
  const note = row('note', '6016', {
    note_id: '6016',
    object: 'Jobs',
    object_id: '10105',
    author_id: '41',
    author_name: 'Maeve D.',
    author_type: 'fieldworker',
    created: '2025-01-22T12:30:00+11:00',
    visibility: 'customer',
    body: '<p>Reaction to citrus &ndash; call.</p><script>alert(1)</script><img src="https://pixel.example/o.gif">',
    pinned: 'true',
    attachment_ids: '["60026"]',
  });
  const on = (object: string, id: string, more = {}) =>
    row('note', '6020', { ...note.fields, note_id: '6020', object, object_id: id, ...more });

  test('on a booking: a note on its deal at its own time, with author and visibility', () => {
    const photo = row('attachment', '60026', { attachment_id: '60026', file_name: 'before-1.png' });
    expect(payloadsOf(mapIn({ rows: [booking, photo] }, note))).toMatchInlineSnapshot(`
      {
        "note note:6016": {
          "add_time": "2025-01-22T01:30:00Z",
          "content": "Note on: booking BOK-105<br>Author: Maeve D. (fieldworker)<br>Written: 2025-01-22 12:30<br>Visible to: customer<br>Pinned: yes<br>Files: before-1.png<br><br>Reaction to citrus – call.<br><br>OctopusPro note:6016 · BOK-105",
          "deal_id": {
            "$ref": "booking:10105",
          },
        },
      }
    `);
  });

  test('on a complaint about an invoice: on the deal of the booking', () => {
    const mapped = mapIn({ rows: [booking, invoice, complaint] }, on('complaint', '971'));
    expect(mapped.records[0]?.payload).toMatchObject({ deal_id: { $ref: 'booking:10105' } });
  });

  test('on an inquiry that was set aside: on the customer’s person; without a customer it is an orphan', () => {
    const notMapped = ['inquiry:601', 'inquiry:602'];
    const mapped = mapIn({ rows: [inquiry], notMapped }, on('inquiry', '601'));
    expect(mapped.records[0]?.payload).toMatchObject({ person_id: { $ref: 'customer:1054' } });
    const lonely = row('inquiry', '602', { inquiry_id: '602' });
    expect(mapIn({ rows: [lonely], notMapped }, on('enquiries', '602')).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'orphan_reference',
    });
  });

  test('on a company without a person: on the organization', () => {
    const customers = { '1060': { person: null, organization: 'customer:1060#org' } };
    const mapped = mapIn({ customers }, on('customer', '1060'));
    expect(mapped.records[0]?.payload).toMatchObject({ org_id: { $ref: 'customer:1060#org' } });
    expect(mapped.records[0]?.payload).not.toHaveProperty('person_id');
  });

  test.each([
    ['a product can carry no note', 'service', '303', 'excluded', 'no_target_record'],
    ['a word we do not know', 'constructor', '1', 'excluded', 'no_target_record'],
    ['a booking that is nowhere', 'booking', '99', 'rejected', 'orphan_reference'],
  ])('%s', (_, object, id, outcome, reason) => {
    expect(mapIn({}, on(object, id)).outcome).toMatchObject({ outcome, reason });
  });

  test('a date that cannot be read stays in the text; a body too long is cut, never its marker', () => {
    const mapped = mapIn(
      { rows: [booking] },
      on('booking', '10105', { created: '31/02/2025', body: '"'.repeat(30_000) }),
    );
    expect(codesOf(mapped)).toEqual(['unparseable_date created', 'value_too_long note']);
    const content = String(mapped.records[0]?.payload.content);
    expect(content).toContain('Written: 31/02/2025');
    expect(content.endsWith('<br><br>OctopusPro note:6020 · BOK-105')).toBe(true);
    expect(mapped.records[0]?.payload).not.toHaveProperty('add_time');
  });

  test.each([
    ['60,000 letters', 'a'.repeat(60_000), 60_000],
    ['97,000 letters', 'a'.repeat(97_000), 97_000],
    ['a hundred thousand letters', 'a'.repeat(100_000), 97_000],
    ['quotes, six bytes each', '"'.repeat(24_000), 16_000],
    ['line breaks between letters', 'a\n'.repeat(30_000), 27_000],
    ['signs of other scripts, three bytes each', '日'.repeat(40_000), 32_000],
    ['faces, four bytes each', '😀'.repeat(40_000), 2 * 24_000],
  ])('a body is cut by the bytes that are sent, near what a note takes: %s', (_, body, atLeast) => {
    const mapped = mapIn({ rows: [booking] }, on('booking', '10105', { body }));
    const content = String(mapped.records[0]?.payload.content);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(98_000);
    expect(content).not.toMatch(/\p{Surrogate}/u);
    expect(content.endsWith('<br><br>OctopusPro note:6020 · BOK-105')).toBe(true);
    const words = content.replaceAll('&quot;', '"').replaceAll('<br>', '\n');
    expect(words.length).toBeGreaterThan(atLeast);
    const isCut = words.includes('…');
    expect(isCut).toBe(body.trim().length > atLeast);
    expect(codesOf(mapped)).toEqual(isCut ? ['value_too_long note'] : []);
    if (isCut) expect(mapped.findings[0]?.facts).toMatchObject({ limit_bytes: 98_000 });
  });
});

describe('complaint', () => {
  test('is to do on the day of the follow-up, on the deal of what it is about', () => {
    expect(payloadsOf(mapIn({ rows: [booking, invoice] }, complaint))).toMatchInlineSnapshot(`
      {
        "activity complaint:971": {
          "deal_id": {
            "$ref": "booking:10105",
          },
          "done": false,
          "due_date": "2025-11-21",
          "note": "Complaint: ISS-971<br>About: invoice INV-5745<br>Type: Billing<br>Status: In Progress<br>Created: 2025-06-26 09:00<br>Follow up: 2025-11-21<br>Payment withheld: yes<br>Owner: Rowena Castellane<br><br>Higher than the price on the phone.<br><br>OctopusPro complaint:971 · ISS-971",
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "participants": [
            {
              "person_id": {
                "$ref": "customer:1027",
              },
              "primary": true,
            },
          ],
          "subject": "Complaint ISS-971 · Billing · In Progress",
          "type": {
            "$activityType": "Complaint",
          },
        },
      }
    `);
  });

  test.each([
    [
      'closed',
      { status: 'CLOSED', resolved_at: '2025-05-07T10:00:00+10:00', follow_up_date: '' },
      true,
      '2025-05-07',
    ],
    [
      're-opened although it was resolved once',
      { status: 'Re-opened', resolved_at: '2025-05-07' },
      false,
      '2025-11-21',
    ],
    [
      'in a status of the tenant’s own, with a resolution',
      { status: 'Goodwill', resolved_at: '2025-05-07' },
      true,
      '2025-11-21',
    ],
    ['without any date but its own', { follow_up_date: '' }, false, '2025-06-25'],
  ])('%s', (_, fields, done, due) => {
    const given = Object.entries({ ...complaint.fields, ...fields }).filter(([, value]) => value !== '');
    const mapped = mapIn({ rows: [booking, invoice] }, row('complaint', '971', Object.fromEntries(given)));
    expect(mapped.records[0]?.payload).toMatchObject({ done, due_date: due });
  });

  test('about itself: no circle, it stands on its customer', () => {
    const circle = row('complaint', '980', {
      complaint_id: '980',
      object: 'complaint',
      object_id: '980',
      customer_id: '1',
    });
    expect(mapIn({}, circle).records[0]?.payload).toMatchObject({
      participants: [{ person_id: { $ref: 'customer:1' }, primary: true }],
    });
  });
});

describe('communication', () => {
  const call = row('communication', '9054', {
    message_id: '9054',
    channel: 'Voicemail',
    direction: 'in',
    customer_id: '1005',
    object: 'booking',
    object_id: '10105',
    from: '0491 570 159',
    to: '02 5550 0300',
    sent_at: '2025-10-28T09:20:00+11:00',
    status: 'received',
    duration_seconds: '344',
    recording_file: 'attachments/calls/9054.mp3',
    automated: 'false',
    user_id: '11',
  });
  const message = (fields: Record<string, string>) =>
    row('communication', '9001', {
      message_id: '9001',
      channel: 'email',
      direction: 'out',
      customer_id: '1005',
      to: 'etienne@saltbushcafe.example',
      subject: 'Booked',
      body: '<p>Hello</p>',
      sent_at: '2024-12-29T10:18:00+11:00',
      ...fields,
    });
  const files = { 'attachments/calls/9054.mp3': { bytes: 9, sha256: 'b'.repeat(64) } };

  test('a voicemail is a done call with its recording as a file', () => {
    expect(payloadsOf(mapIn({ rows: [booking], files }, call))).toMatchInlineSnapshot(`
      {
        "activity communication:9054": {
          "deal_id": {
            "$ref": "booking:10105",
          },
          "done": true,
          "due_date": "2025-10-27",
          "due_time": "22:20",
          "duration": "00:06",
          "note": "Kind: Voicemail, incoming<br>From: 0491 570 159<br>To: 02 5550 0300<br>Time: 2025-10-28 09:20<br>Duration: 344 s<br>Status: received<br>About: BOK-105<br>Sent by: Rowena Castellane<br>Recording: 9054.mp3<br><br>OctopusPro communication:9054 · BOK-105",
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "participants": [
            {
              "person_id": {
                "$ref": "customer:1005",
              },
              "primary": true,
            },
          ],
          "subject": "Voicemail from 0491 570 159",
          "type": {
            "$activityType": "Call",
          },
        },
        "file communication:9054#recording": {
          "activity_id": {
            "$ref": "communication:9054",
          },
          "deal_id": {
            "$ref": "booking:10105",
          },
          "file": {
            "$file": {
              "bytes": 9,
              "path": "attachments/calls/9054.mp3",
              "sha256": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            },
          },
          "name": "9054 (OctopusPro communication-9054~recording).mp3",
        },
      }
    `);
  });

  test('a recording that the list of attachments has is made once, there; one that is missing is told', () => {
    const listed = row('attachment', '1', {
      object: 'communication',
      object_id: '9054',
      path: 'attachments/calls/9054.mp3',
    });
    expect(mapIn({ rows: [booking, listed], files }, call).records.length).toBe(1);
    const mapped = mapIn({ rows: [booking] }, call);
    expect([mapped.outcome.outcome, ...codesOf(mapped)]).toEqual(['mapped', 'missing_file recording_file']);
  });

  test('what a machine sent is left out by rule, unless the mapping takes it along; push never comes', () => {
    const automated = message({ automated: 'TRUE' });
    expect(mapIn({}, automated).outcome).toMatchObject({ outcome: 'excluded', reason: 'automated_message' });
    expect(mapIn({ content: included }, automated).outcome.outcome).toBe('mapped');
    const push = message({ channel: 'Push', automated: 'true' });
    expect(mapIn({ content: included }, push).outcome).toMatchObject({ reason: 'push_message' });
  });

  test.each([
    ['email', 'Email', 'E-mail to etienne@saltbushcafe.example · Booked'],
    ['MMS', 'SMS', 'MMS to etienne@saltbushcafe.example · Booked'],
    ['whatsapp', 'Message', 'WhatsApp to etienne@saltbushcafe.example · Booked'],
    ['constructor', 'Message', 'constructor to etienne@saltbushcafe.example · Booked'],
  ])('the channel %s is of type %s', (channel, type, subject) => {
    expect(mapIn({}, message({ channel })).records[0]?.payload).toMatchObject({
      type: { $activityType: type },
      subject,
    });
  });

  test('about a booking that was set aside: on the person; about nobody we know: an orphan; about nothing: by rule', () => {
    const aside = mapIn({ rows: [booking], notMapped: ['booking:10105'] }, call);
    expect(aside.records[0]?.payload).not.toHaveProperty('deal_id');
    expect(mapIn({}, message({ customer_id: '1999' })).outcome.reason).toBe('orphan_reference');
    const { customer_id: _, ...nobody } = message({}).fields;
    expect(mapIn({}, row('communication', '9', nobody)).outcome.reason).toBe('no_target_record');
  });
});

describe('attachment', () => {
  const file = { bytes: 1712, sha256: 'c'.repeat(64) };
  const path = 'attachments/x.png';
  const on = (object: string, id: string, more: Record<string, string> = {}) =>
    row('attachment', '60026', {
      attachment_id: '60026',
      object,
      object_id: id,
      file_name: 'x.png',
      path,
      ...more,
    });
  const parents = ({ name: _, file: __, ...rest }: Record<string, unknown>) => rest;

  test('a photo is a file of the deal, its tag in the name', () => {
    const photo = on('booking', '10105', { kind: 'photo', photo_tag: 'Before', file_name: 'kitchen 1.png' });
    expect(payloadsOf(mapIn({ rows: [booking], files: { [path]: file } }, photo))).toMatchInlineSnapshot(`
      {
        "file attachment:60026": {
          "deal_id": {
            "$ref": "booking:10105",
          },
          "file": {
            "$file": {
              "bytes": 1712,
              "path": "attachments/x.png",
              "sha256": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
            },
          },
          "name": "Before - kitchen 1 (OctopusPro attachment-60026).png",
        },
      }
    `);
  });

  test.each([
    ['customer', '1005', { person_id: { $ref: 'customer:1005' } }],
    ['service', '303', { product_id: { $ref: 'service:303' } }],
    ['products', '501', { product_id: { $ref: 'product:501' } }],
    ['complaint', '971', { activity_id: { $ref: 'complaint:971' }, deal_id: { $ref: 'booking:10105' } }],
    [
      'invoice',
      '5745',
      { activity_id: { $ref: 'invoice:5745#activity' }, deal_id: { $ref: 'booking:10105' } },
    ],
    ['note', '6030', { activity_id: { $ref: 'complaint:971' }, deal_id: { $ref: 'booking:10105' } }],
    ['visits', '30005', { activity_id: { $ref: 'appointment:30005' }, deal_id: { $ref: 'booking:10105' } }],
    ['customer_properties', '2001', { person_id: { $ref: 'customer:1001' } }],
  ])('on %s', (object, id, expected) => {
    const rows = [
      booking,
      invoice,
      complaint,
      row('service', '303', { service_id: '303' }),
      row('product', '501', { product_id: '501' }),
      row('note', '6030', { note_id: '6030', object: 'issue', object_id: '971' }),
      row('appointment', '30005', { appointment_id: '30005', booking_id: '10105' }),
      row('customer_property', '2001', { property_id: '2001', customer_id: '1001' }),
    ];
    const mapped = mapIn({ rows, files: { [path]: file } }, on(object, id));
    expect(parents(mapped.records[0]?.payload ?? {})).toEqual(expected);
  });

  test.each([
    ['a licence of a worker', on('fieldworker', '41'), 'excluded', 'no_target_record'],
    ['a data sheet of a part that is not there', on('product', '9'), 'rejected', 'orphan_reference'],
    [
      'a file that is not in the package',
      on('booking', '10105', { path: 'gone.png' }),
      'rejected',
      'missing_file',
    ],
    ['a file of nothing', on('booking', '10105', { path: 'empty.png' }), 'excluded', 'empty_file'],
  ])('%s', (_, attachment, outcome, reason) => {
    const files = { [path]: file, 'empty.png': { bytes: 0, sha256: 'd'.repeat(64) } };
    expect(mapIn({ rows: [booking], files }, attachment).outcome).toMatchObject({ outcome, reason });
  });

  test('a name with folders and no end is cut, its ending and marker are not', () => {
    const long = on('booking', '10105', { file_name: `C:\\photos\\${'ü'.repeat(400)}.jpeg` });
    const mapped = mapIn({ rows: [booking], files: { [path]: file } }, long);
    expect(codesOf(mapped)).toEqual(['value_too_long file_name']);
    expect(mapped.records[0]?.payload.name).toMatch(/^ü{159}… \(OctopusPro attachment-60026\)\.jpeg$/);
  });
});
