import { type Json, listOf, objectOf } from '../json.js';
import { commonCounters, countChildren, dealCounters } from './child-counts.js';
import { assertExists, assertLabels, assertOwner, assertVisibility, touchParents } from './references.js';
import { crudHandlers, type V2Resource } from './v2-crud.js';

export const persons: V2Resource = {
  entity: 'persons',
  fieldEntity: 'personFields',
  blank: (account) => ({
    name: '',
    first_name: null,
    last_name: null,
    owner_id: account.caller().id,
    org_id: null,
    emails: [],
    phones: [],
    visible_to: account.limits().companyVisibility,
    label_ids: [],
    picture_id: null,
    marketing_status: 'no_consent',
    custom_fields: {},
  }),
  settle({ account }, draft, given) {
    assertOwner(account, given.owner_id);
    assertExists(account, 'organizations', 'org_id', given.org_id);
    assertVisibility(account, given.visible_to);
    assertLabels(account, 'personFields', given.label_ids);
    if (typeof given.name === 'string') Object.assign(draft, splitName(given.name));
    if (given.emails !== undefined) draft.emails = contactValues(given.emails);
    if (given.phones !== undefined) draft.phones = contactValues(given.phones);
  },
  filters: {
    deal_id: (dealId, account) => {
      const contact = account.table('deals').get(Number(dealId))?.person_id;
      return (record) => record.id === contact;
    },
  },
  changed: (account, { org_id }) => touchParents(account, { org_id }),
  optional(account) {
    const countsOf = countChildren(account, 'person_id');
    return (record) => {
      const counts = countsOf(record.id);
      return {
        ...commonCounters(counts),
        ...dealCounters(counts),
        marketing_status: record.marketing_status ?? null,
        doi_status: 1,
        smart_bcc_email: `${account.company}+person${record.id}@pipedrivemail.example`,
      };
    };
  },
  hidden: ['marketing_status'],
};

export const personHandlers = crudHandlers(persons, {
  create: 'createPerson',
  get: 'getPerson',
  list: 'getPersons',
  update: 'updatePerson',
  delete: 'deletePerson',
});

function splitName(name: string): { first_name: Json; last_name: Json } {
  const [first, ...rest] = name.trim().split(/\s+/);
  return { first_name: first ?? null, last_name: rest.length > 0 ? rest.join(' ') : null };
}

/** Exactly one e-mail or phone is primary: the first that says so, else the first. The label defaults to work. */
export function contactValues(given: Json): Json {
  const entries = listOf(given).map(objectOf);
  const primary = Math.max(
    0,
    entries.findIndex((entry) => entry.primary === true),
  );
  return entries.map((entry, index) => ({
    value: entry.value ?? '',
    primary: index === primary,
    label: entry.label ?? 'work',
  }));
}
