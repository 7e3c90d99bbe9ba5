/**
 * The operations of the Pipedrive API that we use: [version, method, path as the published description writes it].
 * scripts/derive-pipedrive-facts.mjs reads the literal between the two markers, so keep it plain data.
 */
export const operations = {
  // <operations>
  getCurrentUser: ['v1', 'GET', '/users/me'],
  getUsers: ['v1', 'GET', '/users'],
  getCurrencies: ['v1', 'GET', '/currencies'],

  createOrganization: ['v2', 'POST', '/organizations'],
  getOrganization: ['v2', 'GET', '/organizations/{id}'],
  getOrganizations: ['v2', 'GET', '/organizations'],
  updateOrganization: ['v2', 'PATCH', '/organizations/{id}'],
  deleteOrganization: ['v2', 'DELETE', '/organizations/{id}'],

  createPerson: ['v2', 'POST', '/persons'],
  getPerson: ['v2', 'GET', '/persons/{id}'],
  getPersons: ['v2', 'GET', '/persons'],
  updatePerson: ['v2', 'PATCH', '/persons/{id}'],
  deletePerson: ['v2', 'DELETE', '/persons/{id}'],

  createDeal: ['v2', 'POST', '/deals'],
  getDeal: ['v2', 'GET', '/deals/{id}'],
  getDeals: ['v2', 'GET', '/deals'],
  getArchivedDeals: ['v2', 'GET', '/deals/archived'],
  updateDeal: ['v2', 'PATCH', '/deals/{id}'],
  deleteDeal: ['v2', 'DELETE', '/deals/{id}'],

  getDealProducts: ['v2', 'GET', '/deals/{id}/products'],
  getProductsOfDeals: ['v2', 'GET', '/deals/products'],
  createDealProduct: ['v2', 'POST', '/deals/{id}/products'],
  updateDealProduct: ['v2', 'PATCH', '/deals/{id}/products/{product_attachment_id}'],
  deleteDealProduct: ['v2', 'DELETE', '/deals/{id}/products/{product_attachment_id}'],
  createDealProducts: ['v2', 'POST', '/deals/{id}/products/bulk'],
  deleteDealProducts: ['v2', 'DELETE', '/deals/{id}/products'],

  getDealParticipants: ['v1', 'GET', '/deals/{id}/participants'],
  createDealParticipant: ['v1', 'POST', '/deals/{id}/participants'],
  deleteDealParticipant: ['v1', 'DELETE', '/deals/{id}/participants/{deal_participant_id}'],

  createLead: ['v1', 'POST', '/leads'],
  getLead: ['v1', 'GET', '/leads/{id}'],
  getLeads: ['v1', 'GET', '/leads'],
  getArchivedLeads: ['v1', 'GET', '/leads/archived'],
  updateLead: ['v1', 'PATCH', '/leads/{id}'],
  deleteLead: ['v1', 'DELETE', '/leads/{id}'],

  createLeadLabel: ['v1', 'POST', '/leadLabels'],
  getLeadLabels: ['v1', 'GET', '/leadLabels'],
  updateLeadLabel: ['v1', 'PATCH', '/leadLabels/{id}'],
  deleteLeadLabel: ['v1', 'DELETE', '/leadLabels/{id}'],
  getLeadSources: ['v1', 'GET', '/leadSources'],

  createProduct: ['v2', 'POST', '/products'],
  getProduct: ['v2', 'GET', '/products/{id}'],
  getProducts: ['v2', 'GET', '/products'],
  updateProduct: ['v2', 'PATCH', '/products/{id}'],
  deleteProduct: ['v2', 'DELETE', '/products/{id}'],

  createActivity: ['v2', 'POST', '/activities'],
  getActivity: ['v2', 'GET', '/activities/{id}'],
  getActivities: ['v2', 'GET', '/activities'],
  updateActivity: ['v2', 'PATCH', '/activities/{id}'],
  deleteActivity: ['v2', 'DELETE', '/activities/{id}'],

  createPipeline: ['v2', 'POST', '/pipelines'],
  getPipeline: ['v2', 'GET', '/pipelines/{id}'],
  getPipelines: ['v2', 'GET', '/pipelines'],
  updatePipeline: ['v2', 'PATCH', '/pipelines/{id}'],
  deletePipeline: ['v2', 'DELETE', '/pipelines/{id}'],

  createStage: ['v2', 'POST', '/stages'],
  getStage: ['v2', 'GET', '/stages/{id}'],
  getStages: ['v2', 'GET', '/stages'],
  updateStage: ['v2', 'PATCH', '/stages/{id}'],
  deleteStage: ['v2', 'DELETE', '/stages/{id}'],

  createDealField: ['v2', 'POST', '/dealFields'],
  getDealField: ['v2', 'GET', '/dealFields/{field_code}'],
  getDealFields: ['v2', 'GET', '/dealFields'],
  updateDealField: ['v2', 'PATCH', '/dealFields/{field_code}'],
  deleteDealField: ['v2', 'DELETE', '/dealFields/{field_code}'],
  addDealFieldOptions: ['v2', 'POST', '/dealFields/{field_code}/options'],
  updateDealFieldOptions: ['v2', 'PATCH', '/dealFields/{field_code}/options'],
  deleteDealFieldOptions: ['v2', 'DELETE', '/dealFields/{field_code}/options'],

  createPersonField: ['v2', 'POST', '/personFields'],
  getPersonField: ['v2', 'GET', '/personFields/{field_code}'],
  getPersonFields: ['v2', 'GET', '/personFields'],
  updatePersonField: ['v2', 'PATCH', '/personFields/{field_code}'],
  deletePersonField: ['v2', 'DELETE', '/personFields/{field_code}'],
  addPersonFieldOptions: ['v2', 'POST', '/personFields/{field_code}/options'],
  updatePersonFieldOptions: ['v2', 'PATCH', '/personFields/{field_code}/options'],
  deletePersonFieldOptions: ['v2', 'DELETE', '/personFields/{field_code}/options'],

  createOrganizationField: ['v2', 'POST', '/organizationFields'],
  getOrganizationField: ['v2', 'GET', '/organizationFields/{field_code}'],
  getOrganizationFields: ['v2', 'GET', '/organizationFields'],
  updateOrganizationField: ['v2', 'PATCH', '/organizationFields/{field_code}'],
  deleteOrganizationField: ['v2', 'DELETE', '/organizationFields/{field_code}'],
  addOrganizationFieldOptions: ['v2', 'POST', '/organizationFields/{field_code}/options'],
  updateOrganizationFieldOptions: ['v2', 'PATCH', '/organizationFields/{field_code}/options'],
  deleteOrganizationFieldOptions: ['v2', 'DELETE', '/organizationFields/{field_code}/options'],

  createProductField: ['v2', 'POST', '/productFields'],
  getProductField: ['v2', 'GET', '/productFields/{field_code}'],
  getProductFields: ['v2', 'GET', '/productFields'],
  updateProductField: ['v2', 'PATCH', '/productFields/{field_code}'],
  deleteProductField: ['v2', 'DELETE', '/productFields/{field_code}'],
  addProductFieldOptions: ['v2', 'POST', '/productFields/{field_code}/options'],
  updateProductFieldOptions: ['v2', 'PATCH', '/productFields/{field_code}/options'],
  deleteProductFieldOptions: ['v2', 'DELETE', '/productFields/{field_code}/options'],

  getDealFieldsV1: ['v1', 'GET', '/dealFields'],
  updateDealFieldV1: ['v1', 'PUT', '/dealFields/{id}'],
  getPersonFieldsV1: ['v1', 'GET', '/personFields'],
  updatePersonFieldV1: ['v1', 'PUT', '/personFields/{id}'],
  getOrganizationFieldsV1: ['v1', 'GET', '/organizationFields'],
  updateOrganizationFieldV1: ['v1', 'PUT', '/organizationFields/{id}'],
  getProductFieldsV1: ['v1', 'GET', '/productFields'],
  updateProductFieldV1: ['v1', 'PUT', '/productFields/{id}'],

  getActivityFields: ['v2', 'GET', '/activityFields'],

  createActivityType: ['v1', 'POST', '/activityTypes'],
  getActivityTypes: ['v1', 'GET', '/activityTypes'],
  updateActivityType: ['v1', 'PUT', '/activityTypes/{id}'],
  deleteActivityType: ['v1', 'DELETE', '/activityTypes/{id}'],

  createNote: ['v1', 'POST', '/notes'],
  getNote: ['v1', 'GET', '/notes/{id}'],
  getNotes: ['v1', 'GET', '/notes'],
  updateNote: ['v1', 'PUT', '/notes/{id}'],
  deleteNote: ['v1', 'DELETE', '/notes/{id}'],

  uploadFile: ['v1', 'POST', '/files'],
  getFile: ['v1', 'GET', '/files/{id}'],
  getFiles: ['v1', 'GET', '/files'],
  updateFile: ['v1', 'PUT', '/files/{id}'],
  deleteFile: ['v1', 'DELETE', '/files/{id}'],
  downloadFile: ['v1', 'GET', '/files/{id}/download'],
  getDealFiles: ['v1', 'GET', '/deals/{id}/files'],
  getPersonFiles: ['v1', 'GET', '/persons/{id}/files'],
  getOrganizationFiles: ['v1', 'GET', '/organizations/{id}/files'],
  getProductFiles: ['v1', 'GET', '/products/{id}/files'],
  // </operations>
} as const satisfies Record<
  string,
  readonly ['v1' | 'v2', 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string]
>;

export type OperationName = keyof typeof operations;

export const operationNames = Object.keys(operations) as OperationName[];
