import { factsOf, type OperationName, operationNames } from '@octopipe/shared/pipedrive/facts/index';
import { describe, expect, test } from 'vitest';
import { handlers } from './api/handlers.js';
import { matchRoute } from './api/routes.js';
import type { Draft, Json } from './json.js';
import type { Calls } from './testing/call-simulator.js';
import { useSimulator } from './testing/running-simulator.js';

const sim = useSimulator();

test('every operation of the facts table is served, and nothing else', () => {
  expect(Object.keys(handlers).toSorted()).toEqual([...operationNames].toSorted());
});

test('every path leads to its own operation, v1 under both prefixes', () => {
  for (const operation of operationNames) {
    const { method, path, version } = factsOf(operation);
    const concrete = path.replace('{field_code}', 'abc').replace(/\{\w+\}/g, '7');
    expect(matchRoute(method, concrete)?.operation).toBe(operation);
    const short = concrete.replace('/api', '');
    expect(matchRoute(method, short)?.operation).toBe(version === 'v1' ? operation : undefined);
  }
});

/** Properties the description promises that this account can never have, with the reason. */
const neverAnswered: Readonly<Record<string, readonly string[]>> = {
  contactSync: ['postal_address', 'notes', 'im', 'birthday', 'job_title'],
  absentWhileNull: ['won_time', 'lost_time', 'expected_close_date', 'org_id'],
  onlyWhenIncluded: ['attendees', 'ui_visibility', 'important_fields', 'required_fields'],
  onlyWhereTheyAre: ['options_deleted', 'is_subfield', 'subfields'],
};
const tolerated = new Set(Object.values(neverAnswered).flat());

/** Asks for everything that is optional, so that the answer is as complete as it gets. */
const minimal: Partial<Record<OperationName, Draft>> = {
  createOrganization: { name: 'x' },
  createPerson: { name: 'x' },
  createDeal: { title: 'x' },
  createProduct: { name: 'x' },
  createActivity: { subject: 'x' },
  createPipeline: { name: 'x' },
  createDealField: { field_name: 'x', field_type: 'enum', options: [{ label: 'a' }] },
  createPersonField: { field_name: 'x', field_type: 'enum', options: [{ label: 'a' }] },
  createOrganizationField: { field_name: 'x', field_type: 'enum', options: [{ label: 'a' }] },
  createProductField: { field_name: 'x', field_type: 'enum', options: [{ label: 'a' }] },
  createActivityType: { name: 'x', icon_key: 'task' },
};

async function call(api: Calls, operation: OperationName, path: string, body?: Json) {
  const { method, successStatus } = factsOf(operation);
  const reply = await api.send(method, path, body);
  expect([operation, reply.status, reply.status === successStatus ? '' : reply.text]).toEqual([
    operation,
    successStatus,
    '',
  ]);
  const data = reply.body.data as Json;
  return (Array.isArray(data) ? data[0] : data) as Draft;
}

function expectPublished(operation: OperationName, data: Draft | undefined) {
  const missing = factsOf(operation).answer.filter((name) => !(name in (data ?? {})) && !tolerated.has(name));
  expect({ operation, missing }).toEqual({ operation, missing: [] });
}

describe('a minimal valid call is accepted and its answer has the published properties', () => {
  const families = operationNames.filter((name) => name in minimal);

  test.each(families)('%s and the calls around it', async (create) => {
    const noun = create.replace('create', '');
    const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
    const { path } = factsOf(create);
    const record = await call(sim.api, create, path, minimal[create]);
    expectPublished(create, record);
    const one = `${path}/${String(record.field_code ?? record.id)}`;
    const around = (name: string) => operationNames.find((known) => known === name);

    const get = around(`get${noun}`);
    if (get) expectPublished(get, await call(sim.api, get, one));
    const list = around(`get${plural}`);
    if (list) expectPublished(list, await call(sim.api, list, path));
    const update = around(`update${noun}`);
    const change = noun.endsWith('Field')
      ? { field_name: 'y' }
      : { [String(Object.keys(minimal[create] ?? {})[0])]: 'y' };
    if (update) expectPublished(update, await call(sim.api, update, one, change));
    const add = around(`add${noun}Options`);
    if (add) {
      const option = await call(sim.api, add, `${one}/options`, [{ label: 'b' }]);
      expectPublished(add, option);
      await call(sim.api, `update${noun}Options` as OperationName, `${one}/options`, [
        { id: option.id ?? 0, label: 'c' },
      ]);
      await call(sim.api, `delete${noun}Options` as OperationName, `${one}/options`, [
        { id: option.id ?? 0 },
      ]);
    }
    const remove = around(`delete${noun}`);
    if (remove) expectPublished(remove, await call(sim.api, remove, one));
    expect([get ?? list, update, remove]).not.toContain(undefined);
  });

  test('stages, notes, users and the rest', async () => {
    const { api } = sim;
    const pipeline = await api.create('/api/v2/pipelines', { name: 'x' });
    const stage = await call(api, 'createStage', '/api/v2/stages', { name: 'x', pipeline_id: pipeline.id });
    expectPublished('createStage', stage);
    expectPublished('getStage', await call(api, 'getStage', `/api/v2/stages/${String(stage.id)}`));
    expectPublished('getStages', await call(api, 'getStages', '/api/v2/stages'));
    expectPublished(
      'updateStage',
      await call(api, 'updateStage', `/api/v2/stages/${String(stage.id)}`, { name: 'y' }),
    );
    await call(api, 'deleteStage', `/api/v2/stages/${String(stage.id)}`);

    const deal = await api.create('/api/v2/deals', { title: 'x' });
    const note = await call(api, 'createNote', '/api/v1/notes', { content: 'x', deal_id: deal.id });
    expectPublished('createNote', note);
    expectPublished('getNote', await call(api, 'getNote', `/api/v1/notes/${String(note.id)}`));
    expectPublished('getNotes', await call(api, 'getNotes', '/api/v1/notes'));
    expectPublished(
      'updateNote',
      await call(api, 'updateNote', `/api/v1/notes/${String(note.id)}`, { content: 'y' }),
    );

    expectPublished('getUsers', await call(api, 'getUsers', '/api/v1/users'));
    expectPublished('getCurrentUser', await call(api, 'getCurrentUser', '/api/v1/users/me'));
    expectPublished('getCurrencies', await call(api, 'getCurrencies', '/api/v1/currencies'));
    expectPublished('getActivityFields', await call(api, 'getActivityFields', '/api/v2/activityFields'));
    await api.patch(`/api/v2/deals/${deal.id}`, { is_archived: true });
    expectPublished('getArchivedDeals', await call(api, 'getArchivedDeals', '/api/v2/deals/archived'));
  });

  test('leads and their labels', async () => {
    const { api } = sim;
    const person = await api.create('/api/v2/persons', { name: 'x' });
    const lead = await call(api, 'createLead', '/api/v1/leads', { title: 'x', person_id: person.id });
    expectPublished('createLead', lead);
    const path = `/api/v1/leads/${String(lead.id)}`;
    expectPublished('getLead', await call(api, 'getLead', path));
    expectPublished('getLeads', await call(api, 'getLeads', '/api/v1/leads'));
    expectPublished('updateLead', await call(api, 'updateLead', path, { is_archived: true }));
    expectPublished('getArchivedLeads', await call(api, 'getArchivedLeads', '/api/v1/leads/archived'));
    await api.patch(path, { is_archived: false });
    expectPublished('deleteLead', await call(api, 'deleteLead', path));
    expectPublished('getLeadSources', await call(api, 'getLeadSources', '/api/v1/leadSources'));

    const labels = '/api/v1/leadLabels';
    const label = await call(api, 'createLeadLabel', labels, { name: 'x', color: 'green' });
    expectPublished('createLeadLabel', label);
    expectPublished('getLeadLabels', await call(api, 'getLeadLabels', labels));
    const one = `${labels}/${String(label.id)}`;
    expectPublished('updateLeadLabel', await call(api, 'updateLeadLabel', one, { name: 'y' }));
    expectPublished('deleteLeadLabel', await call(api, 'deleteLeadLabel', one));
  });

  test('deal products and participants', async () => {
    const { api } = sim;
    const deal = await api.create('/api/v2/deals', { title: 'x' });
    const product = await api.create('/api/v2/products', { name: 'x' });
    const person = await api.create('/api/v2/persons', { name: 'x' });
    const body = { product_id: product.id, item_price: 1, quantity: 1 };
    const path = `/api/v2/deals/${deal.id}/products`;
    const line = await call(api, 'createDealProduct', path, body);
    expectPublished('createDealProduct', line);
    expectPublished(
      'createDealProducts',
      await call(api, 'createDealProducts', `${path}/bulk`, { data: [body] }),
    );
    expectPublished('getDealProducts', await call(api, 'getDealProducts', path));
    expectPublished(
      'getProductsOfDeals',
      await call(api, 'getProductsOfDeals', `/api/v2/deals/products?deal_ids=${deal.id}`),
    );
    const one = `${path}/${String(line.id)}`;
    expectPublished('updateDealProduct', await call(api, 'updateDealProduct', one, { quantity: 2 }));
    expectPublished('deleteDealProduct', await call(api, 'deleteDealProduct', one));
    expectPublished('deleteDealProducts', await call(api, 'deleteDealProducts', path));

    const people = `/api/v1/deals/${deal.id}/participants`;
    const participant = await call(api, 'createDealParticipant', people, { person_id: person.id });
    expectPublished('createDealParticipant', participant);
    expectPublished('getDealParticipants', await call(api, 'getDealParticipants', people));
    const removed = await call(api, 'deleteDealParticipant', `${people}/${String(participant.id)}`);
    expectPublished('deleteDealParticipant', removed);
  });

  test.each(['Deal', 'Person', 'Organization', 'Product'] as const)('%s fields in v1', async (noun) => {
    const list = `get${noun}FieldsV1` as const;
    const update = `update${noun}FieldV1` as const;
    const { path } = factsOf(list);
    expectPublished(list, await call(sim.api, list, path));
    const fields = (await sim.api.get(path)).body.data as unknown as Draft[];
    const field = fields.find(({ key }) => key === 'label' || key === 'category');
    const changed = await call(sim.api, update, `${path}/${String(field?.id)}`, {
      options: [{ label: 'x' }],
    });
    expectPublished(update, changed);
  });

  test('files', async () => {
    const links = {
      deal_id: (await sim.api.create('/api/v2/deals', { title: 'x' })).id,
      person_id: (await sim.api.create('/api/v2/persons', { name: 'x' })).id,
      org_id: (await sim.api.create('/api/v2/organizations', { name: 'x' })).id,
      product_id: (await sim.api.create('/api/v2/products', { name: 'x' })).id,
    };
    const form = new FormData();
    form.set('file', new Blob(['x']), 'x.txt');
    for (const [name, id] of Object.entries(links)) form.set(name, String(id));
    const { url, token } = sim.simulator;
    const response = await fetch(`${url}/api/v1/files`, {
      method: 'POST',
      headers: { 'x-api-token': token },
      body: form,
    });
    const { data } = (await response.json()) as { data: Draft };
    expectPublished('uploadFile', data);
    const path = `/api/v1/files/${String(data.id)}`;
    expectPublished('getFile', await call(sim.api, 'getFile', path));
    expectPublished('getFiles', await call(sim.api, 'getFiles', '/api/v1/files'));
    expectPublished(
      'getDealFiles',
      await call(sim.api, 'getDealFiles', `/api/v1/deals/${links.deal_id}/files`),
    );
    expectPublished(
      'getPersonFiles',
      await call(sim.api, 'getPersonFiles', `/api/v1/persons/${links.person_id}/files`),
    );
    expectPublished(
      'getOrganizationFiles',
      await call(sim.api, 'getOrganizationFiles', `/api/v1/organizations/${links.org_id}/files`),
    );
    expectPublished(
      'getProductFiles',
      await call(sim.api, 'getProductFiles', `/api/v1/products/${links.product_id}/files`),
    );
    await call(sim.api, 'deleteFile', path);
  });
});

test('every include_fields value the description names is answered', async () => {
  for (const [list, body] of [
    ['getDeals', { title: 'x' }],
    ['getPersons', { name: 'x' }],
    ['getOrganizations', { name: 'x' }],
    ['getActivities', { subject: 'x' }],
  ] as const) {
    const { path, query } = factsOf(list);
    await sim.api.create(path, body);
    const names = query.find(({ name }) => name === 'include_fields')?.enum ?? [];
    const [record] = (await sim.api.get(`${path}?include_fields=${names.join(',')}`)).body
      .data as unknown as Draft[];
    expect({ list, missing: names.filter((name) => !(name in (record ?? {}))) }).toEqual({
      list,
      missing: [],
    });
  }
});
