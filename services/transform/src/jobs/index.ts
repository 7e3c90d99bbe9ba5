import { mapExport } from './map-export.js';

export const handlers = [mapExport];
