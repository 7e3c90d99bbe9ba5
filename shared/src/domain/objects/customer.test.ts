import { describe, expect, test } from 'vitest';
import { codesOf, mapIn, payloadsOf, row } from './fixtures.js';

const address = {
  street_number: '310',
  street_address: 'Mainsail Road',
  suburb: 'Crows Nest',
  state: 'NSW',
  postcode: '2065',
  country: 'AU',
};

describe('customer', () => {
  test('a contact of a business: organization with its native address, person linked to it, note with its marker', () => {
    const karen = row('customer', '1048', {
      customer_id: '1048',
      customer_type: 'Business',
      customer_title: 'Ms',
      first_name: 'Karen',
      last_name: 'Lindqvist',
      business_name: 'Tidewater Dental Pty Ltd',
      email: 'Karen@TidewaterDental.example',
      mobile: '0491 573 770',
      phone: '(02) 5550 0148',
      ...address,
      unit: 'Suite 2',
      date_joined: '2021-01-18',
      owner: 'Rowena Castellane',
      labels: '["Commercial"]',
      notes: '<p>Practice manager.<br>Alarm &amp; lights.</p>',
      email_opt_out: 'false',
      sms_opt_out: 'yes',
    });
    const mapped = mapIn(
      { rows: [], customers: { 1048: { person: null, organization: 'customer:1048#org' } } },
      karen,
    );
    expect(mapped.outcome).toMatchObject({ outcome: 'mapped', reason: '' });
    expect(mapped.links).toMatchInlineSnapshot(`
      [
        {
          "object": "customer",
          "role": "primary",
          "slot": "",
          "sourceId": "1048",
          "targetKey": "customer:1048",
        },
        {
          "object": "customer",
          "role": "primary",
          "slot": "note",
          "sourceId": "1048",
          "targetKey": "customer:1048#note",
        },
      ]
    `);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "note customer:1048#note": {
          "add_time": "2021-01-17T13:00:00Z",
          "content": "Practice manager.<br>Alarm &amp; lights.<br><br>OctopusPro customer:1048#note",
          "org_id": {
            "$ref": "customer:1048#org",
          },
          "person_id": {
            "$ref": "customer:1048",
          },
        },
        "organization customer:1048#org": {
          "add_time": "2021-01-17T13:00:00Z",
          "address": {
            "admin_area_level_1": "NSW",
            "country": "AU",
            "locality": "Crows Nest",
            "postal_code": "2065",
            "route": "Mainsail Road",
            "street_number": "310",
            "subpremise": "Suite 2",
            "value": "Suite 2, 310 Mainsail Road, Crows Nest NSW 2065, AU",
          },
          "custom_fields": {
            "OctopusPro ID": "customer:1048#org",
          },
          "label_ids": {
            "$labels": [
              "Commercial",
            ],
          },
          "name": "Tidewater Dental Pty Ltd",
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
        },
        "person customer:1048": {
          "add_time": "2021-01-17T13:00:00Z",
          "custom_fields": {
            "Address": {
              "admin_area_level_1": "NSW",
              "country": "AU",
              "locality": "Crows Nest",
              "postal_code": "2065",
              "route": "Mainsail Road",
              "street_number": "310",
              "subpremise": "Suite 2",
              "value": "Suite 2, 310 Mainsail Road, Crows Nest NSW 2065, AU",
            },
            "Email opt out": {
              "$option": "No",
            },
            "More details": "Title: Ms",
            "OctopusPro ID": "customer:1048",
            "SMS opt out": {
              "$option": "Yes",
            },
          },
          "emails": [
            {
              "label": "work",
              "primary": true,
              "value": "karen@tidewaterdental.example",
            },
          ],
          "label_ids": {
            "$labels": [
              "Commercial",
            ],
          },
          "name": "Karen Lindqvist",
          "org_id": {
            "$ref": "customer:1048#org",
          },
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "phones": [
            {
              "label": "mobile",
              "primary": true,
              "value": "+61491573770",
            },
            {
              "label": "work",
              "primary": false,
              "value": "+61255500148",
            },
          ],
        },
      }
    `);
    expect(mapped.findings).toEqual([]);
  });

  test('a second contact with a name of his own is a person of his own; the same name again is one more e-mail', () => {
    const helen = row('customer', '1005', {
      customer_id: '1005',
      first_name: 'Helen',
      last_name: 'Marchetti',
      email: 'helen@marchetti-home.example',
      first_name2: 'Paolo',
      last_name2: 'Marchetti',
      email2: 'paolo@marchetti-home.example',
      mobile2: '0491 570 110',
      first_name3: 'HELEN',
      last_name3: 'Marchetti',
      email3: 'helen.work@postbox.example',
    });
    expect(payloadsOf(mapIn({}, helen))).toMatchInlineSnapshot(`
      {
        "person customer:1005": {
          "custom_fields": {
            "OctopusPro ID": "customer:1005",
          },
          "emails": [
            {
              "label": "home",
              "primary": true,
              "value": "helen@marchetti-home.example",
            },
            {
              "label": "home",
              "primary": false,
              "value": "helen.work@postbox.example",
            },
          ],
          "name": "Helen Marchetti",
        },
        "person customer:1005#2": {
          "custom_fields": {
            "OctopusPro ID": "customer:1005#2",
          },
          "emails": [
            {
              "label": "home",
              "primary": true,
              "value": "paolo@marchetti-home.example",
            },
          ],
          "name": "Paolo Marchetti",
          "phones": [
            {
              "label": "mobile",
              "primary": true,
              "value": "+61491570110",
            },
          ],
        },
      }
    `);
  });

  test('a company without a person is an organization, and a person named after it only when it can be reached', () => {
    const studio = row('customer', '1059', {
      customer_id: '1059',
      business_name: 'Ferrywharf Studios',
      phone: '02 5550 0135',
    });
    const silent = row('customer', '1061', {
      customer_id: '1061',
      business_name: 'Silent Co',
      notes: 'Post only.',
      branch: 'Sydney',
    });
    const customers = {
      1059: { person: null, organization: 'customer:1059#org' },
      1061: { person: null, organization: 'customer:1061#org' },
    };
    expect(payloadsOf(mapIn({ customers }, studio))).toMatchInlineSnapshot(`
      {
        "organization customer:1059#org": {
          "custom_fields": {
            "OctopusPro ID": "customer:1059#org",
          },
          "name": "Ferrywharf Studios",
        },
        "person customer:1059": {
          "custom_fields": {
            "OctopusPro ID": "customer:1059",
          },
          "name": "Ferrywharf Studios",
          "org_id": {
            "$ref": "customer:1059#org",
          },
          "phones": [
            {
              "label": "work",
              "primary": true,
              "value": "+61255500135",
            },
          ],
        },
      }
    `);
    expect(payloadsOf(mapIn({ customers }, silent))).toMatchInlineSnapshot(`
      {
        "note customer:1061#note": {
          "content": "Branch: Sydney<br><br>Post only.<br><br>OctopusPro customer:1061#note",
          "org_id": {
            "$ref": "customer:1061#org",
          },
        },
        "organization customer:1061#org": {
          "custom_fields": {
            "OctopusPro ID": "customer:1061#org",
          },
          "name": "Silent Co",
        },
      }
    `);
  });

  test('a company without a contact that is one with another customer lives on there', () => {
    const twin = row('customer', '1070', { customer_id: '1070', business_name: 'Gull & Anchor Realty' });
    const mapped = mapIn({ customers: { 1070: { person: null, organization: 'customer:1054#org' } } }, twin);
    expect(mapped.outcome).toMatchObject({ outcome: 'merged', reason: '' });
    expect(mapped.records).toEqual([]);
  });

  test('the organization takes what its lowest customer lacks from the next that has it', () => {
    const first = row('customer', '1054', {
      customer_id: '1054',
      first_name: 'Paige',
      business_name: 'Gull & Anchor Realty',
    });
    const second = row('customer', '1055', {
      customer_id: '1055',
      business_name: 'GULL AND ANCHOR REALTY',
      ...address,
    });
    const organization = 'customer:1054#org';
    const customers = { 1054: { person: null, organization }, 1055: { person: null, organization } };
    const payloads = payloadsOf(mapIn({ rows: [second], customers }, first));
    expect(payloads['organization customer:1054#org']).toMatchObject({
      name: 'Gull & Anchor Realty',
      address: { value: '310 Mainsail Road, Crows Nest NSW 2065, AU' },
    });
  });

  test('bad data passes with a finding: no name, an impossible date, a phone in words, an address typed to get past the form', () => {
    const nameless = row('customer', '12', {
      customer_id: '12',
      email: 'none@none.com',
      mobile: '6.14E+10',
      phone: '0491 570 006 / 0491 570 156',
      date_joined: '31/02/2020',
    });
    const mapped = mapIn({}, nameless);
    expect(codesOf(mapped)).toEqual([
      'invalid_email email',
      'invalid_phone mobile',
      'missing_name first_name',
      'unparseable_date date_joined',
    ]);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "person customer:12": {
          "custom_fields": {
            "OctopusPro ID": "customer:12",
          },
          "name": "+61491570006",
          "phones": [
            {
              "label": "home",
              "primary": true,
              "value": "+61491570006",
            },
            {
              "label": "home",
              "primary": false,
              "value": "+61491570156",
            },
            {
              "label": "mobile",
              "primary": false,
              "value": "6.14E+10",
            },
          ],
        },
      }
    `);
  });

  test('the tenant’s own fields: what has a field goes there, what has none is packed, nothing is dropped', () => {
    const member = row(
      'customer',
      '1001',
      { customer_id: '1001', first_name: 'Harriet', last_name: 'Pell' },
      {
        'cf:734:Loyalty member': 'TRUE',
        'cf:732:Preferred days': 'Monday; Tuesday',
        'cf:735:Visits per year': 'a few',
      },
    );
    const columns = [
      { header: 'cf:734:Loyalty member', name: 'Loyalty member' },
      { header: 'cf:732:Preferred days', name: 'Preferred days' },
      { header: 'cf:735:Visits per year', name: 'Visits per year' },
      { header: 'cf:739:Household notes', name: 'Household notes' },
    ].map(({ header, name }) => ({
      header,
      field: null,
      target: { entity: 'person', field: name, custom: true },
      confidence: 1,
      evidence: 'defined',
      lossy: null,
    }));
    const mapped = mapIn(
      {
        rows: [
          row('custom_field_value', '', {
            object: 'customer',
            record_id: '1001',
            field_id: '739',
            value: 'Two cats',
          }),
        ],
        customFields: [
          { id: '734', label: 'Loyalty member', appliesTo: 'customer', type: 'Toggle', options: [] },
          {
            id: '732',
            label: 'Preferred days',
            appliesTo: 'customer',
            type: 'Multiple-Select List',
            options: ['Monday'],
          },
          { id: '735', label: 'Visits per year', appliesTo: 'customer', type: 'Integer', options: [] },
          { id: '739', label: 'Household notes', appliesTo: 'customer', type: 'Textarea', options: [] },
        ],
        content: {
          objects: [{ object: 'customer', rows: 1, supported: true, columns }],
          schema: {
            fields: [
              { entity: 'person', name: 'OctopusPro ID', type: 'varchar', options: [], rank: 'must' },
              { entity: 'person', name: 'Preferred days', type: 'set', options: ['monday'], rank: 'may' },
              { entity: 'person', name: 'More details', type: 'text', options: [], rank: 'must' },
            ],
            pipelines: [],
            activityTypes: [],
          },
        },
      },
      member,
    );
    expect(codesOf(mapped)).toEqual([
      'unknown_option cf:732:Preferred days',
      'unparseable_number cf:735:Visits per year',
    ]);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "person customer:1001": {
          "custom_fields": {
            "More details": "Loyalty member: Yes
      Preferred days: Tuesday
      Household notes: Two cats",
            "OctopusPro ID": "customer:1001",
            "Preferred days": {
              "$options": [
                "monday",
              ],
            },
          },
          "name": "Harriet Pell",
        },
      }
    `);
  });
});
