import { completeAddress } from './addresses.js';
import { commonCounters, countChildren, dealCounters } from './child-counts.js';
import { assertLabels, assertOwner, assertVisibility } from './references.js';
import { crudHandlers, type V2Resource } from './v2-crud.js';

export const organizations: V2Resource = {
  entity: 'organizations',
  fieldEntity: 'organizationFields',
  blank: (account) => ({
    name: '',
    owner_id: account.caller().id,
    visible_to: account.limits().companyVisibility,
    address: null,
    label_ids: [],
    website: null,
    linkedin: null,
    industry: null,
    annual_revenue: null,
    employee_count: null,
    custom_fields: {},
  }),
  settle({ account }, draft, given) {
    assertOwner(account, given.owner_id);
    assertVisibility(account, given.visible_to);
    assertLabels(account, 'organizationFields', given.label_ids);
    if (given.address !== undefined) draft.address = completeAddress(given.address);
  },
  optional(account) {
    const countsOf = countChildren(account, 'org_id');
    return ({ id }) => {
      const counts = countsOf(id);
      return {
        ...commonCounters(counts),
        ...dealCounters(counts),
        people_count: counts.people,
        smart_bcc_email: `${account.company}+org${id}@pipedrivemail.example`,
      };
    };
  },
};

export const organizationHandlers = crudHandlers(organizations, {
  create: 'createOrganization',
  get: 'getOrganization',
  list: 'getOrganizations',
  update: 'updateOrganization',
  delete: 'deleteOrganization',
});
