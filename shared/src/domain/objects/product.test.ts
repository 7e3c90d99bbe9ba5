import { describe, expect, test } from 'vitest';
import { codesOf, mapIn, payloadsOf, row } from './fixtures.js';

const part = (fields: Record<string, string>) => row('product', fields.product_id ?? '', fields);

describe('product', () => {
  test('a part is a product with code, tax, price and cost; its markup stands in the description', () => {
    const mapped = mapIn(
      {},
      part({
        product_id: '505',
        product_name: 'Silicone sealant,\n clear',
        item_code: 'SIL-C',
        description: '<p>Neutral cure, 300 ml</p>',
        cost: '$11.50',
        markup: '30',
        price: '14.95',
        tax_rate: '10 %',
        active: 'true',
      }),
    );
    expect(codesOf(mapped)).toEqual([]);
    expect(mapped.links).toEqual([
      { object: 'product', sourceId: '505', slot: '', targetKey: 'product:505', role: 'primary' },
    ]);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "product product:505": {
          "code": "SIL-C",
          "custom_fields": {
            "OctopusPro ID": "product:505",
          },
          "description": "Neutral cure, 300 ml

      Markup: 30 %",
          "name": "Silicone sealant, clear",
          "prices": [
            {
              "cost": "11.5",
              "currency": "AUD",
              "price": "14.95",
            },
          ],
          "tax": 10,
        },
      }
    `);
  });

  test('without a price it costs what cost and markup come to, exactly; discontinued parts cannot be linked', () => {
    const of = (fields: Record<string, string>) =>
      payloadsOf(mapIn({}, part({ product_id: '1', product_name: 'Hinge', ...fields })))['product product:1'];
    expect(of({ cost: '9.50', markup: '30', active: 'no' })).toEqual({
      name: 'Hinge',
      description: 'Markup: 30 %',
      prices: [{ currency: 'AUD', price: '12.35', cost: '9.5' }],
      is_linkable: false,
      custom_fields: { 'OctopusPro ID': 'product:1' },
    });
    expect(of({ cost: '0.07' })).toMatchObject({ prices: [{ price: '0.07', cost: '0.07' }] });
    expect(of({ markup: '30' })).not.toHaveProperty('prices');
  });

  test('amounts and numbers that are none are left out with a finding; a part without a name is named by its id', () => {
    const mapped = mapIn({}, part({ product_id: '1', price: 'ask', cost: 'EUR 5', tax_rate: 'GST' }));
    expect(codesOf(mapped)).toEqual([
      'missing_name product_name',
      'unparseable_number tax_rate',
      'unparseable_number price',
      'unparseable_number cost',
    ]);
    expect(payloadsOf(mapped)['product product:1']).toEqual({
      name: 'Part 1',
      custom_fields: { 'OctopusPro ID': 'product:1' },
    });
  });

  test('without an id and an item code there is nothing to find it by', () => {
    const mapped = mapIn({}, part({ product_name: 'Hook' }));
    expect(mapped.outcome).toMatchObject({ outcome: 'rejected', reason: 'missing_key' });
    expect(codesOf(mapped)).toEqual(['missing_key product_id']);
  });

  test('a name that looks like a formula or is 400 characters long stays text, and is cut with a finding', () => {
    const name = `=HYPERLINK("http://x.example","${'é'.repeat(400)}")`;
    const mapped = mapIn({}, part({ product_id: '1', product_name: name }));
    const payload = mapped.records[0]?.payload;
    expect(String(payload?.name).length).toBe(255);
    expect(String(payload?.name).startsWith('=HYPERLINK("http://x.example","éé')).toBe(true);
    expect(codesOf(mapped)).toEqual(['value_too_long product_name']);
  });
});

describe('faq', () => {
  const clean = row('service', '303', { service_id: '303', service_name: 'Deep clean' });
  const mow = row('service', '307', { service_id: '307', service_name: 'Mow, edge' });
  const faq = (id: string, fields: Record<string, string>) =>
    row('faq', id, { faq_id: id, question: `Question ${id}?`, answer: `<p>Answer ${id}.</p>`, ...fields });
  const onProduct = (service: typeof clean, ...faqs: Array<ReturnType<typeof faq>>) =>
    mapIn({ rows: [clean, mow, ...faqs] }, service);
  const fieldOf = (mapped: ReturnType<typeof mapIn>) =>
    mapped.records[0]?.payload.custom_fields as { 'Questions and answers'?: string } | undefined;

  test('the questions of a service stand on its product: its own in their order, then the general ones', () => {
    const faqs = [
      faq('1', { order: '9' }),
      faq('2', { services: '["deep  clean"]', order: '2', active: 'false' }),
      faq('3', { services: '303; 307', order: '1', answer: 'A &amp; B<br>C' }),
      faq('4', { services: '307' }),
    ];
    const mapped = onProduct(clean, ...faqs);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "product service:303": {
          "code": "303",
          "custom_fields": {
            "OctopusPro ID": "service:303",
            "Questions and answers": "Question 3?
      A & B
      C

      Question 2? (switched off in OctopusPro)
      Answer 2.

      Question 1?
      Answer 1.",
          },
          "name": "Deep clean",
        },
      }
    `);
    expect(fieldOf(onProduct(mow, ...faqs))?.['Questions and answers']).toBe(
      'Question 3?\nA & B\nC\n\nQuestion 4?\nAnswer 4.\n\nQuestion 1?\nAnswer 1.',
    );
  });

  test('a question is merged into each of its products; general ones into all, those of no service we have into none', () => {
    const outcome = (fields: Record<string, string>) => {
      const mapped = mapIn({ rows: [clean, mow], notMapped: ['service:307'] }, faq('1', fields));
      return [mapped.outcome.outcome, mapped.outcome.reason, mapped.links.map((link) => link.targetKey)];
    };
    expect(outcome({})).toEqual(['merged', '', ['service:303']]);
    expect(outcome({ services: 'Deep clean' })).toEqual(['merged', '', ['service:303']]);
    expect(outcome({ services: 'Mow, edge' })).toEqual(['excluded', 'no_target_record', []]);
    expect(outcome({ services: 'constructor' })).toEqual(['excluded', 'no_target_record', []]);
  });

  test('more than the field takes: whole questions in it, all of them in a text file on the product', () => {
    const long = [1, 2, 3].map((n) => faq(String(n), { answer: `${n} ✂ `.repeat(5_000) }));
    const mapped = onProduct(clean, ...long);
    const field = fieldOf(mapped)?.['Questions and answers'] ?? '';
    expect(field.length).toBeLessThanOrEqual(50_000);
    expect(field.match(/Question \d\?/g)).toEqual(['Question 1?', 'Question 2?']);
    expect(field).toMatch(/\n\n1 more in the file “Questions and answers” on this product\.$/);
    const file = mapped.records[1];
    const content = file?.payload.file as { $textFile: { text: string } } | undefined;
    const { text = '', ...made } = content?.$textFile ?? {};
    expect({ ...file?.payload, file: made }).toMatchInlineSnapshot(`
      {
        "file": {
          "bytes": 90038,
          "sha256": "f031a33015119a2c8a1a596f1bc44380832776f8bde5883ef32d1766260d92dd",
        },
        "name": "Questions and answers (OctopusPro service-303~faq).txt",
        "product_id": {
          "$ref": "service:303",
        },
      }
    `);
    expect(text.match(/Question \d\?/g)).toEqual(['Question 1?', 'Question 2?', 'Question 3?']);
    expect(mapped.links.map((link) => `${link.slot} ${link.targetKey} ${link.role}`)).toEqual([
      ' service:303 primary',
      'faq service:303#faq contributes',
    ]);
    // The same package gives the same bytes.
    expect(onProduct(clean, ...long).records[1]?.payloadHash).toBe(file?.payloadHash);
  });
});
