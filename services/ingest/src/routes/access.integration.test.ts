import { testAccessMatrix } from '@octopipe/shared/testing/access-matrix';
import { create } from '../service.js';
import { routes } from './index.js';

testAccessMatrix({
  routes,
  start: (config) => create({ ...config, upload: { maxBytes: 1_000_000 }, webhooks: { testHosts: [] } }),
});
