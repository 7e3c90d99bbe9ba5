import { testAccessMatrix } from '@octopipe/shared/testing/access-matrix';
import { create } from '../service.js';
import { routes } from './index.js';

testAccessMatrix({
  routes,
  bodies: {
    // Refused before anything is connected to.
    'POST /v1/connections': { base_url: 'http://127.0.0.1:1', api_token: 'none' },
  },
  start: (config) =>
    create({
      ...config,
      settings: {
        requestTimeoutMs: 1_000,
        settleMs: 1_000,
        probeGapMs: 1_000,
        leaseMs: 5_000,
        reserveShare: 0.2,
        budgetProbeMs: 900_000,
        inFlight: 1,
        batchesInFlight: 1,
        testHosts: [],
      },
    }),
});
