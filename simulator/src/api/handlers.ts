import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { activityHandlers } from '../resources/activities.js';
import { activityTypeHandlers } from '../resources/activity-types.js';
import { dealParticipantHandlers } from '../resources/deal-participants.js';
import { dealProductHandlers } from '../resources/deal-products.js';
import { dealHandlers } from '../resources/deals.js';
import { fieldHandlers } from '../resources/fields.js';
import { fileHandlers } from '../resources/files.js';
import { leadLabelHandlers } from '../resources/lead-labels.js';
import { leadHandlers } from '../resources/leads.js';
import { noteHandlers } from '../resources/notes.js';
import { organizationHandlers } from '../resources/organizations.js';
import { personHandlers } from '../resources/persons.js';
import { pipelineHandlers } from '../resources/pipelines.js';
import { productHandlers } from '../resources/products.js';
import { stageHandlers } from '../resources/stages.js';
import { userHandlers } from '../resources/users.js';
import { v1FieldHandlers } from '../resources/v1-fields.js';
import type { Handler } from './call.js';

/** Every operation of the facts table has one; facts.contract.test.ts holds the two lists together. */
export const handlers: Readonly<Partial<Record<OperationName, Handler>>> = {
  ...userHandlers,
  ...organizationHandlers,
  ...personHandlers,
  ...dealHandlers,
  ...dealProductHandlers,
  ...dealParticipantHandlers,
  ...leadHandlers,
  ...leadLabelHandlers,
  ...productHandlers,
  ...activityHandlers,
  ...pipelineHandlers,
  ...stageHandlers,
  ...fieldHandlers,
  ...v1FieldHandlers,
  ...activityTypeHandlers,
  ...noteHandlers,
  ...fileHandlers,
};
