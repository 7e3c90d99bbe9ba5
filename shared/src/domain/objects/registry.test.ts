import { describe, expect, test } from 'vitest';
import { canonicalObject, canonicalObjects, isCanonicalObject } from '../../octopuspro/canonical-fields.js';
import { factsOf, type OperationName } from '../../pipedrive/facts/index.js';
import { loadOrder } from '../mapping/load-order.js';
import type { Entity } from '../run/states.js';
import { registry } from './registry.js';

// A test may look up from domain: it is here that what we map meets what the source has and the target takes.
const createOf: Record<Entity, OperationName> = {
  organization: 'createOrganization',
  person: 'createPerson',
  product: 'createProduct',
  lead: 'createLead',
  deal: 'createDeal',
  line: 'createDealProduct',
  activity: 'createActivity',
  note: 'createNote',
  file: 'uploadFile',
};

test('the load order follows from what objects need', () => {
  expect(loadOrder(registry)).toMatchInlineSnapshot(`
    [
      "fieldworker",
      "user",
      "booking_status",
      "custom_field",
      "custom_field_option",
      "label",
      "service",
      "product",
      "faq",
      "customer",
      "customer_property",
      "customer_address",
      "booking",
      "booking_service",
      "appointment",
      "invoice",
      "invoice_item",
      "payment",
      "payment_allocation",
      "refund",
      "quote",
      "quote_item",
      "inquiry",
      "custom_field_value",
      "status_history",
      "form",
      "form_field",
      "form_response",
      "complaint",
      "communication",
      "note",
      "attachment",
      "automation",
      "message_template",
      "portal_setting",
      "service_area",
      "pay_rate",
    ]
  `);
});

test('every object of an export is in the registry', () => {
  const known = new Set(registry.map(({ name }) => name));
  const missing = canonicalObjects.map(({ object }) => object).filter((object) => !known.has(object));
  expect(missing).toEqual([]);
});

test('needs without an end or a circle are refused', () => {
  const [first] = registry;
  if (!first) throw new Error('the registry is empty');
  const circle = [
    { ...first, name: 'a', needs: ['b'] },
    { ...first, name: 'b', needs: ['a'] },
  ];
  expect(() => loadOrder(circle)).toThrow('needs run in a circle: a → b → a');
  expect(() => loadOrder([{ ...first, needs: ['nothing'] }])).toThrow(
    'needs nothing, which is not in the registry',
  );
});

describe.each(registry.map((definition) => [definition.name, definition] as const))(
  '%s',
  (name, definition) => {
    test('is an object of the export, and each of its columns has a fate', () => {
      expect(isCanonicalObject(name)).toBe(true);
      // An inventory shows a row as it is: that is the fate of all its columns.
      if (definition.inventory) return expect(definition.produces).toEqual([]);
      const rules = definition.produces.flatMap((product) => product.fields.flatMap((rule) => rule.from));
      const decided = new Set([
        ...rules,
        ...Object.keys(definition.structure),
        ...Object.keys(definition.notMigrated),
      ]);
      const columns = canonicalObject(name).fields.filter((field) => field.type !== 'secret');
      expect(columns.map((column) => column.field).filter((field) => !decided.has(field))).toEqual([]);
    });

    test('names only columns that exist', () => {
      const known = (object: string) => new Set(canonicalObject(object).fields.map((field) => field.field));
      const named = definition.produces.flatMap((product) => product.fields.flatMap((rule) => rule.from));
      const foreign = [
        ...named,
        ...Object.keys(definition.structure),
        ...Object.keys(definition.notMigrated),
      ].filter((from) => {
        const [object, field] = from.includes('.') ? (from.split('.') as [string, string]) : [name, from];
        return !known(object).has(field);
      });
      expect(foreign).toEqual([]);
    });

    test('writes fields that Pipedrive takes, says how it is undone and what is lost', () => {
      for (const product of definition.produces) {
        expect(product.undo).toBe('delete');
        const facts = new Set(factsOf(createOf[product.entity]).body.map((property) => property.name));
        // A file's name is that of the uploaded part, no field of the form.
        if (product.entity === 'file') facts.add('name');
        // Undecided in the facts: the loader sends it only where the account's probe honoured it.
        if (product.entity === 'deal') facts.add('add_time');
        // Names the path.
        if (product.entity === 'line') facts.add('deal_id');
        const unknown = product.fields
          .filter((rule) => !rule.custom)
          .filter((rule) => !facts.has(rule.target));
        expect(unknown.map((rule) => `${product.entity}.${rule.target}`)).toEqual([]);
      }
      const sentences = [
        ...definition.lossy,
        ...definition.produces.flatMap((product) => [
          ...product.lossy,
          ...product.fields.flatMap((rule) => rule.lossy ?? []),
        ]),
        ...Object.values(definition.notMigrated),
        ...(definition.inventory ? [definition.inventory.why] : []),
      ];
      for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].+\.$/);
    });
  },
);
