import { getMapping } from './get-mapping.js';
import { postConfirmMapping } from './post-confirm-mapping.js';
import { postMapping } from './post-mapping.js';

export const routes = [postMapping, getMapping, postConfirmMapping];
