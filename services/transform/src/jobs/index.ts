import { mapExport } from './map-export.js';
import { purgeTransform } from './purge-transform.js';

export const handlers = [mapExport, purgeTransform];
