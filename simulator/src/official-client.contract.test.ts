import * as v1 from 'pipedrive/v1';
import * as v2 from 'pipedrive/v2';
import { beforeEach, expect, test } from 'vitest';
import { useSimulator } from './testing/running-simulator.js';

// Pipedrive's own npm client decides whether we imitate its service well enough to be mistaken for it.
const sim = useSimulator();
let one: v1.Configuration;
let two: v2.Configuration;

beforeEach(() => {
  const { url: host, token: apiKey } = sim.simulator;
  one = new v1.Configuration({ apiKey, basePath: `${host}/v1` });
  two = new v2.Configuration({ apiKey, basePath: `${host}/api/v2` });
});

const idOf = (answer: { data?: { id?: number } | undefined }): number => {
  if (answer.data?.id === undefined) throw new Error('the answer has no id');
  return answer.data.id;
};
const ids = (answer: { data?: readonly { id?: number }[] | undefined }) => answer.data?.map(({ id }) => id);

test('organizations', async () => {
  const api = new v2.OrganizationsApi(two);
  const id = idOf(
    await api.addOrganization({ AddOrganizationRequest: { name: 'Acme', add_time: '2019-01-02T03:04:05Z' } }),
  );
  expect((await api.getOrganization({ id })).data).toMatchObject({
    name: 'Acme',
    add_time: '2019-01-02T03:04:05Z',
  });
  await api.updateOrganization({ id, UpdateOrganizationRequest: { name: 'Acme Ltd' } });
  expect((await api.getOrganizations({ limit: 10, sort_by: 'update_time' })).data).toMatchObject([
    { id, name: 'Acme Ltd' },
  ]);
  expect((await api.deleteOrganization({ id })).data).toEqual({ id });
  expect(ids(await api.getOrganizations())).toEqual([]);
});

test('persons', async () => {
  const api = new v2.PersonsApi(two);
  const emails = [{ value: 'ann@example.com', primary: true, label: 'work' }];
  const id = idOf(await api.addPerson({ AddPersonRequest: { name: 'Ann Lee', emails } }));
  await api.updatePerson({ id, UpdatePersonRequest: { phones: [{ value: '+1 555 0100' }] } });
  expect((await api.getPersons({ ids: String(id) })).data).toMatchObject([
    { first_name: 'Ann', emails, phones: [{ value: '+1 555 0100' }] },
  ]);
  await api.deletePerson({ id });
  await expect(api.getPerson({ id })).rejects.toMatchObject({
    success: false,
    error: 'Entity was not found',
  });
});

test('deals', async () => {
  const api = new v2.DealsApi(two);
  const id = idOf(await api.addDeal({ AddDealRequest: { title: 'Roof', value: 99.5, currency: 'EUR' } }));
  await api.updateDeal({ id, UpdateDealRequest: { status: 'won', won_time: '2021-02-03T04:05:06Z' } });
  expect((await api.getDeals({ status: 'won' })).data).toMatchObject([
    { id, value: 99.5, won_time: '2021-02-03T04:05:06Z' },
  ]);
  await api.updateDeal({ id, UpdateDealRequest: { is_archived: true } });
  expect(ids(await api.getArchivedDeals())).toEqual([id]);
  await api.updateDeal({ id, UpdateDealRequest: { is_archived: false } });
  await api.deleteDeal({ id });
  expect(ids(await api.getDeals({ status: 'deleted' }))).toEqual([id]);
});

test('products', async () => {
  const api = new v2.ProductsApi(two);
  const id = idOf(
    await api.addProduct({
      AddProductRequest: { name: 'Clean', code: 'C1', prices: [{ currency: 'EUR', price: 10 }] },
    }),
  );
  await api.updateProduct({ id, UpdateProductRequest: { tax: 20 } });
  expect((await api.getProducts({ sort_by: 'name' })).data).toMatchObject([
    { id, tax: 20, prices: [{ currency: 'EUR', price: 10 }] },
  ]);
  await api.deleteProduct({ id });
  expect(ids(await api.getProducts())).toEqual([]);
});

test('activities', async () => {
  const person_id = idOf(await new v2.PersonsApi(two).addPerson({ AddPersonRequest: { name: 'Ann' } }));
  const api = new v2.ActivitiesApi(two);
  const id = idOf(
    await api.addActivity({
      AddActivityRequest: {
        subject: 'Visit',
        type: 'meeting',
        due_date: '2020-01-02',
        due_time: '09:30',
        participants: [{ person_id, primary: true }],
      },
    }),
  );
  // The parameter's name is the client's own slip.
  await api.updateActivity({ id, AddActivityRequest: { done: true } });
  expect((await api.getActivities({ done: true })).data).toMatchObject([
    { id, person_id, due_time: '09:30:00' },
  ]);
  await api.deleteActivity({ id });
  expect(ids(await api.getActivities())).toEqual([]);
});

test('pipelines and stages', async () => {
  const pipelines = new v2.PipelinesApi(two);
  const stages = new v2.StagesApi(two);
  const pipeline_id = idOf(await pipelines.addPipeline({ AddPipelineRequest: { name: 'Jobs' } }));
  const stage = idOf(await stages.addStage({ AddStageRequest: { name: 'Booked', pipeline_id } }));
  await stages.updateStage({ id: stage, UpdateStageRequest: { deal_probability: 80 } });
  expect((await stages.getStages({ pipeline_id })).data).toMatchObject([
    { id: stage, name: 'Booked', deal_probability: 80 },
  ]);
  await pipelines.updatePipeline({ id: pipeline_id, UpdatePipelineRequest: { name: 'Work' } });
  expect((await pipelines.getPipelines()).data).toContainEqual(
    expect.objectContaining({ id: pipeline_id, name: 'Work' }),
  );
  await stages.deleteStage({ id: stage });
  await pipelines.deletePipeline({ id: pipeline_id });
});

test('fields and their options', async () => {
  const api = new v2.DealFieldsApi(two);
  const { data } = await api.addDealField({
    AddDealFieldRequest: { field_name: 'Urgency', field_type: 'enum', options: [{ label: 'Low' }] },
  });
  const field_code = String(data?.field_code);
  await api.addDealFieldOptions({ field_code, AddDealFieldOptionsRequestInner: [{ label: 'High' }] });
  const listed = (await api.getDealFields({ limit: 500 })).data?.find(
    (field) => field.field_code === field_code,
  );
  expect(listed?.options).toMatchObject([{ label: 'Low' }, { label: 'High' }]);
  await api.deleteDealField({ field_code });
  await expect(api.getDealField({ field_code })).rejects.toMatchObject({ success: false });
});

test('activity types', async () => {
  const api = new v1.ActivityTypesApi(one);
  const id = idOf(
    await api.addActivityType({ AddActivityTypeRequest: { name: 'Payment', icon_key: 'pricetag' } }),
  );
  await api.updateActivityType({ id, UpdateActivityTypeRequest: { name: 'Money' } });
  expect((await api.getActivityTypes()).data).toContainEqual(
    expect.objectContaining({ id, name: 'Money', key_string: 'payment' }),
  );
  await api.deleteActivityType({ id });
});

test('notes', async () => {
  const deal_id = idOf(await new v2.DealsApi(two).addDeal({ AddDealRequest: { title: 'x' } }));
  const api = new v1.NotesApi(one);
  const id = idOf(
    await api.addNote({
      AddNoteRequest: { content: '<p>hi</p>', deal_id, add_time: '2019-01-02 03:04:05' },
    }),
  );
  await api.updateNote({ id, NoteRequest: { content: 'bye' } });
  expect((await api.getNotes({ deal_id })).data).toMatchObject([
    { id, content: 'bye', add_time: '2019-01-02 03:04:05' },
  ]);
  await api.deleteNote({ id });
  expect((await api.getNotes({ deal_id })).data).toEqual([]);
});

test('files', async () => {
  const deal_id = idOf(await new v2.DealsApi(two).addDeal({ AddDealRequest: { title: 'x' } }));
  const api = new v1.FilesApi(one);
  const uploaded = await api.addFile({ file: new File(['hello'], 'hello.txt') as never, deal_id });
  const id = idOf(uploaded);
  expect(uploaded.data).toMatchObject({ name: 'hello.txt', file_size: 5, deal_id });
  expect(String(await api.downloadFile({ id }))).toBe('hello');
  await api.updateFile({ id, name: 'bye.txt' });
  const listed = await new v1.DealsApi(one).getDealFiles({ id: deal_id });
  expect(listed.data).toMatchObject([{ id, name: 'bye.txt' }]);
  await api.deleteFile({ id });
});

test('users and currencies', async () => {
  const users = new v1.UsersApi(one);
  const me = (await users.getCurrentUser()).data;
  expect((await users.getUsers()).data).toContainEqual(expect.objectContaining({ id: me?.id, is_you: true }));
  expect((await new v1.CurrenciesApi(one).getCurrencies()).data).toContainEqual(
    expect.objectContaining({ code: 'EUR' }),
  );
});

test('leads, their labels and sources', async () => {
  const person_id = idOf(await new v2.PersonsApi(two).addPerson({ AddPersonRequest: { name: 'Ann' } }));
  const labels = new v1.LeadLabelsApi(one);
  const label =
    (await labels.addLeadLabel({ AddLeadLabelRequest: { name: 'Web', color: 'green' } })).data?.id ?? '';
  await labels.updateLeadLabel({ id: label, UpdateLeadLabelRequest: { name: 'Website' } });
  expect((await labels.getLeadLabels()).data).toContainEqual(
    expect.objectContaining({ id: label, name: 'Website', color: 'green' }),
  );
  const field = await new v2.DealFieldsApi(two).addDealField({
    AddDealFieldRequest: { field_name: 'Source id', field_type: 'varchar' },
  });
  const hash = String(field.data?.field_code);

  const api = new v1.LeadsApi(one);
  const body = {
    title: 'Roof',
    person_id,
    label_ids: [label],
    value: { amount: 5, currency: 'EUR' },
    origin_id: 'op:1',
    [hash]: '17',
  };
  const id = (await api.addLead({ AddLeadRequest: body })).data?.id ?? '';
  expect((await api.getLead({ id })).data).toMatchObject(body);
  await api.updateLead({ id, UpdateLeadRequest: { title: 'Roof and wall' } });
  const listed = await api.getLeads({ person_id, limit: 10, sort: 'title' });
  expect(listed).toMatchObject({
    data: [{ id, title: 'Roof and wall', visible_to: '7' }],
    additional_data: { start: 0, limit: 10, more_items_in_collection: false },
  });
  await api.updateLead({ id, UpdateLeadRequest: { is_archived: true } });
  expect((await api.getLeads()).data).toEqual([]);
  expect((await api.getArchivedLeads()).data).toMatchObject([{ id, is_archived: true }]);
  await api.updateLead({ id, UpdateLeadRequest: { is_archived: false } });
  expect((await api.deleteLead({ id })).data).toEqual({ id });
  await expect(api.getLead({ id })).rejects.toMatchObject({ error: 'requested lead not found' });
  await labels.deleteLeadLabel({ id: label });
  expect((await new v1.LeadSourcesApi(one).getLeadSources()).data).toContainEqual({ name: 'API' });
});

test('deal products', async () => {
  const product_id = idOf(await new v2.ProductsApi(two).addProduct({ AddProductRequest: { name: 'Clean' } }));
  const deals = new v2.DealsApi(two);
  const api = new v2.DealProductsApi(two);
  const deal = idOf(await deals.addDeal({ AddDealRequest: { title: 'Roof' } }));
  const other = idOf(await deals.addDeal({ AddDealRequest: { title: 'Wall' } }));
  const line = { product_id, item_price: 10, quantity: 2 };
  const id = idOf(await api.addDealProduct({ id: deal, AddDealProductRequest: line }));
  await api.updateDealProduct({
    id: deal,
    product_attachment_id: id,
    UpdateDealProductRequest: { discount: 50 },
  });
  expect((await api.getDealProducts({ id: deal })).data).toMatchObject([{ id, sum: 10, name: 'Clean' }]);
  expect((await deals.getDeal({ id: deal })).data).toMatchObject({ value: 10 });
  const many = await api.addManyDealProducts({
    id: other,
    CreateManyDealProductRequest: { data: [line, line, line] },
  });
  expect(many.data).toHaveLength(3);
  const all = await api.getDealsProducts({ deal_ids: [deal, other], sort_by: 'deal_id' });
  expect(ids(all)?.toSorted()).toEqual([id, ...(ids(many) ?? [])].toSorted());
  expect((await api.deleteDealProduct({ id: deal, product_attachment_id: id })).data).toEqual({ id });
  const [first, ...rest] = ids(many) ?? [];
  expect((await api.deleteManyDealProducts({ id: other, ids: String(first) })).data).toEqual({
    ids: [first],
  });
  expect((await api.deleteManyDealProducts({ id: other })).data).toEqual({ ids: rest });
});

test('deal participants', async () => {
  const person_id = idOf(await new v2.PersonsApi(two).addPerson({ AddPersonRequest: { name: 'Ann' } }));
  const deal = idOf(await new v2.DealsApi(two).addDeal({ AddDealRequest: { title: 'Roof' } }));
  const api = new v1.DealsApi(one);
  const id = idOf(await api.addDealParticipant({ id: deal, AddDealParticipantRequest: { person_id } }));
  expect((await api.getDealParticipants({ id: deal })).data).toMatchObject([
    { id, person_id: { value: person_id, name: 'Ann' } },
  ]);
  const removed = await api.deleteDealParticipant({ id: deal, deal_participant_id: id });
  expect(removed.data).toEqual({ id });
});

test.each(['Deal', 'Person', 'Organization', 'Product'] as const)('v1 %s fields', async (noun) => {
  const UpdateFieldRequest = { options: [{ label: 'Recurring' }] };
  const { list, update } = {
    Deal: () => {
      const api = new v1.DealFieldsApi(one);
      return {
        list: () => api.getDealFields(),
        update: (id: number) => api.updateDealField({ id, UpdateFieldRequest }),
      };
    },
    Person: () => {
      const api = new v1.PersonFieldsApi(one);
      return {
        list: () => api.getPersonFields(),
        update: (id: number) => api.updatePersonField({ id, UpdateFieldRequest }),
      };
    },
    Organization: () => {
      const api = new v1.OrganizationFieldsApi(one);
      return {
        list: () => api.getOrganizationFields(),
        update: (id: number) => api.updateOrganizationField({ id, UpdateFieldRequest }),
      };
    },
    Product: () => {
      const api = new v1.ProductFieldsApi(one);
      return {
        list: () => api.getProductFields(),
        // The parameter's name is the client's own slip.
        update: (id: number) =>
          api.updateProductField({ id, UpdateProductFieldResponse: UpdateFieldRequest }),
      };
    },
  }[noun]();
  const field = (await list()).data?.find(({ key }) => key === 'label' || key === 'category');
  const updated = await update(field?.id ?? 0);
  expect(updated.data).toMatchObject({ id: field?.id, options: [{ label: 'Recurring' }] });
});

test('a wrong token is the 401 the client knows', async () => {
  const stranger = new v2.Configuration({ apiKey: 'nobody', basePath: two.basePath ?? '' });
  await expect(new v2.DealsApi(stranger).getDeals()).rejects.toMatchObject({ errorCode: 401 });
});

test('nothing the client asked for was unknown', async () => {
  await new v2.DealsApi(two).getDeals();
  expect((await sim.api.requests()).unexpected).toEqual({});
});
